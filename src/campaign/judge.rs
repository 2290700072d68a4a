//! Whether a trial met what its scenario expects.
//!
//! In: expectations, the trial's scorecard and its incidents. Out: met or not, with what was seen.
//! What is absent (no recovery, no diagnosis) meets nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::{HypothesisDocument, IncidentDocument};
use crate::model::{OutcomeStatus, Verb};
use crate::referee::{Scorecard, Spread};
use crate::scenario::{Bound, Expectation};

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

/// Judges every expectation.
#[must_use]
pub(super) fn judge(
    expect: &[Expectation],
    scorecard: &Scorecard,
    incidents: &[IncidentDocument],
) -> Vec<Judged> {
    let one = |expectation: &Expectation| {
        let (met, saw) = see(expectation, scorecard, incidents);
        Judged { expectation: expectation.to_string(), met, saw }
    };
    expect.iter().map(one).collect()
}

/// The incident that answers a truth, or the first one if none does.
#[must_use]
pub(super) fn main_incident(incidents: &[IncidentDocument]) -> Option<&IncidentDocument> {
    incidents.iter().find(|incident| !incident.answers.is_empty()).or(incidents.first())
}

fn see(
    expectation: &Expectation,
    scorecard: &Scorecard,
    incidents: &[IncidentDocument],
) -> (bool, String) {
    let timing = scorecard.timing.as_ref();
    match expectation {
        Expectation::Healed(wanted) => healed(*wanted, scorecard),
        Expectation::Detected(wanted) => {
            let found = !incidents.is_empty();
            (found == *wanted, format!("{} incidents", incidents.len()))
        }
        Expectation::RootCause(name) => top(incidents, |top| {
            (top.entity == *name, format!("{} ({})", top.entity, top.confidence))
        }),
        Expectation::Cause(cause) => top(incidents, |top| {
            (top.cause == *cause, format!("{} ({})", top.cause, top.confidence))
        }),
        Expectation::Applied(verb) => {
            let applied = |status| status == OutcomeStatus::Applied;
            done(incidents, *verb, applied, true)
        }
        Expectation::NotDone(verb) => {
            let touched = |s| matches!(s, OutcomeStatus::Applied | OutcomeStatus::Partial);
            done(incidents, *verb, touched, false)
        }
        Expectation::MaxViolations(most) => {
            let total = scorecard.safety.total;
            (total <= u64::from(*most), format!("{total} violations"))
        }
        Expectation::Mttr(bound) => within(*bound, timing.and_then(|t| t.mttr_s.as_ref())),
        Expectation::Mttd(bound) => within(*bound, timing.map(|t| &t.mttd_s)),
    }
}

fn healed(wanted: bool, scorecard: &Scorecard) -> (bool, String) {
    let not_recovered = scorecard.timing.as_ref().and_then(|t| t.not_recovered.as_ref());
    match not_recovered.and_then(|lost| lost.value) {
        Some(lost) => {
            let saw = if lost > 0.0 { "users not served again" } else { "users served again" };
            ((lost == 0.0) == wanted, saw.to_owned())
        }
        None => (false, "no user felt anything, or nobody can know".to_owned()),
    }
}

fn top(
    incidents: &[IncidentDocument],
    check: impl Fn(&HypothesisDocument) -> (bool, String),
) -> (bool, String) {
    let hypothesis = main_incident(incidents).and_then(|incident| incident.hypotheses.first());
    hypothesis.map_or((false, "no diagnosis".to_owned()), check)
}

fn done(
    incidents: &[IncidentDocument],
    verb: Verb,
    counts: impl Fn(OutcomeStatus) -> bool,
    wanted: bool,
) -> (bool, String) {
    let actions = incidents.iter().flat_map(|incident| &incident.actions);
    let mine = actions.filter(|action| action.verb == verb && !action.dry_run);
    let done = mine.filter(|action| action.outcome.is_some_and(&counts)).count();
    ((done > 0) == wanted, format!("{done} times"))
}

fn within(bound: Bound, spread: Option<&Spread>) -> (bool, String) {
    match spread.and_then(|spread| spread.mean) {
        Some(mean) => (bound.keeps(mean), format!("{mean:.0} s")),
        None => (false, "absent".to_owned()),
    }
}
