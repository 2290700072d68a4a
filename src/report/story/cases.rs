//! Incidents as the engine saw them, each with its stages, hypotheses and actions.
//!
//! In: the journal. Out: one `Case` per incident that was not merged away; those that answer a real
//! fault come first, then those that acted, then those with more signals. The hypotheses shown are
//! the ones it acted upon: of the last diagnosis up to the first plan, or the last one if there was
//! no plan.

use std::collections::BTreeMap;

use super::stages::{Stage, stages};
use super::{StageTimes, Told, phrases};
use crate::model::{
    Action, Body, CauseNode, Decision, Diagnosis, Hypothesis, Incident, IncidentChange,
    OutcomeStatus, Plan, Ruling, StageReached, Verb,
};
use crate::unit::{ActionId, IncidentId, Name, SimDuration, SimTime};

/// One incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its number.
    pub id: IncidentId,
    /// When it was opened.
    pub opened: SimTime,
    /// When it was closed.
    pub closed: Option<SimTime>,
    /// How many signals it took in.
    pub signals: usize,
    /// Strongest score by entity.
    pub blast: BTreeMap<Name, f64>,
    /// One sentence of the diagnosis.
    pub summary: String,
    /// Ranked hypotheses, best first.
    pub hypotheses: Vec<Hypothesis>,
    /// The causal tree of the top hypothesis.
    pub tree: Option<CauseNode>,
    /// Stages in order; absent times were not reached.
    pub stages: Vec<Stage>,
    /// What it did or wanted to do, in order.
    pub actions: Vec<Doing>,
    /// Remedies left out, with the reason.
    pub rejected: Vec<(Verb, String)>,
}

/// One action with all that was said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Doing {
    /// The action.
    pub action: Action,
    /// What it does, for a person.
    pub text: String,
    /// When it was planned.
    pub planned: SimTime,
    /// When it was carried out.
    pub acted: Option<SimTime>,
    /// The ruling over all guardrails.
    pub ruling: Option<Ruling>,
    /// The guardrail that decided, with what it saw and its limit.
    pub reason: String,
    /// The last outcome.
    pub outcome: Option<OutcomeStatus>,
    /// When that was.
    pub ended: Option<SimTime>,
    /// Whether the engine saw it heal.
    pub healed: Option<bool>,
}

/// All incidents of a trial.
pub(super) fn cases(told: &Told<'_>) -> Vec<Case> {
    let mut book = Book::default();
    for line in told.journal.lines() {
        match &line.body {
            Body::Decision(decision) => book.decision(line.time, decision),
            Body::Outcome(outcome) => {
                if let Some(doing) = book.doings.get_mut(&outcome.action) {
                    doing.outcome = Some(outcome.status);
                    doing.ended = outcome.status.is_final().then_some(outcome.time);
                }
            }
            _ => {}
        }
    }
    book.close(told)
}

#[derive(Default)]
struct Book {
    incidents: BTreeMap<IncidentId, Incident>,
    closed: BTreeMap<IncidentId, SimTime>,
    diagnoses: BTreeMap<IncidentId, (Diagnosis, bool)>,
    doings: BTreeMap<ActionId, Doing>,
    rejected: BTreeMap<IncidentId, Vec<(Verb, String)>>,
}

impl Book {
    fn decision(&mut self, time: SimTime, decision: &Decision) {
        match decision {
            Decision::Incident(incident) => {
                if incident.change == IncidentChange::Closed {
                    self.closed.insert(incident.id, time);
                }
                self.incidents.insert(incident.id, incident.clone());
            }
            Decision::Diagnosis(diagnosis) => {
                let fixed =
                    self.diagnoses.get(&diagnosis.incident).is_some_and(|(_, acted)| *acted);
                if !fixed {
                    self.diagnoses.insert(diagnosis.incident, (diagnosis.clone(), false));
                }
            }
            Decision::Plan(plan) => self.plan(time, plan),
            Decision::Verdict(verdict) => {
                if let Some(doing) = self.doings.get_mut(&verdict.action) {
                    doing.rule(verdict);
                }
            }
            Decision::Ask(action) => {
                self.doing(time, action);
            }
            Decision::Act(action) => {
                let doing = self.doing(time, action);
                doing.acted = Some(time);
                doing.action.dry_run = action.dry_run;
            }
            Decision::Verified(seen) => {
                if let Some(doing) = self.doings.get_mut(&seen.action) {
                    doing.healed = Some(seen.healed);
                }
            }
            Decision::Anomaly(_) | Decision::Resolved { .. } | Decision::Notify(_) => {}
        }
    }

