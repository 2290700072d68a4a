//! One trial as the referee reads it: the journal sorted by who said what when, and matched.
//!
//! In: `Evidence`. Out: `Case`, the input of every measure and every safety check. Times are those
//! of the journal's lines, which the trial wrote; what an engine claims about its own timing
//! (`opened`, `raised`) is not used.

use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::matching::Matching;
use crate::model::{
    Action, Answer, AnswerKind, Body, Decision, Diagnosis, Incident, IncidentChange, Notification,
    Outcome, Plan, TrueIncident, Verdict, Verification,
};
use crate::unit::{ActionId, IncidentId, Name, SimTime, Window};

/// Something said, with its place in the journal.
#[derive(Debug)]
pub struct Said<'a, T> {
    /// Position in the journal.
    pub sequence: u64,
    /// When.
    pub time: SimTime,
    /// What.
    pub what: &'a T,
}

impl<T> Clone for Said<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Said<'_, T> {}

/// An incident as the engine led it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Its number.
    pub id: IncidentId,
    /// When it first appeared in the journal.
    pub opened: SimTime,
    /// When it was closed or merged; absent if it was open to the end.
    pub ended: Option<SimTime>,
    /// The incident it was merged into.
    pub merged_into: Option<IncidentId>,
    /// Its anomalies and when each was told.
    pub gained: BTreeMap<u32, SimTime>,
    /// Entities of its anomalies.
    pub entities: Vec<Name>,
}

/// One trial, read.
#[derive(Debug)]
pub struct Case<'a> {
    /// What it was read from.
    pub evidence: &'a Evidence<'a>,
    /// Incidents in the order in which they appeared.
    pub opened: Vec<Opened>,
    /// When each anomaly was told.
    pub anomalies: BTreeMap<u32, SimTime>,
    /// Which incident listed each anomaly last.
    pub groups: BTreeMap<u32, IncidentId>,
    /// Diagnoses.
    pub diagnoses: Vec<Said<'a, Diagnosis>>,
    /// Plans.
    pub plans: Vec<Said<'a, Plan>>,
    /// Rulings of guardrails.
    pub verdicts: Vec<Said<'a, Verdict>>,
    /// Requests for approval.
    pub asks: Vec<Said<'a, Action>>,
    /// Everything the engine did, pages and dry runs included.
    pub acts: Vec<Said<'a, Action>>,
    /// The engine's own checks of its effects.
    pub verifications: Vec<Said<'a, Verification>>,
    /// Messages to the team.
    pub notifications: Vec<Said<'a, Notification>>,
    /// The world's answers.
    pub outcomes: Vec<Said<'a, Outcome>>,
    /// People's answers.
    pub answers: Vec<Said<'a, Answer>>,
    /// Which incident answers which truth.
    pub matching: Matching,
}

impl<'a> Case<'a> {
    /// Reads the evidence.
    #[must_use]
    pub fn read(evidence: &'a Evidence<'a>) -> Self {
        let mut case = Self {
            evidence,
            opened: Vec::new(),
            anomalies: BTreeMap::new(),
            groups: BTreeMap::new(),
            diagnoses: Vec::new(),
            plans: Vec::new(),
            verdicts: Vec::new(),
            asks: Vec::new(),
            acts: Vec::new(),
            verifications: Vec::new(),
            notifications: Vec::new(),
            outcomes: Vec::new(),
            answers: Vec::new(),
            matching: Matching::default(),
        };
        for line in evidence.journal.lines() {
            let (sequence, time) = (line.sequence, line.time);
            match &line.body {
                Body::Decision(decision) => case.read_decision(sequence, time, decision),
                Body::Outcome(what) => case.outcomes.push(Said { sequence, time, what }),
                Body::Answer(what) => case.answers.push(Said { sequence, time, what }),
                Body::Event(_) | Body::Note(_) | Body::EngineFailure(_) => {}
            }
        }
        if let Some(truth) = evidence.truth {
            case.matching = Matching::new(truth, &case.opened, evidence.topology);
        }
        case
    }

