//! Stages of the chain that somebody else supplies, fitted to our own contracts.
//!
//! Owns the fitting only: readings become findings for the alarm gate, orders become a plan's
//! actions, a ruling becomes a guardrail's. In: `model::Substitute`. Limit: what a substitute does
//! not say stays unsaid: no readings, no diagnosis; without a ruling an action is denied.

use std::sync::{MutexGuard, PoisonError};

use super::History;
use super::detect::{Detector, Finding as Strange, Scores};
use super::guard::{Finding, Guardrail, Request};
use crate::model::{
    Diagnosis, Incident, Order, Proposal, Reading, Remark, Ruling, SharedSubstitute, Stage,
    StepInput, Substitute,
};
use crate::unit::SimTime;

/// Name of the substitute's guardrail in verdicts, and of its detector in anomalies.
pub(super) const NAME: &str = "engine";

/// A substitute as the chain holds it.
#[derive(Clone)]
pub(super) struct Outside {
    shared: SharedSubstitute,
}

impl Outside {
    pub(super) fn new(shared: SharedSubstitute) -> Self {
        Self { shared }
    }

    fn lock(&self) -> MutexGuard<'_, dyn Substitute + 'static> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn supplies(&self, stage: Stage) -> bool {
        self.lock().supplies(stage)
    }

    pub(super) fn diagnose(&self, now: SimTime, incident: &Incident) -> Option<Diagnosis> {
        self.lock().diagnose(now, incident)
    }

    pub(super) fn remediate(
        &self,
        now: SimTime,
        incident: &Incident,
        diagnosis: &Diagnosis,
    ) -> Option<Vec<Order>> {
        self.lock().remediate(now, incident, diagnosis)
    }

    pub(super) fn remarks(&self, out: &mut Vec<Remark>) {
        self.lock().remarks(out);
    }

    pub(super) fn finish(&self) {
        self.lock().finish();
    }
}

impl Detector for Outside {
    fn observe(&mut self, input: &StepInput<'_>, _: &History, out: &mut Scores) {
        let readings = self.lock().observe(input);
        for reading in readings {
            out.findings.extend(strange(input, reading));
        }
    }
}

/// A reading as a detector's finding; the substitute checked its names.
fn strange(input: &StepInput<'_>, reading: Reading) -> Option<Strange> {
    let find = |name: &str| input.topology.find(name).ok();
    let entity = find(&reading.entity)?;
    let service = input.topology.service_of(entity);
    let instance = reading.instance.as_deref().and_then(find);
    Some(Strange {
        detector: NAME,
        class: reading.class,
        entity: service,
        instance: instance.or_else(|| (service != entity).then_some(entity)),
        signal: reading.signal,
        role: reading.role,
        since: reading.since.unwrap_or(input.now),
        score: reading.score,
        direction: reading.direction,
        observed: reading.observed,
        expected: reading.expected,
        unit: "",
        at_once: false,
    })
}

impl Guardrail for Outside {
    fn check(&self, request: &Request<'_>) -> Finding {
        let target = request.fleet.service(&request.action.target);
        let proposal = Proposal {
            action: request.action.clone(),
            cause: request.cause,
            confidence: request.confidence,
            target_replicas: target.known.then_some(target.replicas),
            fleet_replicas: Some(request.fleet.total()),
        };
        match self.lock().rule(request.now, &proposal) {
            Some(ruled) => Finding { ruling: ruled.ruling, saw: ruled.saw, limit: ruled.limit },
            None => Finding {
                ruling: Ruling::Deny,
                saw: "the engine gave no ruling".to_owned(),
                limit: "a ruling that allows it".to_owned(),
            },
        }
    }
}
