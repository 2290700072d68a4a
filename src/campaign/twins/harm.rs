//! What each action was worth, and what class of harm or good that is.
//!
//! In: a trial, one of its actions (done, or held back by a guardrail or a person), and how users
//! fared in the trial and in the run in which only that differed. Out: minutes saved and a class.
//! The label decides what was right, the twin what it did, the referee's rules whether it went too
//! far. Limit: a minute is only counted from half a minute on.

use super::document::{ActionEffect, Harm};
use crate::model::{Action, Body, Decision, Operation, Ruling, TrueIncident};
use crate::trial::Trial;
use crate::unit::{ActionId, Name, SimTime};

/// Minutes from which a difference counts.
const FELT: f64 = 0.5;

/// Rules whose breach means that an action went further than it should.
const SCOPE: [&str; 4] = ["blast_radius", "cost_bounds", "disruption_budget", "replica_bounds"];

/// One action to be judged.
pub(super) struct Case {
    /// When it was done or held back.
    pub(super) time: SimTime,
    /// What it is.
    pub(super) action: Action,
    /// Whether it was held back.
    pub(super) blocked: bool,
}

/// Every action on the fleet that was done or held back, in time order.
pub(super) fn cases(trial: &Trial) -> Vec<Case> {
    let mut planned: Vec<&Action> = Vec::new();
    let mut found: Vec<Case> = Vec::new();
    let mut held: Vec<(SimTime, ActionId)> = Vec::new();
    for line in trial.journal.lines() {
        match &line.body {
            Body::Decision(Decision::Plan(plan)) => planned.extend(&plan.actions),
            Body::Decision(Decision::Verdict(v)) if v.guardrail == "all" => {
                held.retain(|(_, id)| *id != v.action);
                if v.ruling != Ruling::Allow {
                    held.push((line.time, v.action));
                }
            }
            Body::Decision(Decision::Act(action)) if action.verb().touches_fleet() => {
                held.retain(|(_, id)| *id != action.id);
                if !action.dry_run {
                    found.push(Case { time: line.time, action: action.clone(), blocked: false });
                }
            }
            _ => {}
        }
    }
    for (time, id) in held {
        let action = planned.iter().find(|a| a.id == id && a.verb().touches_fleet());
        found.extend(action.map(|a| Case { time, action: (*a).clone(), blocked: true }));
    }
    found.sort_by_key(|case| (case.time, case.action.id));
    found
}

/// Judges an action; `base` and `changed` are bad minutes and bad requests of the trial, and of the
/// run without it (or, if it was held back, with it).
pub(super) fn judge(
    trial: &Trial,
    case: &Case,
    base: (f64, f64),
    changed: (f64, f64),
) -> ActionEffect {
    let sign = if case.blocked { -1.0 } else { 1.0 };
    let saved = sign * (changed.0 - base.0);
    let action = &case.action;
    ActionEffect {
        id: action.id,
        time: case.time,
        verb: action.verb(),
        target: action.target.clone(),
        held_back: case.blocked,
        saved_minutes: round(saved),
        saved_requests: (sign * (changed.1 - base.1)).round(),
        class: class(trial, case, saved),
    }
}

/// To hundredths: shorter than an interval of the record is noise of the sum.
fn round(minutes: f64) -> f64 {
    let rounded = (minutes * 100.0).round() / 100.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn class(trial: &Trial, case: &Case, saved: f64) -> Harm {
    if case.blocked {
        return if saved >= FELT { Harm::BlockedWrongly } else { Harm::BlockedRightly };
    }
    let violations = trial.scorecard.findings.iter().flat_map(|f| &f.safety.violations);
    let mut mine = violations.filter(|v| v.action == Some(case.action.id));
    if saved <= -FELT {
        return Harm::MadeItWorse;
    }
    if mine.any(|v| SCOPE.contains(&v.kind.as_str())) {
        return Harm::OverScoped;
    }
    let on: Vec<&TrueIncident> = trial
        .truth
        .iter()
        .flat_map(|truth| &truth.incidents)
        .filter(|incident| incident.claim().contains(case.time))
        .collect();
    let aim = aim(&case.action);
    let at_root = |t: &&TrueIncident| {
        t.root_causes.iter().any(|root| service(trial, root) == service(trial, aim))
    };
    let right = on.iter().any(|t| at_root(t) && t.acceptable.contains(&case.action.verb()));
    if right || saved >= FELT {
        Harm::Right
    } else if on.is_empty() || on.iter().any(at_root) {
        Harm::Needless
    } else {
        Harm::WrongTarget
    }
}

/// Whom an action is about: a circuit is about its callee.
fn aim(action: &Action) -> &Name {
    match &action.operation {
        Operation::OpenCircuit { callee } => callee,
        _ => &action.target,
    }
}

fn service<'n>(trial: &'n Trial, name: &'n Name) -> &'n Name {
    let map = &trial.topology;
    map.find(name).map_or(name, |id| map.name(map.service_of(id)))
}
