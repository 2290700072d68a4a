//! One open incident: its members, whether they last, and its suspects.
//!
//! In: anomalies, ends of anomalies, changes. Out: the `Incident` as the journal tells it. Bounded:
//! at most `MOST_MEMBERS` anomalies are kept, the oldest; the reason says how many were not.

use super::judge::Judge;
use crate::engine::correlate::{Affinity, Clue};
use crate::engine::lexicon;
use crate::model::{Anomaly, Event, Incident, IncidentChange, Topology};
use crate::unit::{IncidentId, SimTime};

/// Anomalies kept per incident.
pub const MOST_MEMBERS: usize = 256;
const MOST_REASONS: usize = 3;

/// An anomaly as a member.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) anomaly: Anomaly,
    pub(super) clue: Clue,
    pub(super) active: bool,
}

/// An incident that is open.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) incident: Incident,
    pub(super) members: Vec<Member>,
    pub(super) last_active: SimTime,
    pub(super) announced: bool,
    pub(super) grew: bool,
    reasons: Vec<String>,
    not_kept: usize,
}

impl Member {
    pub(super) fn new(anomaly: &Anomaly, now: SimTime, topology: &Topology) -> Self {
        let words = lexicon::words(&anomaly.signal);
        let entity = topology.find(&anomaly.entity).ok();
        let clue = Clue { entity, since: anomaly.since, until: now, is_change: false, words };
        Self { anomaly: anomaly.clone(), clue, active: true }
    }
}

/// A change as a clue.
pub(super) fn clue_of_change(event: &Event, topology: &Topology) -> Clue {
    let mut text = event.reason.clone();
    for value in event.attributes.values() {
        text.push(' ');
        text.push_str(value);
    }
    let found = event.entity.as_ref().and_then(|name| topology.find(name).ok());
    let entity = found.map(|id| topology.service_of(id));
    let words = lexicon::words(&text);
    Clue { entity, since: event.time, until: event.time, is_change: true, words }
}

impl Open {
    pub(super) fn new(id: IncidentId, now: SimTime, reason: String) -> Self {
        let incident = Incident::new(id, now);
        let (members, reasons) = (Vec::new(), vec![reason]);
        let (announced, grew, not_kept) = (false, false, 0);
        Self { incident, members, last_active: now, announced, grew, reasons, not_kept }
    }

    /// Takes in a member.
    pub(super) fn admit(&mut self, member: Member, reason: Option<String>) {
        self.grew = true;
        self.incident.since = self.incident.since.min(member.anomaly.since);
        if self.members.len() < MOST_MEMBERS {
            self.members.push(member);
        } else {
            self.not_kept += 1;
        }
        if let Some(reason) = reason.filter(|r| !self.reasons.contains(r)) {
            self.reasons.push(reason);
            self.reasons.truncate(MOST_REASONS);
        }
    }

    /// Takes over everything of another incident.
    pub(super) fn absorb(&mut self, other: Self) {
        for member in other.members {
            self.admit(member, None);
        }
        self.not_kept += other.not_kept;
        self.last_active = self.last_active.max(other.last_active);
        self.members.sort_by_key(|m| m.anomaly.id);
        for change in other.incident.changes {
            self.suspect(change);
        }
    }

    /// Adds a suspect change; one that is there already changes nothing.
    pub(super) fn suspect(&mut self, change: Event) {
        if !self.incident.changes.contains(&change) {
            self.incident.changes.push(change);
            self.incident.changes.sort_by_key(|c| c.time);
            self.grew = true;
        }
    }

    /// Its nearest member's affinity to a clue.
    pub(super) fn nearest(&self, clue: &Clue, judge: &Judge, topology: &Topology) -> Affinity {
        let mut best = Affinity { value: 0.0, reason: String::new() };
        for member in &self.members {
            let said = judge.affinity(clue, &member.clue, topology);
            if said.value > best.value {
                best = said;
            }
        }
        best
    }

    /// Ends a member; whether it was one of ours.
    pub(super) fn resolve(&mut self, anomaly: u32, at: SimTime) -> bool {
        let ended = self.members.iter_mut().find(|m| m.anomaly.id == anomaly && m.active);
        let Some(member) = ended else { return false };
        member.active = false;
        member.clue.until = at;
        true
    }

    /// Active members last until now.
    pub(super) fn touch(&mut self, now: SimTime) {
        for member in self.members.iter_mut().filter(|m| m.active) {
            member.clue.until = now;
            self.last_active = now;
        }
    }

    /// The incident as the journal tells it now.
    pub(super) fn tell(&mut self, change: IncidentChange, other: Option<IncidentId>) -> Incident {
        self.announced = true;
        self.grew = false;
        self.incident.change = change;
        self.incident.other = other;
        self.incident.anomalies = self.members.iter().map(|m| m.anomaly.clone()).collect();
        self.incident.reason = self.reasons.join(" | ");
        if self.not_kept > 0 {
            let more = format!(" | {} more anomalies not kept", self.not_kept);
            self.incident.reason.push_str(&more);
        }
        self.incident.clone()
    }
}
