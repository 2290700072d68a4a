//! What an engine said in the protocol's short form -> the decisions of the audit log.
//!
//! Owns what the short form leaves out: whole anomalies behind their numbers, whether an incident
//! is new or grew, what it gained. Names are held against the service map.

use std::collections::BTreeMap;

use super::protocol::{Said, SaidDiagnosis, SaidHypothesis};
use crate::model::{
    Anomaly, Decision, Diagnosis, Evidence, Hypothesis, Incident, IncidentChange, Notification,
    Plan, Topology, Verdict, Verification,
};
use crate::unit::{IncidentId, SimTime};

/// What was said so far.
#[derive(Debug, Default)]
pub(super) struct Translator {
    anomalies: BTreeMap<u32, Anomaly>,
    incidents: BTreeMap<IncidentId, Incident>,
}

impl Translator {
    /// The decision that was meant.
    ///
    /// # Errors
    /// What makes no sense: an unknown entity, a number that was not given before.
    pub(super) fn decision(
        &mut self,
        now: SimTime,
        topology: &Topology,
        said: Said,
    ) -> Result<Decision, String> {
        Ok(match said {
            Said::Anomaly { .. } => self.anomaly(now, topology, said)?,
            Said::Resolved { anomaly } => {
                self.known(anomaly)?;
                Decision::Resolved { anomaly, at: now }
            }
            Said::Incident { id, anomalies, closed, reason } => {
                self.incident(now, id, &anomalies, closed, reason)?
            }
            Said::Diagnosis { incident, hypotheses, summary } => {
                let said = SaidDiagnosis { hypotheses, summary };
                Decision::Diagnosis(diagnosis(topology, incident, said)?)
            }
            Said::Plan { incident, entity, cause, confidence, actions, rejected } => {
                let actions = actions.into_iter().map(super::protocol::SaidAction::action);
                let actions = actions.collect();
                Decision::Plan(Plan { incident, entity, cause, confidence, actions, rejected })
            }
            Said::Verdict { action, guardrail, ruling, saw, limit } => {
                Decision::Verdict(Verdict { action, guardrail, ruling, saw, limit })
            }
            Said::Ask { action } => Decision::Ask(action.action()),
            Said::Act { action } => Decision::Act(action.action()),
            Said::Verified { action, healed, checked } => {
                Decision::Verified(Verification { action, healed, checked })
            }
            Said::Notify { incident, action, text } => {
                Decision::Notify(Notification { incident, action, text })
            }
        })
    }

    fn anomaly(&mut self, now: SimTime, map: &Topology, said: Said) -> Result<Decision, String> {
        let Said::Anomaly { id, entity, signal, score, instance, class, role, since, .. } = &said
        else {
            return Err("no anomaly".to_owned());
        };
        for name in std::iter::once(entity).chain(instance) {
            map.find(name).map_err(|error| format!("anomaly {id}: {error}"))?;
        }
        if self.anomalies.contains_key(id) {
            return Err(format!("anomaly {id} was said before: numbers are given once"));
        }
        let Said::Anomaly { direction, observed, expected, ref unit, .. } = said else {
            return Err("no anomaly".to_owned());
        };
        let anomaly = Anomaly {
            id: *id,
            detector: "engine".to_owned(),
            class: *class,
            entity: entity.clone(),
            instance: instance.clone(),
            signal: signal.clone(),
            role: *role,
            since: since.unwrap_or(now),
            raised: now,
            score: *score,
            direction,
            observed,
            expected,
            unit: unit.clone(),
        };
        self.anomalies.insert(*id, anomaly.clone());
        Ok(Decision::Anomaly(anomaly))
    }

    fn known(&self, id: u32) -> Result<&Anomaly, String> {
        self.anomalies.get(&id).ok_or_else(|| format!("anomaly {id} was never said"))
    }

    fn incident(
        &mut self,
        now: SimTime,
        id: IncidentId,
        gained: &[u32],
        closed: bool,
        reason: String,
    ) -> Result<Decision, String> {
        let gained: Vec<Anomaly> =
            gained.iter().map(|a| self.known(*a).cloned()).collect::<Result<_, _>>()?;
        let is_new = !self.incidents.contains_key(&id);
        let incident = self.incidents.entry(id).or_insert_with(|| Incident::new(id, now));
        for anomaly in gained {
            incident.since = incident.since.min(anomaly.since);
            if incident.anomalies.iter().all(|known| known.id != anomaly.id) {
                incident.anomalies.push(anomaly);
            }
        }
        if !reason.is_empty() {
            incident.reason = reason;
        }
        incident.change = match (closed, is_new) {
            (true, _) => IncidentChange::Closed,
            (false, true) => IncidentChange::Opened,
            (false, false) => IncidentChange::Grew,
        };
        Ok(Decision::Incident(incident.clone()))
    }
}

/// A diagnosis in full.
///
/// # Errors
/// If it names an entity that there is not.
pub(super) fn diagnosis(
    topology: &Topology,
    incident: IncidentId,
    said: SaidDiagnosis,
) -> Result<Diagnosis, String> {
    let hypotheses = said.hypotheses.into_iter().map(|hypothesis| {
        let SaidHypothesis { entity, cause, confidence, evidence } = hypothesis;
        topology.find(&entity).map_err(|error| format!("diagnosis of {incident}: {error}"))?;
        let evidence = evidence.into_iter().map(|text| Evidence {
            method: "engine".to_owned(),
            text,
            weight: 1.0,
            time: None,
        });
        Ok(Hypothesis { entity, cause, confidence, evidence: evidence.collect() })
    });
    let hypotheses: Vec<Hypothesis> = hypotheses.collect::<Result<_, String>>()?;
    let best = hypotheses.first();
    let summary = match (said.summary.is_empty(), best) {
        (true, Some(best)) => format!("{} of {} ({})", best.cause, best.entity, best.confidence),
        (true, None) => "nothing is suspected".to_owned(),
        (false, _) => said.summary,
    };
    Ok(Diagnosis { incident, hypotheses, tree: None, summary })
}
