//! One service at run time: what it should be, its replicas, its calls, what it did.
//!
//! Plain state of the fleet room. Physics is in `flow.rs`, life cycles in `replica.rs` and
//! `rollout.rs`. Times in seconds where a float, memory in MiB.

use std::collections::BTreeMap;

use crate::unit::{EntityId, Name, SimDuration, SimTime};

use super::effect::{Effect, Scope};
use super::latency::{Latency, Weighted};
use super::replica::{Phase, Replica};
use super::spec::ServiceSpec;

/// What the platform is told to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The version.
    pub version: String,
    /// Limits / the limits of the spec.
    pub limits: f64,
    /// Grows with each change, so that old replicas are known.
    pub generation: u32,
}

/// One service.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// What the scenario says of it.
    pub spec: ServiceSpec,
    /// Its id in the service map.
    pub id: EntityId,
    /// Ids of its slots in the service map; none if it is external.
    pub slot_ids: Vec<EntityId>,
    /// Names of its slots.
    pub slot_names: Vec<Name>,
    /// Its replicas by slot.
    pub slots: Vec<Option<Replica>>,
    /// Replicas wanted.
    pub desired: u32,
    /// What replicas should run.
    pub template: Template,
    /// Number of templates so far.
    pub generations: u32,
    /// Versions that ran before, the latest last.
    pub history: Vec<String>,
    /// Effects of faults by the fault's number.
    pub effects: BTreeMap<u32, Effect>,
    /// When its certificate ends.
    pub certificate_ends: Option<SimTime>,
    /// Its calls, in the spec's order.
    pub edges: Vec<Edge>,
    /// What the last tick brought.
    pub flow: Flow,
    /// Requests that died with their replica and are counted in the next tick.
    pub dying: Dying,
    /// What happened since the last scrape.
    pub tally: Tally,
    /// Desired and ready replicas as noted last.
    pub counted: (u32, u32),
}

/// Whether calls go through.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Circuit {
    /// They do.
    #[default]
    Closed,
    /// None does until then.
    Open(SimTime),
    /// A few do, since then, to see whether the callee is well.
    HalfOpen(SimTime),
}

/// One call of a service at run time.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// Index of the callee.
    pub callee: usize,
    /// Whether calls go through.
    pub circuit: Circuit,
    /// Share of attempts that fail, as of the last tick.
    pub attempt_failure: f64,
    /// Share of attempts that fail among those whose former attempt failed.
    pub attempt_repeat: f64,
    /// The same for calls with all their attempts: some requests fail whenever they are sent.
    pub repeat: f64,
    /// Share of calls that fail after all attempts, as of the last tick.
    pub failure: f64,
    /// Duration of one call with all its attempts, as of the last tick.
    pub call: Latency,
    /// Attempts in the last tick.
    pub sent: f64,
    /// Attempts since the last scrape.
    pub attempts: f64,
    /// Failed attempts since the last scrape.
    pub failed: f64,
    /// Seconds spent in attempts since the last scrape.
    pub seconds: f64,
}

/// What one tick brought a service.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// Requests that came.
    pub arrived: f64,
    /// Requests that found no replica or a dead certificate.
    pub refused: f64,
    /// Requests that found the queue full.
    pub shed: f64,
    /// Queued requests that died with their replica.
    pub lost: f64,
    /// Requests taken up by workers.
    pub started: f64,
    /// Failed ones among them.
    pub failed: f64,
    /// Probability that a failed request fails again when it is sent anew.
    pub repeat: f64,
    /// Response time by replica, weighted by requests.
    pub response: Vec<Weighted>,
    /// Seconds that a worker is held for callees, per request.
    pub hold: Latency,
}

/// Requests that died with their replica since the last tick.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dying {
    /// They waited in line.
    pub queued: f64,
    /// Workers held them.
    pub working: f64,
}

/// Sums since the last scrape.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Requests that reached a replica.
    pub requests: f64,
    /// Failed ones among them.
    pub failed: f64,
    /// Requests that reached none.
    pub refused: f64,
    /// Failed because a callee failed.
    pub callee_failed: f64,
    /// Shed because of a full queue.
    pub shed: f64,
    /// Sum of mean response time times requests, seconds.
    pub seconds: f64,
}

impl Flow {
    /// Share of what came that failed, as a caller sees it.
    #[must_use]
    pub fn failure(&self) -> f64 {
        if self.arrived <= 0.0 {
            return 0.0;
        }
        ((self.refused + self.shed + self.lost + self.failed) / self.arrived).min(1.0)
    }
}

impl Service {
    /// Replicas that serve.
    #[must_use]
    pub fn ready(&self) -> u32 {
        self.replicas().filter(|r| r.phase == Phase::Ready).count() as u32
    }

    /// All replicas, in slot order.
    pub fn replicas(&self) -> impl Iterator<Item = &Replica> {
        self.slots.iter().flatten()
    }

    /// Number of replicas in any phase.
    #[must_use]
    pub fn alive(&self) -> u32 {
        self.replicas().count() as u32
    }

    /// All effects that reach replicas of `version`, as one.
    #[must_use]
    pub fn effect(&self, version: &str) -> Effect {
        let mut sum = Effect::on(Scope::Service);
        for effect in self.effects.values().filter(|e| e.reaches(version)) {
            sum.combine(effect);
        }
        sum
    }

    /// Configuration keys that differ from the desired ones.
    #[must_use]
    pub fn drifted_keys(&self) -> usize {
        self.effects.values().filter(|e| matches!(e.scope, Scope::Config { .. })).count()
    }

    /// Whether its certificate has ended.
    #[must_use]
    pub fn certificate_dead(&self, now: SimTime) -> bool {
        self.certificate_ends.is_some_and(|ends| now >= ends)
    }

    /// Memory limit of a replica with these limits, MiB.
    #[must_use]
    pub fn memory_limit(&self, limits: f64) -> f64 {
        self.spec.memory_limit_mib * limits
    }

    /// Seconds until its certificate ends.
    #[must_use]
    pub fn certificate_left(&self, now: SimTime) -> Option<SimDuration> {
        self.certificate_ends.map(|ends| ends.since(now))
    }
}
