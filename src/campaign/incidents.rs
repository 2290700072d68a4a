//! A trial's journal -> one entry an incident: stages, last diagnosis, actions.
//!
//! Times are those of the journal's lines. Onset comes from the truth that the referee matched
//! with the incident, recovery from what users saw; both are null where nobody can know.

use std::collections::BTreeMap;

use super::document::{ActionDocument, HypothesisDocument, IncidentDocument, StagesDocument};
use crate::model::{
    Action, Body, Decision, Diagnosis, Incident, IncidentChange, Outcome, OutcomeStatus, Ruling,
    Verdict,
};
use crate::trial::Trial;
use crate::unit::{ActionId, IncidentId, SimTime};

/// The incidents of a trial in the order opened.
#[must_use]
pub(super) fn read(trial: &Trial) -> Vec<IncidentDocument> {
    let mut reader = Reader::default();
    for line in trial.journal.lines() {
        match &line.body {
            Body::Decision(decision) => reader.decision(line.time, decision),
            Body::Outcome(outcome) => reader.outcome(outcome),
            Body::Answer(_) | Body::Event(_) | Body::Note(_) => {}
        }
    }
    let mut incidents: Vec<IncidentDocument> = reader.incidents.into_values().collect();
    incidents.sort_by_key(|incident| (incident.opened_at, incident.id));
    truth_stages(trial, &mut incidents);
    incidents
}

#[derive(Default)]
struct Reader {
    incidents: BTreeMap<IncidentId, IncidentDocument>,
    anomalies: BTreeMap<u32, SimTime>,
    actions: BTreeMap<ActionId, IncidentId>,
}

impl Reader {
    fn decision(&mut self, time: SimTime, decision: &Decision) {
        match decision {
            Decision::Anomaly(anomaly) => {
                self.anomalies.entry(anomaly.id).or_insert(time);
            }
            Decision::Incident(incident) => self.incident(time, incident),
            Decision::Diagnosis(diagnosis) => self.diagnosis(time, diagnosis),
            Decision::Plan(plan) => {
                plan.actions.iter().for_each(|action| self.action(action));
                if let Some(incident) = self.incidents.get_mut(&plan.incident) {
                    incident.stages.decided.get_or_insert(time);
                }
            }
            Decision::Verdict(verdict) => self.verdict(verdict),
            Decision::Ask(action) => self.action(action),
            Decision::Act(action) => self.act(time, action),
            Decision::Verified(verified) => {
                if let Some(incident) = self.of_action(verified.action) {
                    incident.stages.verified.get_or_insert(time);
                }
            }
            Decision::Resolved { .. } | Decision::Notify(_) => {}
        }
    }

    fn incident(&mut self, time: SimTime, incident: &Incident) {
        let told = |id| self.anomalies.get(id).copied();
        let detected = incident.anomalies.iter().filter_map(|a| told(&a.id)).min();
        let entry = self.incidents.entry(incident.id).or_insert_with(|| IncidentDocument {
            id: incident.id,
            opened_at: time,
            stages: StagesDocument { correlated: Some(time), ..StagesDocument::default() },
            hypotheses: Vec::new(),
            actions: Vec::new(),
        });
        if incident.change != IncidentChange::Closed {
            entry.stages.detected = entry.stages.detected.into_iter().chain(detected).min();
        }
    }

    fn diagnosis(&mut self, time: SimTime, diagnosis: &Diagnosis) {
        let Some(incident) = self.incidents.get_mut(&diagnosis.incident) else { return };
        incident.stages.diagnosed.get_or_insert(time);
        let hypotheses = diagnosis.hypotheses.iter().map(|hypothesis| HypothesisDocument {
            entity: hypothesis.entity.clone(),
            cause: hypothesis.cause,
            confidence: hypothesis.confidence,
            evidence: hypothesis.evidence.clone(),
        });
        incident.hypotheses = hypotheses.collect();
    }

    fn action(&mut self, action: &Action) {
        let Some(incident) = self.incidents.get_mut(&action.incident) else { return };
        if self.actions.insert(action.id, action.incident).is_some() {
            return;
        }
        incident.actions.push(ActionDocument {
            id: action.id,
            verb: action.verb(),
            target: action.target.clone(),
            acted_at: None,
            verdict: None,
            outcome: None,
            reason: action.reason.clone(),
        });
    }

    fn act(&mut self, time: SimTime, action: &Action) {
        self.action(action);
        let touches = action.verb().touches_fleet();
        let Some(incident) = self.of_action(action.id) else { return };
        if touches {
            incident.stages.approved.get_or_insert(time);
        }
        if let Some(entry) = incident.actions.iter_mut().find(|entry| entry.id == action.id) {
            entry.acted_at.get_or_insert(time);
        }
    }

    fn verdict(&mut self, verdict: &Verdict) {
        let action = verdict.action;
        let Some(incident) = self.of_action(action) else { return };
        if let Some(entry) = incident.actions.iter_mut().find(|entry| entry.id == action)
            && (verdict.guardrail == "all" || stricter(verdict.ruling, entry.verdict))
        {
            entry.verdict = Some(verdict.ruling);
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let Some(incident) = self.of_action(outcome.action) else { return };
        let Some(entry) = incident.actions.iter_mut().find(|entry| entry.id == outcome.action)
        else {
            return;
        };
        entry.outcome = Some(outcome.status);
        if outcome.status == OutcomeStatus::Applied && entry.verb.touches_fleet() {
            incident.stages.applied.get_or_insert(outcome.time);
        }
    }

    fn of_action(&mut self, action: ActionId) -> Option<&mut IncidentDocument> {
        self.incidents.get_mut(self.actions.get(&action)?)
    }
}

fn stricter(ruling: Ruling, than: Option<Ruling>) -> bool {
    than.is_none_or(|than| ruling > than)
}
