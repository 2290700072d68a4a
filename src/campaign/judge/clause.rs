//! Expectations that are maps of one key, judged from scorecard and incidents.

use super::main_incident;
use crate::campaign::document::{HypothesisDocument, IncidentDocument};
use crate::model::{OutcomeStatus, Verb};
use crate::referee::{Scorecard, Spread};
use crate::scenario::{Bound, Clause};

/// Whether the clause is met, and what was seen.
pub(super) fn see(
    clause: &Clause,
    scorecard: &Scorecard,
    incidents: &[IncidentDocument],
) -> (bool, String) {
    let timing = scorecard.timing.as_ref();
    match clause {
        Clause::Healed(wanted) => healed(*wanted, scorecard),
        Clause::Detected(wanted) => {
            let found = !incidents.is_empty();
            (found == *wanted, format!("{} incidents", incidents.len()))
        }
        Clause::RootCause(name) => top(incidents, |top| {
            (top.entity == *name, format!("{} ({})", top.entity, top.confidence))
        }),
        Clause::Cause(cause) => top(incidents, |top| {
            (top.cause == *cause, format!("{} ({})", top.cause, top.confidence))
        }),
        Clause::Applied(verb) => {
            let applied = |status| status == OutcomeStatus::Applied;
            done(incidents, *verb, applied, true)
        }
        Clause::NotDone(verb) => {
            let touched = |s| matches!(s, OutcomeStatus::Applied | OutcomeStatus::Partial);
            done(incidents, *verb, touched, false)
        }
        Clause::MaxViolations(most) => {
            let total = scorecard.safety.total;
            (total <= u64::from(*most), format!("{total} violations"))
        }
        Clause::Mttr(bound) => within(*bound, timing.and_then(|t| t.mttr_s.as_ref())),
        Clause::Mttd(bound) => within(*bound, timing.map(|t| &t.mttd_s)),
    }
}

/// Whether users were served again, in every incident that they felt.
pub(super) fn healed(wanted: bool, scorecard: &Scorecard) -> (bool, String) {
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
