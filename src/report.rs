//! What a person reads: terminal, HTML, plots, JSON, Parquet.
pub mod format;
pub mod scores;
pub mod story;