    fn plan(&mut self, time: SimTime, plan: &Plan) {
        if let Some((_, acted)) = self.diagnoses.get_mut(&plan.incident) {
            *acted |= plan.actions.iter().any(|a| a.verb().touches_fleet());
        }
        self.rejected.insert(plan.incident, plan.rejected.clone());
        for action in &plan.actions {
            self.doing(time, action);
        }
    }

    fn doing(&mut self, time: SimTime, action: &Action) -> &mut Doing {
        self.doings.entry(action.id).or_insert_with(|| Doing {
            action: action.clone(),
            text: phrases::action(action),
            planned: time,
            acted: None,
            ruling: None,
            reason: String::new(),
            outcome: None,
            ended: None,
            healed: None,
        })
    }

    fn close(mut self, told: &Told<'_>) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        for (id, incident) in std::mem::take(&mut self.incidents) {
            if incident.change != IncidentChange::Merged {
                let case = self.case(id, &incident, told.stages.get(&id));
                cases.push(case);
            }
        }
        let acted = |case: &Case| {
            let touched = |d: &&Doing| d.acted.is_some() && d.action.verb().touches_fleet();
            case.actions.iter().find(touched).and_then(|d| d.acted)
        };
        cases.sort_by_key(|c| {
            let acted = acted(c);
            let real = c.at(StageReached::Onset).is_some();
            (!real, acted.is_none(), acted, std::cmp::Reverse(c.signals), c.id)
        });
        cases
    }

    fn case(&mut self, id: IncidentId, incident: &Incident, times: Option<&StageTimes>) -> Case {
        let diagnosis = self.diagnoses.remove(&id).map(|(diagnosis, _)| diagnosis);
        let mut blast: BTreeMap<Name, f64> = BTreeMap::new();
        for anomaly in &incident.anomalies {
            let strongest = blast.entry(anomaly.entity.clone()).or_insert(0.0);
            *strongest = strongest.max(anomaly.score);
        }
        let mine = |d: &&Doing| d.action.incident == id;
        Case {
            id,
            opened: incident.opened,
            closed: self.closed.get(&id).copied(),
            signals: incident.anomalies.len(),
            blast,
            summary: diagnosis.as_ref().map(|d| d.summary.clone()).unwrap_or_default(),
            hypotheses: diagnosis.as_ref().map(|d| d.hypotheses.clone()).unwrap_or_default(),
            tree: diagnosis.and_then(|d| d.tree),
            stages: stages(times),
            actions: self.doings.values().filter(mine).cloned().collect(),
            rejected: self.rejected.get(&id).cloned().unwrap_or_default(),
        }
    }
}

impl Doing {
    fn rule(&mut self, verdict: &crate::model::Verdict) {
        if verdict.guardrail == "all" {
            self.ruling = Some(verdict.ruling);
        } else if verdict.ruling != Ruling::Allow || self.reason.is_empty() {
            self.reason = format!("{}: {}, {}", verdict.guardrail, verdict.saw, verdict.limit);
        }
        if verdict.guardrail == "all" && self.reason.is_empty() {
            self.reason = format!("{}, {}", verdict.saw, verdict.limit);
        }
    }

    /// Whether it changed the fleet, as far as the world says.
    #[must_use]
    pub fn took_effect(&self) -> bool {
        let done = matches!(self.outcome, Some(OutcomeStatus::Applied | OutcomeStatus::Partial));
        self.acted.is_some() && !self.action.dry_run && done
    }
}

impl Case {
    /// The best hypothesis.
    #[must_use]
    pub fn top(&self) -> Option<&Hypothesis> {
        self.hypotheses.first()
    }

    /// Hypotheses worth showing: those with evidence or with half a percent of confidence.
    pub fn worthy(&self) -> impl Iterator<Item = &Hypothesis> {
        self.hypotheses.iter().filter(|h| h.confidence.get() >= 0.005 || !h.evidence.is_empty())
    }

    /// When it reached a stage.
    #[must_use]
    pub fn at(&self, stage: StageReached) -> Option<SimTime> {
        self.stages.iter().find(|s| s.stage == stage).and_then(|s| s.at)
    }

    /// Stages that were reached, in order of time; an onset after the first signal is left out.
    #[must_use]
    pub fn parts(&self) -> Vec<(SimTime, StageReached)> {
        let reached = self.stages.iter().filter_map(|s| Some((s.at?, s.stage)));
        let mut reached: Vec<_> = reached.collect();
        reached.sort();
        if reached.first().is_some_and(|(_, first)| *first != StageReached::Onset) {
            reached.retain(|(_, stage)| *stage != StageReached::Onset);
        }
        reached
    }

    /// From users feeling it to `stage`.
    #[must_use]
    pub fn until(&self, stage: StageReached) -> Option<SimDuration> {
        Some(self.at(stage)?.since(self.at(StageReached::Onset)?))
    }
}
