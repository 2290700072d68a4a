//! What a verb prints, where it is a text or one document.

use clap::ValueEnum;

/// What is printed on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a person.
    Text,
    /// One JSON document.
    Json,
}
