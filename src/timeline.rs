//! Recordings on disk: one Parquet format for recorded and synthetic timelines.

/// What is wrong with a recording on disk.
#[derive(Debug, thiserror::Error)]
pub enum TimelineError {
    /// A file cannot be read or written.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}
