//! What leaves the fleet: telemetry that became visible, answers, timers, and the record.
//!
//! In: whatever happens inside. Out: drained by `synthetic.rs` into the batch and the event queue.
//! The record is kept here because everything that changes the fleet has this in hand.

use crate::model::{
    Event, EventKind, LogRecord, Outcome, OutcomeStatus, ReplicaCount, WorldRecord,
};
use crate::unit::{ActionId, Name, SimDuration, SimTime};

/// Something that the fleet wants to be called back for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A replica's container may be up now.
    Ready(Life),
    /// A replica's back-off is over: start its container again.
    Restart(Life),
    /// A replica's container ends by itself.
    Crash(Life),
    /// A canary has been watched long enough.
    Canary(u32),
    /// An action that replaces no replica is done.
    Finish(u32),
    /// A rollout should be complete by now.
    Deadline(u32),
    /// A container took too long to come up.
    TooSlow(Life),
    /// A replica reads its certificate and credentials anew.
    Reload(Life),
    /// A node with this index may be found silent now.
    NodeSilent(usize),
    /// The pods of a silent node may be given up now.
    NodeGone(usize),
    /// A drain tries to evict what is left.
    Drain(u32),
}

/// One life of one container: stale timers of a former life are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Index of the service.
    pub service: usize,
    /// Index of the slot.
    pub slot: usize,
    /// Number of the container, unique in its fleet.
    pub container: u64,
}

/// What leaves the fleet.
#[derive(Debug, Default)]
pub struct Outbox {
    /// The instant of whatever is being done.
    pub now: SimTime,
    /// Call-backs to be scheduled.
    pub timers: Vec<(SimTime, Timer)>,
    /// Events that became visible.
    pub events: Vec<Event>,
    /// Log records that became visible.
    pub logs: Vec<LogRecord>,
    /// Answers to actions.
    pub outcomes: Vec<Outcome>,
    /// What really happened.
    pub record: WorldRecord,
}

impl Outbox {
    /// Asks to be called back after `delay`.
    pub fn after(&mut self, delay: SimDuration, timer: Timer) {
        assert!(delay >= SimDuration::ZERO, "a timer rings later, not earlier");
        self.timers.push((self.now + delay, timer));
    }

    /// A Kubernetes event about `entity` at this instant.
    pub fn kubernetes(&mut self, entity: &Name, reason: &str, attributes: &[(&str, String)]) {
        let event = Event::new(self.now, EventKind::Kubernetes, Some(entity.clone()), reason);
        let event = attributes.iter().fold(event, |event, (key, value)| event.with(key, value));
        self.events.push(event);
    }

    /// Says how an action stands.
    pub fn outcome(&mut self, action: ActionId, status: OutcomeStatus, detail: impl Into<String>) {
        self.outcomes.push(Outcome { action, time: self.now, status, detail: detail.into() });
    }

    /// Notes how many replicas a service has.
    pub fn count(&mut self, service: &Name, desired: u32, ready: u32) {
        let (time, service) = (self.now, service.clone());
        self.record.replicas.push(ReplicaCount { time, service, desired, ready });
    }
}
