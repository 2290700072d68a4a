//! One service at run time: what it should be, its replicas, its calls, what it did.
//!
//! Plain state of the fleet room. Physics is in `flow.rs`, life cycles in `replica.rs` and
//! `rollout.rs`. Times in seconds where a float, memory in MiB.

use std::collections::BTreeMap;

use crate::kernel::Streams;
use crate::unit::{EntityId, Name, SimDuration, SimTime};

use super::autoscaler::Wishes;
use super::call_effect::{CallEffect, Passage};
use super::effect::{Effect, Scope};
use super::in_step::InStep;
use super::latency::{Latency, Weighted};
use super::replica::{Phase, Replica};
use super::routes::Routes;
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
    /// Pulls of faults on its calls by the fault's number.
    pub call_effects: BTreeMap<u32, CallEffect>,
    /// When its certificate ends; a replica may still show an older one.
    pub certificate_ends: Option<SimTime>,
    /// Its credentials for one callee.
    pub secret: Option<Secret>,
    /// Feature flags and whether they are on.
    pub flags: BTreeMap<String, bool>,
    /// Share of requests that it was told to reject at once.
    pub shed_share: f64,
    /// Share of look-ups that hit, if it is a cache, as of the last tick.
    pub hit: f64,
    /// What its autoscaler remembers.
    pub(super) wishes: Wishes,
    /// Its calls, in the spec's order.
    pub edges: Vec<Edge>,
    /// Its operations, if it has more than one.
    pub routes: Routes,
    /// Whether its replicas move as one (`in_step.rs`).
    pub(super) in_step: Option<InStep>,
    /// What the last tick brought.
    pub flow: Flow,
    /// Requests that died with their replica and are counted in the next tick.
    pub dying: Dying,
    /// What happened since the last scrape.
    pub tally: Tally,
    /// Desired and ready replicas as noted last.
    pub counted: (u32, u32),
    /// Chance of its log lines.
    pub(super) log_noise: Streams,
    /// Chance of its spans.
    pub(super) span_noise: Streams,
}

/// Credentials by which a service is known to one of its callees.
#[derive(Debug, Clone, PartialEq)]
pub struct Secret {
    /// Index among the service's calls.
    pub edge: usize,
    /// When the lease ends.
    pub ends: SimTime,
    /// Length of a lease.
    pub lease: SimDuration,
    /// Whether it is renewed in time by itself.
    pub renewed: bool,
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
    /// Whether the callee counts connections.
    pub counted: bool,
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
    /// Attempts that were wanted in the last tick, before the pool of connections.
    pub demand: f64,
    /// Share of them that got a connection, as of the last tick.
    pub pass: f64,
    /// Connections in use per replica of the caller, as of the last tick.
    pub pooled: f64,
    /// Share of calls that are made at all (cache misses), as of the last tick.
    pub made: f64,
    /// What an attempt suffers before the callee, as of the last tick.
    pub passage: Passage,
    /// Position of the call to the cache whose misses make this one.
    pub cache: Option<usize>,
    /// Position of the call to the broker that carries this one as a message.
    pub via: Option<usize>,
    /// Messages that wait for the callee, if it is called through a broker.
    pub waiting: f64,
    /// Messages given up after repeated delivery.
    pub dead_letters: f64,
    /// Messages taken by the callee in the last tick.
    pub delivered: f64,
    /// Since when the callee fails so that the breaker will open.
    pub bad_since: Option<SimTime>,
    /// Attempts since the last scrape.
    pub attempts: f64,
    /// Failed attempts since the last scrape.
    pub failed: f64,
    /// Seconds spent in attempts since the last scrape.
    pub seconds: f64,
}

/// What callers send a service in a tick.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Coming {
    /// Requests.
    pub(super) requests: f64,
    /// Connections that they hold or want.
    pub(super) connections: f64,
}

/// What one tick brought a service.
#[derive(Debug, Clone, Default)]
pub struct Flow {
    /// Requests that came.
    pub arrived: f64,
    /// Requests that found no replica or a dead certificate.
    pub refused: f64,
    /// Requests that went to replicas on a silent node and were never answered.
    pub dark: f64,
    /// Requests that found the queue full, or were rejected to spare the rest.
    pub shed: f64,
    /// Queued requests that died with their replica.
    pub lost: f64,
    /// Requests taken up by workers.
    pub started: f64,
    /// Requests that could have been taken up.
    pub capacity: f64,
    /// Connections that callers hold or want.
    pub connections: f64,
    /// Failed ones among those taken up.
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
    /// Begins a tick with what comes; of the last one, what held workers up is kept.
    pub(super) fn begin(&mut self, coming: Coming) {
        (self.arrived, self.connections) = (coming.requests, coming.connections);
        (self.refused, self.dark, self.shed, self.lost) = (0.0, 0.0, 0.0, 0.0);
        (self.started, self.capacity, self.failed, self.repeat) = (0.0, 0.0, 0.0, 0.0);
        self.response.clear();
    }

