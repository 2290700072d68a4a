//! What is wrong with a foreign file, and where: path, line and the problem in words.
//!
//! In -> out: a place and a sentence fragment -> one error that prints as `path:line: problem`.
//! Lines count from 1. Kinds raise a `Flaw`; the room's contract carries it to the user.
//! Known limit: columns are named by their header, not numbered.

use std::path::{Path, PathBuf};

/// What is wrong with a foreign file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {problem}", path.display(), line.map(|l| format!(":{l}")).unwrap_or_default())]
pub struct Flaw {
    /// The file or directory.
    pub path: PathBuf,
    /// The line, from 1, where one is to blame.
    pub line: Option<u64>,
    /// What was found, what was expected, and the nearest valid name.
    pub problem: String,
}

impl Flaw {
    /// Something wrong with a whole file.
    pub(super) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, problem: problem.into() }
    }

    /// JSON that could not be read; `serde_json` knows the line.
    pub(super) fn json(path: &Path, error: &serde_json::Error) -> Self {
        let line = u64::try_from(error.line()).ok().filter(|line| *line > 0);
        Self { path: path.to_owned(), line, problem: error.to_string() }
    }

    /// Something wrong on one line.
    pub(super) fn line(path: &Path, line: u64, problem: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: Some(line), problem: problem.into() }
    }
}
