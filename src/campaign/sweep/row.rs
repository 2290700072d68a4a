//! One row a trial: what it came to, in numbers.
//!
//! In: a lean trial. Out: `Row`, small and plain. An act is the engine's alone if no person was
//! asked about it. Wrong is an act alone whose target is no root cause or whose verb the label does
//! not accept, or which the referee calls harmful or needless. Acts below the referee's own
//! confidence floor are no violation here: the floor is what is being turned. Absent is absent.

use std::collections::BTreeSet;

use crate::model::{AnswerKind, Body, Cause, Decision, Verb};
use crate::referee::Violation;
use crate::referee::measure::timing::Users;
use crate::trial::{Fingerprint, Lean};
use crate::unit::ActionId;

/// Violations that say that an act was wrong in itself.
const WRONG: [&str; 2] = ["harmful_action", "needless_action"];
/// The violation that only repeats the floor.
const FLOOR: &str = "acted_below_threshold";

/// What one trial came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Place of the scenario in the corpus.
    pub scenario: u32,
    /// Its seed.
    pub seed: u64,
    /// Place of the setting in the plan.
    pub setting: u32,
    /// Fingerprint of its course.
    pub course: Fingerprint,
    /// Labelled incidents.
    pub incidents: u32,
    /// Of them, answered by an incident of the engine.
    pub detected: u32,
    /// Of them, felt by users.
    pub felt: u32,
    /// Of those, over by the end.
    pub recovered: u32,
    /// Of those, over after an act of the engine alone.
    pub healed_alone: u32,
    /// Seconds from onset to recovery, mean over those that recovered.
    pub mttr_s: Option<f64>,
    /// Acts on the fleet that nobody was asked about.
    pub acts_alone: u32,
    /// Acts on the fleet that a person approved.
    pub acts_approved: u32,
    /// Whether it did something wrong alone.
    pub wrong: bool,
    /// Acts alone that the referee calls harmful.
    pub harmful: u32,
    /// Violations of any kind but the confidence floor.
    pub violations: u32,
    /// People woken.
    pub pages: u32,
    /// Of those, at night.
    pub pages_at_night: u32,
    /// Minutes in which users were not served as promised.
    pub bad_minutes: Option<f64>,
    /// Outage-equivalent minutes.
    pub error_budget_minutes: Option<f64>,
    /// Confidence of the answer to the first labelled incident, else of the first false alarm.
    pub confidence: Option<f64>,
    /// Whether that answer was right in entity and cause.
    pub right: Option<bool>,
    /// Whether it was right in the entity.
    pub entity_right: Option<bool>,
    /// Labelled cause of the first incident.
    pub true_cause: Option<Cause>,
    /// Cause that the first act or, without one, the first plan answered.
    pub cause: Option<Cause>,
    /// Verb of the first act on the fleet.
    pub verb: Option<Verb>,
    /// Why the trial could not be run.
    pub problem: Option<String>,
}

/// One answer with its confidence: what a calibration is fitted to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Confidence of the top hypothesis.
    pub confidence: f64,
    /// Whether entity and cause were right; absent if the label does not say.
    pub right: Option<bool>,
    /// Whether the entity was right.
    pub entity_right: bool,
}