    /// Share of what came that failed, as a caller sees it.
    #[must_use]
    pub fn failure(&self) -> f64 {
        if self.arrived <= 0.0 {
            return 0.0;
        }
        let failed = self.refused + self.dark + self.shed + self.lost + self.failed;
        (failed / self.arrived).min(1.0)
    }
}

impl Service {
    /// Replicas that serve.
    #[must_use]
    pub fn ready(&self) -> u32 {
        let count = || self.replicas().filter(|r| r.phase == Phase::Ready).count() as u32;
        self.count_in_step().unwrap_or_else(count)
    }

    /// All replicas, in slot order.
    pub fn replicas(&self) -> impl Iterator<Item = &Replica> {
        self.slots.iter().flatten()
    }

    /// Number of replicas in any phase.
    #[must_use]
    pub fn alive(&self) -> u32 {
        self.count_in_step().unwrap_or_else(|| self.replicas().count() as u32)
    }

    /// All effects that reach the replica in `slot`, as one.
    #[must_use]
    pub fn effect(&self, replica: &Replica, slot: usize) -> Effect {
        let mut sum = Effect::on(Scope::Service);
        for effect in self.effects.values() {
            if !effect.reaches(replica, slot, |flag| self.flag(flag)) {
                continue;
            }
            match effect.operation {
                None => sum.combine(effect),
                Some(_) => sum.combine(&self.routes.diluted(effect)),
            }
        }
        sum
    }

    /// Whether an effect reaches it now or will reach the next replica that starts.
    #[must_use]
    pub fn feels(&self, effect: &Effect) -> bool {
        let next = match &effect.scope {
            Scope::Version(bad) => *bad == self.template.version,
            Scope::Service | Scope::Config { .. } | Scope::Slots(_) => true,
            Scope::Flag(name) => self.flag(name),
            Scope::Containers(_) => false,
        };
        let slots = self.slots.iter().enumerate();
        let reached = |(slot, replica): (usize, &Option<Replica>)| {
            replica.as_ref().is_some_and(|r| effect.reaches(r, slot, |flag| self.flag(flag)))
        };
        next || slots.into_iter().any(reached)
    }

    /// Whether a feature flag is on; one that is not known is off.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.flags.get(name).copied().unwrap_or(false)
    }

    /// All pulls on its calls to `callee`, as one.
    #[must_use]
    pub fn call_effect(&self, callee: usize) -> CallEffect {
        let mut sum = CallEffect::default();
        for effect in self.call_effects.values() {
            if effect.callee.is_none_or(|only| only == callee) {
                sum.combine(effect);
            }
        }
        sum
    }

    /// Configuration keys that differ from the desired ones.
    #[must_use]
    pub fn drifted_keys(&self) -> usize {
        self.effects.values().filter(|e| matches!(e.scope, Scope::Config { .. })).count()
    }

    /// Whether the certificate that every replica shows has ended.
    #[must_use]
    pub fn certificate_dead(&self, now: SimTime) -> bool {
        self.certificate_left(now).is_some_and(|left| left <= SimDuration::ZERO)
    }

    /// Whether the certificate that one replica shows has ended.
    #[must_use]
    pub fn shows_dead_certificate(&self, replica: &Replica, now: SimTime) -> bool {
        let ends = self.certificate_ends.map(|ends| replica.old_certificate.unwrap_or(ends));
        ends.is_some_and(|ends| now >= ends)
    }

    /// Share of its ready replicas whose credentials are refused.
    #[must_use]
    pub fn refused_share(&self, now: SimTime) -> f64 {
        let Some(secret) = &self.secret else { return 0.0 };
        let ready = self.replicas().filter(|r| r.phase == Phase::Ready);
        let dead = |r: &&Replica| r.old_secret || now >= secret.ends;
        let (all, bad) = ready
            .fold((0.0, 0.0), |(all, bad), r| (all + 1.0, bad + f64::from(u8::from(dead(&r)))));
        if all > 0.0 { bad / all } else { 0.0 }
    }

    /// Memory limit of a replica with these limits, MiB.
    #[must_use]
    pub fn memory_limit(&self, limits: f64) -> f64 {
        self.spec.memory_limit_mib * limits
    }

    /// Time until the first certificate that a replica shows ends.
    #[must_use]
    pub fn certificate_left(&self, now: SimTime) -> Option<SimDuration> {
        let shown = self.replicas().filter_map(|r| r.old_certificate);
        self.certificate_ends.map(|ends| shown.fold(ends, SimTime::min).since(now))
    }
}
