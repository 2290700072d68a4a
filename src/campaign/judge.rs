//! Whether a trial met what its scenario expects.
//!
//! In: expectations, the trial and its incidents. Out: met or not, with what was seen. What is
//! absent (no recovery, no diagnosis) meets nothing. Statistical sentences are judged over many
//! seeds by `campaign/suite`.

mod clause;
mod happenings;
mod sentence;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::IncidentDocument;
use crate::scenario::Expectation;
use crate::scenario::expect::{Form, Predicate};
use crate::trial::Trial;

pub(super) use sentence::{Reading, Seen, shown};

/// One expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// The expectation as the file says it.
    pub expectation: String,
    /// Whether it was met.
    pub met: bool,
    /// What was seen.
    pub saw: String,
}

/// Judges every expectation that one trial can answer.
#[must_use]
pub(super) fn judge(
    expect: &[Expectation],
    trial: &Trial,
    incidents: &[IncidentDocument],
) -> Vec<Judged> {
    let seen = Seen::new(trial, incidents);
    let one = |expectation: &Expectation| {
        let (met, saw) = match expectation {
            Expectation::Clause(clause) => clause::see(clause, &trial.scorecard, incidents),
            Expectation::Statement(statement) => match &statement.form {
                Form::Holds(predicate) => seen.judge(predicate),
                _ => return None,
            },
        };
        Some(Judged { expectation: expectation.to_string(), met, saw })
    };
    expect.iter().filter_map(one).collect()
}

/// Whether one trial keeps a predicate, and what was seen.
#[must_use]
pub(super) fn holds(predicate: &Predicate, trial: &Trial) -> (bool, String) {
    let incidents = super::incidents::read(trial);
    Seen::new(trial, &incidents).judge(predicate)
}

/// The incident that answers a truth, or the first one if none does.
#[must_use]
pub(super) fn main_incident(incidents: &[IncidentDocument]) -> Option<&IncidentDocument> {
    incidents.iter().find(|incident| !incident.answers.is_empty()).or(incidents.first())
}
