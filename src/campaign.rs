//! Many trials: seeds of a scenario or cases of a dataset, in parallel, and what they say together.
//!
//! Parallelism is across trials only: results come back in the order of cases and seeds, and the
//! number of threads shows in no byte. A case that cannot be read is a failure beside the others,
//! not the end of them.

pub mod accuracy;
#[cfg(feature = "analysis")]
pub mod analysis;
pub mod answers;
pub mod belief;
pub mod calibrate;
pub mod compare;
pub mod corpus;
pub mod coverage;
mod dataset;
mod deprived;
mod detection;
pub mod document;
pub mod golden;
pub mod hunt;
mod incidents;
mod judge;
pub mod left_out;
pub mod metamorphic;
pub mod overview;
mod pool;
pub mod record;
pub mod results;
pub mod scaffold;
mod scenario;
pub mod selftest;
pub mod suite;
pub mod sweep;
pub mod tune;
pub mod twins;
pub mod whole_file;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use dataset::{AlarmSource, DatasetRun, run_dataset};
pub use detection::{Rows, detect};
pub use document::RunDocument;
pub use judge::Judged;
pub use scenario::run_scenario;
pub use twins::{Twins, run_twins, twins_of};

use crate::model::Policy;
use crate::scenario::Expectation;
use crate::trial::{Trial, TrialError};

/// What all trials of a run share.
#[derive(Debug, Clone)]
pub struct Setup {
    /// What is run.
    pub source: document::SourceDocument,
    /// The engine under test.
    pub policy: Policy,
    /// What must hold at the end of each trial.
    pub expect: Vec<Expectation>,
}

/// A case that could not be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseFailure {
    /// Name of the case.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// What is wrong, one entry a problem.
    pub problems: Vec<String>,
    /// Whether an invariant broke (a bug) and not the input.
    pub broken: bool,
}

impl CaseFailure {
    /// Input that cannot be used.
    fn unusable<E: ToString>(name: &str, seed: u64, problems: &[E]) -> Self {
        let problems = problems.iter().map(ToString::to_string).collect();
        Self { name: name.to_owned(), seed, problems, broken: false }
    }

    /// A trial that did not end.
    fn of_trial(name: &str, seed: u64, error: &TrialError) -> Self {
        let broken = error.is_invariant();
        Self { broken, ..Self::unusable(name, seed, &[error]) }
    }
}

/// Finished trials, in order, and those that failed.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Trials in order of case and seed.
    pub trials: Vec<Trial>,
    /// Cases that could not be run, in the same order.
    pub failures: Vec<CaseFailure>,
}

/// Called after each trial with (done, total, name).
pub type Progress<'a> = dyn Fn(usize, usize, &str) + Sync + 'a;

impl FromIterator<Result<Trial, CaseFailure>> for Outcomes {
    fn from_iter<I: IntoIterator<Item = Result<Trial, CaseFailure>>>(all: I) -> Self {
        let mut outcomes = Self::default();
        for one in all {
            match one {
                Ok(trial) => outcomes.trials.push(trial),
                Err(failure) => outcomes.failures.push(failure),
            }
        }
        outcomes
    }
}
