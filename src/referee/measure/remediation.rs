//! Was the right thing done to the right place?
//!
//! In: for each truth, the first change of the fleet that was planned, and the first that was done,
//! inside its claim and by an incident that answers it. Out: shares of right targets and right
//! remedies. This needs no effect, so it is what a recording can say of remediation. A remedy is
//! right if its verb is among the label's acceptable ones and its target is a root cause; for
//! `open_circuit` the callee must be. Limit: only the first change is judged.

use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::model::{Action, Operation, TrueIncident, Verb};
use crate::referee::case::{Case, touches};
use crate::referee::estimate::Estimate;

const DEFINITIONS: &[Definition] = &[
    define("planned", "1", "truths with a plan to change the fleet / truths"),
    define("planned_right_target", "1", "first planned change aims at a root cause, of planned"),
    define("planned_right_remedy", "1", "and its verb is acceptable, where the label says which"),
    define("acted", "1", "truths with an act on the fleet / truths"),
    define("acted_right_target", "1", "first act is on a root cause, of acted"),
    define("acted_right_remedy", "1", "and its verb is acceptable, where the label says which"),
    define("paged", "1", "truths for which a person was woken / truths"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "remediation",
    summary: "right target and right remedy, as planned and as done",
    help: "Judged against the labels, not by the effect: the open-loop measure of remediation.",
    source: "own definitions",
    example: "{}",
    schema: schema_of::<Remediation>,
    build: DEFINITIONS,
};

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Remediation {
    /// Share of truths with a plan to change the fleet.
    pub planned: Estimate,
    /// Share of those whose first planned change aims at a root cause.
    pub planned_right_target: Estimate,
    /// Share of those whose first planned change is right in target and verb, where labelled.
    pub planned_right_remedy: Estimate,
    /// Share of truths with an act on the fleet.
    pub acted: Estimate,
    /// Share of those whose first act is on a root cause.
    pub acted_right_target: Estimate,
    /// Share of those whose first act is right in target and verb, where labelled.
    pub acted_right_remedy: Estimate,
    /// Share of truths for which a person was woken.
    pub paged: Estimate,
}

/// How one change compares with the label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Judged {
    /// Its verb.
    pub verb: Verb,
    /// Whether it aims at a root cause.
    pub right_target: bool,
    /// Whether target and verb are right; null if the label names no acceptable remedy.
    pub right_remedy: Option<bool>,
}

/// What one truth shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// The truth's name.
    pub truth: String,
    /// The first change planned.
    pub planned: Option<Judged>,
    /// The first change done.
    pub acted: Option<Judged>,
    /// Whether a person was woken.
    pub paged: bool,
}

/// Looks at one trial that has a truth.
pub(in crate::referee) fn find(case: &Case<'_>) -> Vec<Found> {
    let truths = case.truths().iter().enumerate();
    truths.filter(|(_, t)| !t.root_causes.is_empty()).map(|(i, t)| look(case, i, t)).collect()
}

/// Sums up truths.
pub(in crate::referee) fn summarise(items: &[&Found]) -> Remediation {
    let share = |of: fn(&Found) -> Option<bool>| {
        let known: Vec<bool> = items.iter().filter_map(|f| of(f)).collect();
        let hits = known.iter().filter(|hit| **hit).count();
        Estimate::proportion(hits as u64, known.len() as u64)
    };
    Remediation {
        planned: share(|f| Some(f.planned.is_some())),
        planned_right_target: share(|f| f.planned.as_ref().map(|j| j.right_target)),
        planned_right_remedy: share(|f| f.planned.as_ref().and_then(|j| j.right_remedy)),
        acted: share(|f| Some(f.acted.is_some())),
        acted_right_target: share(|f| f.acted.as_ref().map(|j| j.right_target)),
        acted_right_remedy: share(|f| f.acted.as_ref().and_then(|j| j.right_remedy)),
        paged: share(|f| Some(f.paged)),
    }
}

fn look(case: &Case<'_>, index: usize, truth: &TrueIncident) -> Found {
    let (ids, claim) = (case.answering(index), truth.claim());
    let mine = |incident, time| ids.contains(&incident) && claim.contains(time);
    let planned = case
        .plans
        .iter()
        .filter(|p| mine(p.what.incident, p.time))
        .find_map(|p| p.what.actions.iter().find(|a| a.verb().touches_fleet()));
    let acts = || case.acts.iter().filter(|a| mine(a.what.incident, a.time)).map(|a| a.what);
    Found {
        truth: truth.id.clone(),
        planned: planned.map(|action| judge(case, action, truth)),
        acted: acts().find(|a| touches(a)).map(|action| judge(case, action, truth)),
        paged: acts().any(|a| a.verb() == Verb::PageOnCall && !a.dry_run),
    }
}

fn judge(case: &Case<'_>, action: &Action, truth: &TrueIncident) -> Judged {
    let aim = match &action.operation {
        Operation::OpenCircuit { callee } => callee,
        _ => &action.target,
    };
    let right_target = truth.root_causes.iter().any(|r| case.service(r) == case.service(aim));
    let known = !truth.acceptable.is_empty();
    let verb = action.verb();
    let right_remedy = known.then(|| right_target && truth.acceptable.contains(&verb));
    Judged { verb, right_target, right_remedy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    /// Shares: (planned target, planned remedy, acted, acted target, acted remedy).
    #[track_caller]
    fn check(sketch: Sketch, expected: [Option<f64>; 5]) {
        let found = sketch.score().remediation.unwrap();
        let shares = [
            found.planned_right_target,
            found.planned_right_remedy,
            found.acted,
            found.acted_right_target,
            found.acted_right_remedy,
        ];
        assert_eq!(shares.map(|s| s.value), expected);
    }

    #[test]
    fn target_and_verb_are_judged_apart_and_without_a_label_not_at_all() {
        let base = || Sketch::default().truth(0, 900, "a").open(10, 1, "a");
        let accept = |verb| {
            let mut sketch = base();
            sketch.accept(verb);
            sketch
        };
        let (yes, no) = (Some(1.0), Some(0.0));
        check(base(), [None, None, no, None, None]);
        check(base().plan(20, 1, "a"), [yes, None, no, None, None]);
        check(accept(Verb::Restart).plan(20, 1, "a"), [yes, yes, no, None, None]);
        check(accept(Verb::Rollback).plan(20, 1, "a"), [yes, no, no, None, None]);
        check(accept(Verb::Restart).act(20, 1, "b"), [None, None, yes, no, no]);
        check(accept(Verb::Restart).act(950, 1, "a"), [None, None, no, None, None]);
        check(accept(Verb::Restart).dry_run(20, 1, "a"), [None, None, no, None, None]);
    }
}
