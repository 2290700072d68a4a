//! When an incident reached each stage, from the journal's lines and the world's record.
//!
//! In: the engine's incidents that belong together (all that answer one truth, or a single one).
//! Out: one optional instant per stage. Absent means that the stage was not reached, or that the
//! world cannot know. `approved` is the first act on the fleet, `applied` its first success.

use serde::{Deserialize, Serialize};

use super::case::{Case, Said, touches};
use super::recovery::{Recovery, recovery};
use crate::model::{OutcomeStatus, StageReached, TrueIncident, Verb};
use crate::unit::{IncidentId, SimTime};

/// One instant per stage.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Stages {
    /// Users began to feel it (truth).
    pub onset: Option<SimTime>,
    /// First anomaly told.
    pub detected: Option<SimTime>,
    /// Incident opened.
    pub correlated: Option<SimTime>,
    /// First diagnosis.
    pub diagnosed: Option<SimTime>,
    /// First plan.
    pub decided: Option<SimTime>,
    /// First act on the fleet.
    pub approved: Option<SimTime>,
    /// First act on the fleet that was applied.
    pub applied: Option<SimTime>,
    /// First time the engine saw that it had healed.
    pub verified: Option<SimTime>,
    /// Users served as promised again (world's record).
    pub recovered: Option<SimTime>,
}

impl Stages {
    /// All stages in order with their instants.
    #[must_use]
    pub fn in_order(&self) -> [(StageReached, Option<SimTime>); 9] {
        [
            (StageReached::Onset, self.onset),
            (StageReached::Detected, self.detected),
            (StageReached::Correlated, self.correlated),
            (StageReached::Diagnosed, self.diagnosed),
            (StageReached::Decided, self.decided),
            (StageReached::Approved, self.approved),
            (StageReached::Applied, self.applied),
            (StageReached::Verified, self.verified),
            (StageReached::Recovered, self.recovered),
        ]
    }

    /// Seconds between two stages, if both were reached.
    #[must_use]
    pub fn seconds(from: Option<SimTime>, to: Option<SimTime>) -> Option<f64> {
        Some(to?.since(from?).secs_f64())
    }
}

/// When users began to feel a truth.
#[must_use]
pub(super) fn onset(truth: &TrueIncident) -> SimTime {
    truth.onset.unwrap_or(truth.window.start)
}

/// When a truth was first seen: the first anomaly told in its claim, else the incident itself.
#[must_use]
pub(super) fn detected_at(case: &Case<'_>, index: usize) -> Option<SimTime> {
    let claim = case.truths()[index].claim();
    let answers = case.matching.answers[index].iter();
    answers
        .map(|answer| {
            let told = case.opened[answer.opened].gained.values().filter(|t| claim.contains(**t));
            told.min().map_or(answer.at, |first| answer.at.min(*first))
        })
        .min()
}

/// How users fared after the truth at `index`.
#[must_use]
pub(super) fn recovered(case: &Case<'_>, index: usize) -> Recovery {
    let begun = onset(&case.truths()[index]);
    let others: Vec<SimTime> = case.truths().iter().map(onset).collect();
    let found = recovery(case.evidence.record, begun, &others, case.evidence.window.end);
    match found {
        Recovery::At(_) if counterfeit(case, index) => Recovery::NotYet,
        found => found,
    }
}

/// Restarts of a root cause within an hour from which users are served by the loop, not healed.
const LOOP: usize = 4;

/// Whether users are only served because a root cause is gone, or restarted over and over: nothing
/// of that heals. A service is gone if none of its replicas is wanted at the end.
fn counterfeit(case: &Case<'_>, index: usize) -> bool {
    let (record, truth) = (case.evidence.record, &case.truths()[index]);
    truth.root_causes.iter().map(|root| case.service(root)).any(|root| {
        let mut counts = record.replicas.iter().filter(|c| c.service == *root);
        let first = counts.next().map_or(0, |c| c.desired);
        let gone = first > 0 && counts.next_back().is_some_and(|c| c.desired == 0);
        let begun: Vec<SimTime> = record
            .deeds
            .iter()
            .filter(|d| d.action.is_some() && d.target == *root && d.verb == Verb::Restart)
            .map(|d| d.began)
            .filter(|began| *began >= onset(truth))
            .collect();
        let hour = crate::unit::SimDuration::from_secs(3600);
        gone || begun.windows(LOOP).any(|few| few[LOOP - 1].since(few[0]) < hour)
    })
}

/// Stages of the truth at `index`, over all incidents that answer it.
#[must_use]
pub(super) fn of_truth(case: &Case<'_>, index: usize) -> Stages {
    let truth = &case.truths()[index];
    let from = truth.claim().start;
    let recovered = match recovered(case, index) {
        Recovery::At(time) => Some(time),
        _ => None,
    };
    Stages {
        onset: Some(onset(truth)),
        detected: detected_at(case, index),
        correlated: case.matching.answers[index].first().map(|a| a.at),
        recovered,
        ..engine_stages(case, &case.answering(index), from)
    }
}

/// Stages of one of the engine's incidents; onset and recovery are those of the truth it answers.
#[must_use]
pub(super) fn of_incident(case: &Case<'_>, place: usize) -> Stages {
    let life = &case.opened[place];
    let truth = case.matching.answered_by(place).next().map(|index| of_truth(case, index));
    let told = life.gained.values().copied().min().unwrap_or(life.opened);
    Stages {
        onset: truth.and_then(|t| t.onset),
        detected: Some(told.min(life.opened)),
        correlated: Some(life.opened),
        recovered: truth.and_then(|t| t.recovered),
        ..engine_stages(case, &[life.id], life.opened)
    }
}

fn engine_stages(case: &Case<'_>, ids: &[IncidentId], from: SimTime) -> Stages {
    let acts: Vec<_> = case
        .acts
        .iter()
        .filter(|a| a.time >= from && ids.contains(&a.what.incident) && touches(a.what))
        .collect();
    let mine = |id| acts.iter().any(|a| a.what.id == id);
    let applied = |status| matches!(status, OutcomeStatus::Applied | OutcomeStatus::Partial);
    Stages {
        diagnosed: first(&case.diagnoses, from, |d| ids.contains(&d.incident)),
        decided: first(&case.plans, from, |p| ids.contains(&p.incident)),
        approved: acts.first().map(|a| a.time),
        applied: first(&case.outcomes, from, |o| applied(o.status) && mine(o.action)),
        verified: first(&case.verifications, from, |v| v.healed && mine(v.action)),
        ..Stages::default()
    }
}

fn first<T>(said: &[Said<'_, T>], from: SimTime, is: impl Fn(&T) -> bool) -> Option<SimTime> {
    said.iter().find(|s| s.time >= from && is(s.what)).map(|s| s.time)
}
