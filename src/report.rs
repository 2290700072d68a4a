//! What a person reads: terminal, HTML, plots, JSON, Parquet.
#[cfg(test)]
mod fixture;
pub mod format;
pub mod html;
pub mod scores;
pub mod story;
pub mod summary;
pub mod terminal;
