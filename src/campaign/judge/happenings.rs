//! When something happened in a trial, by the journal, the truth and the referee.
//!
//! In: a happening (what, and to whom). Out: its instants in time order. Orders count at the
//! journal line that gives them, dry runs left out; faults and recovery are the referee's view.

use crate::model::{Action, AnswerKind, Body, Decision, IncidentChange, Line, Verb};
use crate::scenario::expect::{Happening, Sort};
use crate::trial::Trial;
use crate::unit::{ActionId, Name, SimTime};

/// All instants at which it happened.
pub(super) fn instants(what: &Happening, trial: &Trial) -> Vec<SimTime> {
    let mut found: Vec<SimTime> = match what.sort {
        Sort::Fault => faults(what, trial),
        Sort::Recovery => recoveries(what, trial),
        _ => {
            let lines = trial.journal.lines().iter();
            lines.filter(|line| is(what, line, trial)).map(|line| line.time).collect()
        }
    };
    found.sort_unstable();
    found
}

/// When the first fault began, if the truth knows one.
pub(super) fn first_fault(trial: &Trial) -> Option<SimTime> {
    let faults = trial.truth.iter().flat_map(|truth| &truth.incidents);
    faults.map(|fault| fault.window.start).min()
}

fn faults(what: &Happening, trial: &Trial) -> Vec<SimTime> {
    let faults = trial.truth.iter().flat_map(|truth| &truth.incidents);
    let mine = faults.filter(|fault| {
        what.target.as_ref().is_none_or(|target| fault.root_causes.contains(target))
    });
    mine.map(|fault| fault.window.start).collect()
}

fn recoveries(what: &Happening, trial: &Trial) -> Vec<SimTime> {
    let timed = trial.scorecard.findings.iter().flat_map(|found| &found.timing);
    let of = |truth: &str| match (&what.target, &trial.truth) {
        (None, _) => true,
        (Some(target), Some(labels)) => {
            let mut all = labels.incidents.iter();
            all.any(|one| one.id == truth && one.root_causes.contains(target))
        }
        (Some(_), None) => false,
    };
    timed.filter(|found| of(&found.truth)).filter_map(|found| found.stages.recovered).collect()
}

fn is(what: &Happening, line: &Line, trial: &Trial) -> bool {
    let aims = |name: &Name| what.target.as_ref().is_none_or(|target| target == name);
    let anyone = |mut names: std::slice::Iter<'_, Name>| {
        what.target.as_ref().is_none_or(|target| names.any(|name| name == target))
    };
    let real = |action: &Action| !action.dry_run && aims(&action.target);
    match (&line.body, what.sort) {
        (Body::Decision(Decision::Anomaly(anomaly)), Sort::Signal) => aims(&anomaly.entity),
        (Body::Decision(Decision::Incident(incident)), Sort::Incident) => {
            let entities: Vec<Name> = incident.anomalies.iter().map(|a| a.entity.clone()).collect();
            incident.change == IncidentChange::Opened && anyone(entities.iter())
        }
        (Body::Decision(Decision::Diagnosis(diagnosis)), Sort::Diagnosis) => {
            diagnosis.hypotheses.first().is_some_and(|top| aims(&top.entity))
        }
        (Body::Decision(Decision::Plan(plan)), Sort::Plan) => aims(&plan.entity),
        (Body::Decision(Decision::Ask(action)), Sort::Ask) => real(action),
        (Body::Decision(Decision::Act(action)), Sort::Page) => {
            action.verb() == Verb::PageOnCall && real(action)
        }
        (Body::Decision(Decision::Act(action)), Sort::Act(verb)) => {
            action.verb() == verb && real(action)
        }
        (Body::Decision(Decision::Act(action)), Sort::AnyAct) => {
            action.verb().touches_fleet() && real(action)
        }
        (Body::Decision(Decision::Notify(_)), Sort::Notice) => what.target.is_none(),
        (Body::Decision(Decision::Verified(verified)), Sort::Verification) => {
            verified.healed && target_of(verified.action, trial).is_none_or(aims)
        }
        (Body::Answer(answer), Sort::Approval) => {
            answer.kind == AnswerKind::Approved && target_of(answer.action, trial).is_none_or(aims)
        }
        (Body::Answer(answer), Sort::Refusal) => {
            answer.kind == AnswerKind::Refused && target_of(answer.action, trial).is_none_or(aims)
        }
        (Body::Answer(answer), Sort::Acknowledgement) => {
            answer.kind == AnswerKind::Acknowledged
                && target_of(answer.action, trial).is_none_or(aims)
        }
        _ => false,
    }
}

fn target_of(id: ActionId, trial: &Trial) -> Option<&Name> {
    trial.journal.decisions().find_map(|(_, decision)| match decision {
        Decision::Act(action) | Decision::Ask(action) if action.id == id => Some(&action.target),
        _ => None,
    })
}
