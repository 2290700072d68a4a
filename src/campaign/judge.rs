//! Whether a trial met what its scenario expects.
//!
//! In: expectations, the trial's scorecard and its incidents. Out: met or not, with what was seen.
//! What is absent (no recovery, no diagnosis) meets nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{ActionDocument, HypothesisDocument, IncidentDocument};
use crate::model::OutcomeStatus;
use crate::scenario::Expectation;
use crate::trial::Trial;

/// One expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// The expectation as the file says it.
    pub expectation: String,
    /// Whether it was met.
    pub met: bool,
    /// What was seen instead, or that agrees.
    pub saw: String,
}

/// Judges every expectation.
#[must_use]
pub(super) fn judge(
    expect: &[Expectation],
    trial: &Trial,
    incidents: &[IncidentDocument],
) -> Vec<Judged> {
    let one = |expectation: &Expectation| {
        let (met, saw) = see(expectation, trial, incidents);
        Judged { expectation: expectation.to_string(), met, saw }
    };
    expect.iter().map(one).collect()
}
