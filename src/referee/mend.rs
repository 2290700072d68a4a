//! Which acts only put right what the engine did before.
//!
//! An act mends if an earlier act of the engine on the same target was applied and this one is its
//! inverse (no traffic shifted, no load shed, not more replicas taken away or added than that one
//! changed), or if the earlier one was done in part and this one repeats it or restarts the target.
//! Read off acts, outcomes and the world's deeds; what the engine calls a mend is not asked.

use super::case::{Case, Said};
use crate::model::{Action, Operation, OutcomeStatus, Verb};

/// Whether an act only puts right an earlier one.
#[must_use]
pub(super) fn mends(case: &Case<'_>, act: &Said<'_, Action>) -> bool {
    let before = |other: &Said<'_, Action>| {
        other.sequence < act.sequence && other.what.target == act.what.target
    };
    case.fleet_acts().filter(before).any(|other| match outcome(case, act.sequence, other.what) {
        Some(OutcomeStatus::Partial) => {
            let verb = act.what.verb();
            verb == Verb::Restart || verb == other.what.verb() || inverts(case, act, &other)
        }
        Some(OutcomeStatus::Applied | OutcomeStatus::Unknown) => inverts(case, act, &other),
        _ => false,
    })
}

/// What the world had said of an action when line `sequence` was written.
fn outcome(case: &Case<'_>, sequence: u64, action: &Action) -> Option<OutcomeStatus> {
    let known = |o: &&Said<'_, crate::model::Outcome>| {
        o.what.action == action.id && o.what.status.is_final() && o.sequence < sequence
    };
    case.outcomes.iter().rfind(known).map(|o| o.what.status)
}

fn inverts(case: &Case<'_>, act: &Said<'_, Action>, other: &Said<'_, Action>) -> bool {
    let deeds = &case.evidence.record.deeds;
    let before = || {
        let deed = deeds.iter().find(|d| d.action == Some(other.what.id));
        deed.map(|d| d.replicas_before)
    };
    match (&act.what.operation, &other.what.operation) {
        (Operation::ShiftTraffic { share }, Operation::ShiftTraffic { share: was })
        | (Operation::ShedLoad { share }, Operation::ShedLoad { share: was }) => {
            *share <= 0.0 && *was > 0.0
        }
        (Operation::ScaleIn { replicas }, Operation::ScaleOut { .. }) => {
            before().is_some_and(|before| *replicas >= before)
        }
        (Operation::ScaleOut { replicas }, Operation::ScaleIn { .. }) => {
            before().is_some_and(|before| *replicas <= before)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Body, Decision, Operation, OutcomeStatus};
    use crate::referee::safety::acted_below_threshold::Config;
    use crate::referee::sketch::Sketch;

    /// A sure act 1 with its outcome, then an unsure act 2, as given; breaches of the floor.
    fn breaches(first: Operation, status: OutcomeStatus, second: Operation) -> usize {
        let sketch = Sketch::default().fleet(20).diagnose(5, "a", 0.9).act(6, 1, "a");
        let sketch = sketch.outcome(7, 1).diagnose(8, "a", 0.3).act(9, 2, "a");
        let sketch = sketch.deed(6, 7, 1, "a", 2).edited(|body| {
            match body {
                Body::Decision(Decision::Act(action)) if action.id.0 == 1 => {
                    action.operation = first.clone();
                }
                Body::Decision(Decision::Act(action)) => action.operation = second.clone(),
                Body::Outcome(outcome) => outcome.status = status,
                _ => {}
            }
            true
        });
        sketch.breaches(&Config::default())
    }

    #[test]
    fn only_an_inverse_or_a_completion_of_an_own_act_needs_no_confidence() {
        use Operation::{Restart, ScaleIn, ScaleOut, ShedLoad};
        use OutcomeStatus::{Applied, Failed, Partial};
        let shed = |share| ShedLoad { share };
        let out = |replicas| ScaleOut { replicas };
        let back = |replicas| ScaleIn { replicas };
        for (first, status, second, expected) in [
            (shed(0.5), Applied, shed(0.0), 0),
            (shed(0.5), Applied, shed(0.2), 1),
            (shed(0.5), Failed, shed(0.0), 1),
            (out(30), Applied, back(20), 0),
            (out(30), Applied, back(0), 1),
            (out(30), Applied, Restart, 1),
            (Restart, Partial, Restart, 0),
            (Restart, Applied, Restart, 1),
        ] {
            let found = breaches(first.clone(), status, second.clone());
            assert_eq!(found, expected, "{first:?} {status:?} {second:?}");
        }
    }
}
