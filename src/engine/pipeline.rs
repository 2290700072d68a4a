//! The built-in chain: detect -> correlate -> diagnose -> remediate -> guard, step by step.
//!
//! Owns the order of the stages and what they remember: metric history, events, treatments. In:
//! `StepInput`. Out: `Decision`s in the order in which they follow from each other. Bounds:
//! `HISTORY_FRAMES`, `MOST_EVENTS`. Source: the article's pipeline, stages 1 to 4.
//! Limit: one root cause per incident; treatments of different incidents only meet in the guards.

mod active;
mod page;
mod plan;
mod steps;
mod story;
mod treatment;
mod ward;

use std::sync::Arc;

use self::active::{Active, Newest};
use self::ward::{Ward, Watch};
use super::case::{Case, Surroundings};
use super::correlate::Incidents;
use super::detect::{Detector, Scores};
use super::diagnose::Method;
use super::fleet_size::FleetSize;
use super::guard::Guards;
use super::outside::Outside;
use super::placement::Placement;
use super::remediate::Table;
use super::visits::Visits;
use super::{Engine, Gate, History, conclude};
use crate::model::{Calibration, Decision, Event, Learning, Leeway, Remark, Stage, StepInput};
use crate::unit::IncidentId;

/// Frames remembered: three hours at 15 s.
const HISTORY_FRAMES: usize = 720;
/// Events remembered; the oldest fall out.
const MOST_EVENTS: usize = 2000;

/// The stages that a pipeline is made of.
pub struct Stages {
    /// Detectors.
    pub detectors: Vec<Box<dyn Detector + Send>>,
    /// The alarm gate.
    pub gate: Gate,
    /// The correlated incidents.
    pub incidents: Incidents,
    /// The RCA method, if the policy names one.
    pub method: Option<Box<dyn Method + Send>>,
    /// What its confidence is worth, if that was fitted.
    pub calibration: Option<Calibration>,
    /// Cause -> remedies.
    pub remedies: Table,
    /// The guardrails.
    pub guards: Guards,
    /// What is learnt from outcomes.
    pub learning: Learning,
}

/// The built-in engine.
pub struct Pipeline {
    stages: Stages,
    history: History,
    visits: Visits,
    scores: Scores,
    events: Vec<Event>,
    placement: Arc<Placement>,
    ward: Ward,
    outside: Option<Outside>,
}

impl Pipeline {
    /// An engine that has seen nothing yet.
    #[must_use]
    pub fn new(stages: Stages) -> Self {
        let history = History::new(HISTORY_FRAMES);
        let ward = Ward::new(&stages.learning);
        let (scores, events, outside) = (Scores::default(), Vec::new(), None);
        let visits = Visits::default();
        let placement = Arc::default();
        Self { stages, history, visits, scores, events, placement, ward, outside }
    }

    /// The same with stages that somebody else supplies.
    #[must_use]
    pub(super) fn with_outside(mut self, outside: Option<Outside>) -> Self {
        self.outside = outside;
        self
    }

    /// Whether anything that becomes visible can lead to an incident.
    fn looks(&self) -> bool {
        !self.stages.detectors.is_empty() || self.outside.is_some()
    }

    fn remember(&mut self, input: &StepInput<'_>) -> bool {
        // Who detects nothing and asks nobody never looks back.
        if !self.looks() {
            return false;
        }
        Placement::observe(&mut self.placement, input);
        self.events.extend(input.batch.events.iter().cloned());
        let over = self.events.len().saturating_sub(MOST_EVENTS);
        self.events.drain(..over);
        self.visits.observe(input);
        input.batch.has_frame && self.history.push(&input.batch.frame, input.series)
    }

    fn detect(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        if !self.looks() {
            return;
        }
        self.scores.clear();
        for detector in &mut self.stages.detectors {
            detector.observe(input, &self.history, &mut self.scores);
        }
        let mut alarms = Vec::new();
        self.stages.gate.step(input, &self.scores, &mut alarms);
        let mut changed = Vec::new();
        self.stages.incidents.hear(input, &self.scores);
        self.stages.incidents.step(input, &alarms, &mut changed);
        out.append(&mut alarms);
        for decision in &changed {
            if let Decision::Incident(incident) = decision {
                self.ward.admit(incident);
            }
        }
        out.append(&mut changed);
    }

    /// Diagnoses one incident if that is due, and goes on with its treatment.
    fn treat(&mut self, input: &StepInput<'_>, id: IncidentId, out: &mut Vec<Decision>) {
        let Some(incident) = self.stages.incidents.get(id) else { return };
        let (topology, series, history) = (input.topology, input.series, &self.history);
        let newest = Newest { topology, series, history };
        let newest = self.ward.weighs(id, input.now).then_some(&newest);
        let active = Active::of(incident, &self.stages.incidents.active(id), newest);
        let (refuted, own) = (self.ward.refuted(id), self.ward.own_changes().to_vec());
        let around = Surroundings {
            now: input.now,
            topology: input.topology,
            series: input.series,
            history: &self.history,
            visits: &self.visits,
            placement: &self.placement,
            events: &self.events,
            own: &own,
            refuted: &refuted,
        };
        let due = self.ward.diagnosis_due(id);
        if !due && !self.ward.needs_case(id, input.now) {
            return self.ward.watch(id, &active, input.now, out);
        }
        let case = Case::new(around, incident);
        let outside = |stage| self.outside.as_ref().filter(|outside| outside.supplies(stage));
        if let (true, Some(outside)) = (due, outside(Stage::Diagnose)) {
            if let Some(found) = outside.diagnose(input.now, incident) {
                self.ward.diagnosed(id, found, out);
            }
        } else if let (true, Some(method)) = (due, &mut self.stages.method) {
            let mut said = Vec::new();
            method.rank(&case, &mut said);
            let found = conclude::conclude(&case, said, self.stages.calibration.as_ref());
            self.ward.diagnosed(id, found, out);
        }
        let fleet = FleetSize::read(&around, Arc::clone(&self.placement));
        let (remedies, guards) = (&self.stages.remedies, &self.stages.guards);
        let prescriber = outside(Stage::Remediate);
        let guarded_outside = outside(Stage::Guard).is_some();
        let watch = Watch {
            now: input.now,
            case: &case,
            active: &active,
            fleet: &fleet,
            remedies,
            guards,
            prescriber,
            guarded_outside,
        };
        self.ward.go_on(id, &watch, out);
    }
}

impl Engine for Pipeline {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        let new_frame = self.remember(input);
        self.ward.hear(input.now, &input.batch.outcomes, &input.batch.answers, out);
        self.detect(input, out);
        if new_frame {
            self.ward.count_frame();
        }
        for id in self.ward.incidents() {
            self.treat(input, id, out);
        }
        self.ward.discharge(input.now, out);
    }

    fn remarks(&mut self, out: &mut Vec<Remark>) {
        if let Some(outside) = &self.outside {
            outside.remarks(out);
        }
    }

    fn finish(&mut self) {
        if let Some(outside) = &self.outside {
            outside.finish();
        }
    }

    fn reads_lines(&self) -> bool {
        self.looks()
    }

    /// Unknown with stages from outside: who can say what they compared?
    fn leeway(&self) -> Option<Leeway> {
        self.outside.is_none().then(|| self.stages.guards.leeway())
    }
}

#[cfg(test)]
mod tests;
