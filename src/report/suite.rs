//! What a person, a CI server and a pull request read of a test run.
//!
//! In: the outcomes of `campaign::suite`, each failure with its story. Out: text for a terminal,
//! JUnit XML, GitHub annotations, Markdown. All are made from the same `Told`, so that all say the
//! same. No wall time stands in any of them: the same run gives the same bytes.

mod github;
mod junit;
mod markdown;
mod slice;
mod terminal;

pub use github::annotations;
pub use junit::junit;
pub use markdown::markdown;
pub use slice::slice;
pub use terminal::{line, rows, summary};

use crate::campaign::suite::{Outcome, Status};

/// An outcome as it is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// What became of the test.
    pub outcome: Outcome,
    /// The trial in one sentence.
    pub headline: Option<String>,
    /// The relevant part of the story, one line an entry; empty if it passed.
    pub story: Vec<String>,
    /// The command that runs it again.
    pub again: String,
    /// The report of the failed trial, if one was written.
    pub report: Option<String>,
}

/// How many tests ended in each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// All of them.
    pub tests: usize,
    /// Those that passed.
    pub passed: usize,
    /// Those with an expectation or golden that was not met, or over their limits.
    pub failed: usize,
    /// Those that could not be run or broke.
    pub broken: usize,
    /// Those left out.
    pub not_run: usize,
    /// Trials over all seeds.
    pub trials: u64,
}

impl Counts {
    /// Counts outcomes.
    #[must_use]
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            counts.tests += 1;
            counts.trials += outcome.trials;
            match outcome.status {
                Status::Passed => counts.passed += 1,
                Status::Failed | Status::TimedOut => counts.failed += 1,
                Status::Unusable | Status::Broken => counts.broken += 1,
                Status::NotRun => counts.not_run += 1,
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests;
