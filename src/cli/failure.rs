//! Why a verb could not do its work, and the exit code that says so.

use std::io::ErrorKind;

use super::exit_code;
use crate::scenario::Problem;

/// Why a verb stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Files that cannot be used.
    #[error("{}", list(.0))]
    Problems(Vec<Problem>),
    /// Wrong usage, or something outside that is not as it must be.
    #[error("error: {0}")]
    Usage(String),
    /// Standard output cannot be written.
    #[error("error: standard output cannot be written: {0}")]
    Output(#[from] std::io::Error),
    /// Our own bug.
    #[error("error: an internal invariant broke: {0}")]
    Broken(String),
}

impl Failure {
    /// Wrong usage or bad input.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// The exit code. A reader that went away (`| head`) is no failure.
    #[must_use]
    pub(super) fn exit_code(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == ErrorKind::BrokenPipe => exit_code::DONE,
            Self::Problems(_) | Self::Usage(_) | Self::Output(_) => exit_code::BAD_INPUT,
            Self::Broken(_) => exit_code::BROKEN,
        }
    }
}

fn list(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let mut counts = count(errors, "error");
    if errors < problems.len() {
        counts += &format!(", {}", count(problems.len() - errors, "warning"));
    }
    format!("{}\n{counts}", lines.join("\n"))
}

/// "1 error", "2 errors".
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
