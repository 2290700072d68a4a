//! A trial's journal -> one entry an incident: last diagnosis and actions, beside its stages.
//!
//! When an incident was opened and reached each stage is what the referee found; hypotheses and
//! actions are what the journal says. An action belongs to the incident that it names.

use std::collections::BTreeMap;

use super::document::{ActionDocument, HypothesisDocument, IncidentDocument};
use crate::model::{Action, Body, Decision, Diagnosis, Outcome, Verdict};
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
            Body::Answer(_) | Body::Event(_) | Body::Note(_) | Body::EngineFailure(_) => {}
        }
    }
    let opened = trial.scorecard.findings.iter().flat_map(|findings| &findings.opened);
    opened
        .map(|opened| IncidentDocument {
            id: opened.id,
            opened_at: opened.opened_at,
            answers: opened.answers.clone(),
            stages: opened.stages,
            hypotheses: reader.hypotheses.remove(&opened.id).unwrap_or_default(),
            actions: reader.of_incident(opened.id),
        })
        .collect()
}

#[derive(Default)]
struct Reader {
    hypotheses: BTreeMap<IncidentId, Vec<HypothesisDocument>>,
    actions: BTreeMap<ActionId, (IncidentId, ActionDocument)>,
}

impl Reader {
    fn decision(&mut self, time: SimTime, decision: &Decision) {
        match decision {
            Decision::Diagnosis(diagnosis) => self.diagnosis(diagnosis),
            Decision::Plan(plan) => plan.actions.iter().for_each(|action| {
                self.action(action);
            }),
            Decision::Verdict(verdict) => self.verdict(verdict),
            Decision::Ask(action) => {
                self.action(action);
            }
            Decision::Act(action) => {
                self.action(action).acted_at.get_or_insert(time);
            }
            _ => {}
        }
    }

    fn diagnosis(&mut self, diagnosis: &Diagnosis) {
        let hypotheses = diagnosis.hypotheses.iter().map(|hypothesis| HypothesisDocument {
            entity: hypothesis.entity.clone(),
            cause: hypothesis.cause,
            confidence: hypothesis.confidence,
            evidence: hypothesis.evidence.clone(),
        });
        self.hypotheses.insert(diagnosis.incident, hypotheses.collect());
    }

    fn action(&mut self, action: &Action) -> &mut ActionDocument {
        let new = || ActionDocument {
            id: action.id,
            verb: action.verb(),
            target: action.target.clone(),
            dry_run: action.dry_run,
            acted_at: None,
            verdict: None,
            outcome: None,
            reason: action.reason.clone(),
        };
        &mut self.actions.entry(action.id).or_insert_with(|| (action.incident, new())).1
    }

    /// The ruling over all guardrails comes last; until then the strictest stands.
    fn verdict(&mut self, verdict: &Verdict) {
        let Some((_, action)) = self.actions.get_mut(&verdict.action) else { return };
        if verdict.guardrail == "all" || action.verdict.is_none_or(|than| verdict.ruling > than) {
            action.verdict = Some(verdict.ruling);
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        if let Some((_, action)) = self.actions.get_mut(&outcome.action) {
            action.outcome = Some(outcome.status);
        }
    }

    fn of_incident(&self, incident: IncidentId) -> Vec<ActionDocument> {
        let mine = self.actions.values().filter(|(of, _)| *of == incident);
        mine.map(|(_, action)| action.clone()).collect()
    }
}