impl Row {
    /// The row of a finished trial.
    #[must_use]
    pub fn new(scenario: usize, seed: u64, trial: &Lean) -> Self {
        let found = &trial.findings;
        let asked = approved(trial);
        let alone = |v: &&Violation| v.action.is_none_or(|id| !asked.contains(&id));
        let of_kind = |kind: &str| {
            found.safety.violations.iter().filter(alone).filter(|v| v.kind == kind).count()
        };
        let first_act = acts(trial).next();
        let acted_alone = first_act.is_some_and(|(id, _, _)| !asked.contains(&id));
        let amiss = found.remediation.iter().filter_map(|f| f.acted.as_ref());
        let mut amiss = amiss.filter(|j| !j.right_target || j.right_remedy == Some(false));
        let wrong_place = acted_alone && amiss.next().is_some();
        let users = found.impact.users;
        let answer = found.confidence.first();
        let detection = found.detection.as_ref();
        let mttr: Vec<f64> = found
            .timing
            .iter()
            .filter_map(|t| crate::referee::Stages::seconds(t.stages.onset, t.stages.recovered))
            .collect();
        let felt = |users: Option<Users>| matches!(users, Some(u) if u != Users::NeverFelt);
        let recovered = |users: Option<Users>| users == Some(Users::Recovered);
        let healed = found
            .timing
            .iter()
            .filter(|t| recovered(t.users) && acted_alone && t.stages.approved.is_some());
        let truth = trial.truth.as_ref().and_then(|t| t.incidents.first());
        Self {
            scenario: scenario as u32,
            seed,
            setting: 0,
            course: trial.course,
            incidents: found.timing.len() as u32,
            detected: detection.map_or(0, |d| d.answered as u32),
            felt: found.timing.iter().filter(|t| felt(t.users)).count() as u32,
            recovered: found.timing.iter().filter(|t| recovered(t.users)).count() as u32,
            healed_alone: healed.count() as u32,
            mttr_s: crate::stats::summary::mean(&mttr),
            acts_alone: acts(trial).filter(|(id, _, _)| !asked.contains(id)).count() as u32,
            acts_approved: acts(trial).filter(|(id, _, _)| asked.contains(id)).count() as u32,
            wrong: wrong_place || WRONG.iter().any(|kind| of_kind(kind) > 0),
            harmful: of_kind(WRONG[0]) as u32,
            violations: found.safety.violations.iter().filter(|v| v.kind != FLOOR).count() as u32,
            pages: found.impact.pages as u32,
            pages_at_night: found.impact.pages_at_night as u32,
            bad_minutes: users.map(|u| u.bad_minutes),
            error_budget_minutes: users.map(|u| u.error_budget_minutes),
            confidence: answer.map(|a| a.confidence),
            right: answer.and_then(|a| a.cause_right),
            entity_right: answer.map(|a| a.entity_right),
            true_cause: truth.and_then(|t| t.cause),
            cause: first_act.and_then(|(_, cause, _)| cause).or_else(|| planned(trial)),
            verb: first_act.map(|(_, _, verb)| verb),
            problem: None,
        }
    }

    /// The row of a trial that could not be run.
    #[must_use]
    pub fn failed(scenario: usize, seed: u64, problem: String) -> Self {
        let problem = Some(problem);
        Self { scenario: scenario as u32, seed, problem, ..Self::default() }
    }

    /// The same for another setting.
    #[must_use]
    pub fn of_setting(&self, setting: usize) -> Self {
        Self { setting: setting as u32, ..self.clone() }
    }
}

/// Every answer of a trial whose confidence can be judged.
#[must_use]
pub fn answers(trial: &Lean) -> Vec<Answer> {
    let answer = |f: &crate::referee::measure::confidence::Found| Answer {
        confidence: f.confidence,
        right: f.cause_right,
        entity_right: f.entity_right,
    };
    trial.findings.confidence.iter().map(answer).collect()
}

/// Acts on the fleet with the cause that their plan answered.
fn acts(trial: &Lean) -> impl Iterator<Item = (ActionId, Option<Cause>, Verb)> + '_ {
    let cause = |id: ActionId| {
        trial.journal.decisions().find_map(|(_, decision)| match decision {
            Decision::Plan(plan) => plan.actions.iter().any(|a| a.id == id).then_some(plan.cause),
            _ => None,
        })
    };
    trial.journal.decisions().filter_map(move |(_, decision)| match decision {
        Decision::Act(act) if act.verb().touches_fleet() && !act.dry_run => {
            Some((act.id, cause(act.id), act.verb()))
        }
        _ => None,
    })
}

fn planned(trial: &Lean) -> Option<Cause> {
    trial.journal.decisions().find_map(|(_, decision)| match decision {
        Decision::Plan(plan) => Some(plan.cause),
        _ => None,
    })
}

/// Actions that a person said yes to.
fn approved(trial: &Lean) -> BTreeSet<ActionId> {
    let yes = |body: &Body| match body {
        Body::Answer(answer) if answer.kind == AnswerKind::Approved => Some(answer.action),
        _ => None,
    };
    trial.journal.lines().iter().filter_map(|line| yes(&line.body)).collect()
}
