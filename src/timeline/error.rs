//! What can be wrong with a recording on disk, and how bad it is.
//!
//! Messages name the file, the line or row, what was found and what was expected. They sort by
//! file and row, so that a list of all problems reads from top to bottom.

use std::path::{Path, PathBuf};

/// Whether a problem makes a recording unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Usable, but something is absent that a reader may miss.
    Warning,
    /// Unusable until it is mended.
    Error,
}

/// What is wrong with a recording on disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TimelineError {
    /// A file or folder cannot be read or written, or is not what it should be.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A text file says something wrong at one place.
    #[error("{path}:{line}:{column}: {problem}")]
    Text {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What is wrong there.
        problem: String,
    },
    /// One row of a table is wrong.
    #[error("{path}: row {row}: {problem}")]
    Row {
        /// The table.
        path: PathBuf,
        /// Row, from 1.
        row: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A case has no labels: it can be replayed, not scored.
    #[error("{path}: no truth.yaml: the case can be replayed, but nothing of it can be scored")]
    MissingTruth {
        /// The case.
        path: PathBuf,
    },
}

impl TimelineError {
    /// A problem of a whole file.
    pub fn file(path: &Path, problem: impl std::fmt::Display) -> Self {
        Self::File { path: path.to_owned(), problem: problem.to_string() }
    }

    /// A problem of one row, counted from 0.
    pub(crate) fn row(path: &Path, index: u64, problem: impl std::fmt::Display) -> Self {
        Self::Row { path: path.to_owned(), row: index + 1, problem: problem.to_string() }
    }

    /// Whether the recording can be used in spite of it.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::MissingTruth { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }
}
