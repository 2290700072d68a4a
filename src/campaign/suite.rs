//! `windtunnel test`: every scenario that expects something is a test, and so is every golden.
//!
//! ```text
//! paths --find--> tests --filter, partition--> chosen --runner--> results, in order of paths
//! ```
//!
//! Trials run in parallel; results are handed on in the order of the tests, whatever the threads
//! did. There are no retries: a test that passes once and fails once is a bug of ours.

mod blame;
mod changes;
mod filter;
mod find;
mod limits;
mod one;
mod partition;
mod runner;
mod seeds;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::judge::Judged;
use crate::trial::Trial;
use crate::unit::SimDuration;

pub use blame::Blame;
pub use changes::changes;
pub use filter::{Filter, FilterError};
pub use find::{Found, Test, find, find_all};
pub use limits::{Clock, Limits};
pub use partition::Partition;
pub use runner::{Runner, run};

pub(super) use one::guarded;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All expectations were met.
    Passed,
    /// One was not.
    Failed,
    /// It did not end within its limits of events or time.
    TimedOut,
    /// It could not be run.
    Unusable,
    /// The engine or windtunnel broke: a panic or a broken invariant.
    Broken,
    /// It was left out because another one failed.
    NotRun,
}

/// What became of one test.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The scenario's path without its extension.
    pub id: String,
    /// The scenario file.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// The scenario's name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// How it ended.
    pub status: Status,
    /// Digest of the trial of the scenario's own seed; null if it did not end.
    pub digest: Option<String>,
    /// How many trials were run, over all seeds.
    pub trials: u64,
    /// Simulated time of one trial.
    pub simulated: SimDuration,
    /// What was expected and what was seen.
    pub expectations: Vec<Judged>,
    /// How the trial differs from its golden; null if there is none.
    pub golden: Option<GoldenOutcome>,
    /// At which stage it went wrong; null if it did not.
    pub blame: Option<Blame>,
    /// How the policy under test differs from the scenario's own.
    pub policy_changes: Vec<String>,
    /// Why it did not end.
    pub problems: Vec<String>,
    /// The trial of the scenario's own seed, until its result has been told.
    #[serde(skip)]
    pub trial: Option<Box<Trial>>,
}

/// A trial beside its golden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldenOutcome {
    /// The golden's file.
    pub file: String,
    /// Whether it was accepted now.
    pub blessed: bool,
    /// Cause and consequence in one sentence; null if nothing differs.
    pub summary: Option<String>,
    /// The differences, one a line.
    pub differences: Vec<String>,
}

impl Outcome {
    /// Whether it ended well.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.status == Status::Passed
    }

    /// The expectations that were not met.
    pub fn failures(&self) -> impl Iterator<Item = &Judged> {
        self.expectations.iter().filter(|judged| !judged.met)
    }
}

fn lossy<S: serde::Serializer>(path: &std::path::Path, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(&path.to_string_lossy())
}