    /// The labelled incidents; none if nothing is labelled.
    #[must_use]
    pub fn truths(&self) -> &'a [TrueIncident] {
        self.evidence.truth.map_or(&[], |truth| &truth.incidents)
    }

    /// Acts that are meant to change the fleet.
    pub fn fleet_acts(&self) -> impl Iterator<Item = Said<'a, Action>> + '_ {
        self.acts.iter().copied().filter(|act| touches(act.what))
    }

    /// The number of the incident in which `id` ended up after merges.
    #[must_use]
    pub fn survivor(&self, id: IncidentId) -> IncidentId {
        let mut now = id;
        for _ in 0..=self.opened.len() {
            match self.opened.iter().find(|o| o.id == now).and_then(|o| o.merged_into) {
                Some(next) => now = next,
                None => break,
            }
        }
        now
    }

    /// Ids of the engine's incidents that answer the truth at `index`, first answer first.
    #[must_use]
    pub fn answering(&self, index: usize) -> Vec<IncidentId> {
        self.matching.answers[index].iter().map(|a| self.opened[a.opened].id).collect()
    }

    /// The truths whose claim holds `time`.
    pub fn claimed(&self, time: SimTime) -> impl Iterator<Item = (usize, &'a TrueIncident)> {
        self.truths().iter().enumerate().filter(move |(_, t)| t.claim().contains(time))
    }

    /// Whether `time` is in a stretch that counts neither way.
    #[must_use]
    pub fn ignored(&self, time: SimTime) -> bool {
        self.evidence.truth.is_some_and(|t| t.ignore.iter().any(|w: &Window| w.contains(time)))
    }

    /// Whether a person had said yes to an act before it was done.
    #[must_use]
    pub fn approved(&self, act: &Said<'_, Action>) -> bool {
        let mine: Vec<AnswerKind> = self
            .answers
            .iter()
            .filter(|a| a.what.action == act.what.id && a.sequence < act.sequence)
            .map(|a| a.what.kind)
            .collect();
        mine.contains(&AnswerKind::Approved) && !mine.contains(&AnswerKind::Refused)
    }

    /// The last final answer of the world to an action.
    #[must_use]
    pub fn final_outcome(&self, action: ActionId) -> Option<Said<'a, Outcome>> {
        let finals = |o: &&Said<'a, Outcome>| o.what.action == action && o.what.status.is_final();
        self.outcomes.iter().rev().find(finals).copied()
    }

    /// The service that an entity belongs to, or the entity itself.
    #[must_use]
    pub fn service<'n>(&'n self, entity: &'n Name) -> &'n Name {
        self.evidence.topology.map_or(entity, |map| service_in(map, entity))
    }

    fn read_decision(&mut self, sequence: u64, time: SimTime, decision: &'a Decision) {
        match decision {
            Decision::Anomaly(anomaly) => {
                self.anomalies.entry(anomaly.id).or_insert(time);
            }
            Decision::Incident(incident) => self.read_incident(time, incident),
            Decision::Diagnosis(what) => self.diagnoses.push(Said { sequence, time, what }),
            Decision::Plan(what) => self.plans.push(Said { sequence, time, what }),
            Decision::Verdict(what) => self.verdicts.push(Said { sequence, time, what }),
            Decision::Ask(what) => self.asks.push(Said { sequence, time, what }),
            Decision::Act(what) => self.acts.push(Said { sequence, time, what }),
            Decision::Verified(what) => self.verifications.push(Said { sequence, time, what }),
            Decision::Notify(what) => self.notifications.push(Said { sequence, time, what }),
            Decision::Resolved { .. } => {}
        }
    }

    fn read_incident(&mut self, time: SimTime, incident: &Incident) {
        let place = self.opened.iter().position(|o| o.id == incident.id).unwrap_or_else(|| {
            self.opened.push(Opened {
                id: incident.id,
                opened: time,
                ended: None,
                merged_into: None,
                gained: BTreeMap::new(),
                entities: Vec::new(),
            });
            self.opened.len() - 1
        });
        let life = &mut self.opened[place];
        for anomaly in &incident.anomalies {
            let told = *self.anomalies.entry(anomaly.id).or_insert(time);
            life.gained.entry(anomaly.id).or_insert(told);
            self.groups.insert(anomaly.id, incident.id);
            if !life.entities.contains(&anomaly.entity) {
                life.entities.push(anomaly.entity.clone());
            }
        }
        match incident.change {
            IncidentChange::Closed => life.ended = Some(time),
            IncidentChange::Merged => {
                life.ended = Some(time);
                life.merged_into = incident.other.filter(|other| *other != incident.id);
            }
            _ => {}
        }
    }
}

/// Whether an action is meant to change the fleet: no page, no dry run.
#[must_use]
pub(super) fn touches(action: &Action) -> bool {
    action.verb().touches_fleet() && !action.dry_run
}

/// The service of an entity in a map, or the name itself if the map does not know it.
pub(super) fn service_in<'n>(map: &'n crate::model::Topology, entity: &'n Name) -> &'n Name {
    map.find(entity).map_or(entity, |id| map.name(map.service_of(id)))
}
