//! What a fault does to a service, and which replicas it reaches.
//!
//! Owns `Effect`: one fault's pull on the physics of a service. Faults add and lift effects by
//! their number; actions lift some of them by what they do (a rollback leaves the version, a
//! reconcile puts the configuration back, a flag goes off). Combined by product, sum, or "any of
//! them". Pulls on calls are in `call_effect.rs`, pulls on machines in `node.rs`.

use crate::unit::SimDuration;

use super::replica::Replica;

/// Which replicas an effect reaches, and so what removes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// All replicas, whatever they run.
    Service,
    /// Replicas that run this version.
    Version(String),
    /// The live configuration: gone once it is reconciled. Holds key, desired and live value.
    Config {
        /// The key that differs.
        key: String,
        /// What the repository says.
        desired: String,
        /// What runs.
        live: String,
    },
    /// All replicas while this feature flag is on.
    Flag(String),
    /// The first so many slots, whatever runs in them: a few bad ones among good ones.
    Slots(u32),
    /// Replicas that were started no later than this fault's beginning: gone by a restart.
    Containers(u64),
}

impl Scope {
    /// Whether it reaches some replicas of a version and not others.
    pub(super) const fn tells_replicas_apart(&self) -> bool {
        matches!(self, Self::Slots(_) | Self::Containers(_))
    }
}

/// One fault's pull on one service. Rates are per replica and minute of running.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Which replicas it reaches.
    pub scope: Scope,
    /// The operation that `slow` and `errors` are confined to, if they are.
    pub operation: Option<String>,
    /// Own work takes this many times as long (1: unchanged).
    pub slow: f64,
    /// Share of requests that fail (0: unchanged).
    pub errors: f64,
    /// Processor share that somebody else takes, 0..1.
    pub stolen_cpu: f64,
    /// Memory that is never given back, MiB per minute of running.
    pub leak_mib_per_minute: f64,
    /// Memory that is never given back, MiB per 1000 requests.
    pub leak_mib_per_1000_requests: f64,
    /// The container ends by itself this long after it became ready.
    pub crash_after: Option<SimDuration>,
    /// Words for the log line of a request that fails because of it.
    pub error_words: &'static str,
    /// Workers that hang for ever, per minute.
    pub worker_leak_per_minute: f64,
    /// Pooled connections to each callee that are never given back, per minute.
    pub connection_leak_per_minute: f64,
    /// Files and sockets that are never closed, per minute.
    pub file_leak_per_minute: f64,
    /// Written to the replica's disk (or its node's, if it has none of its own), MiB per minute.
    pub disk_mib_per_minute: f64,
    /// Further time per request under the exclusive lock, seconds.
    pub lock_s: f64,
    /// How far the clock is off, seconds; beyond a minute, tokens are refused.
    pub clock_skew_s: f64,
    /// Share of a queue's partitions that are blocked by a message nobody can digest.
    pub poison: f64,
    /// Starting takes this many times as long.
    pub slow_start: f64,
    /// Containers that start cannot get their image.
    pub no_image: bool,
    /// The readiness probe fails whatever the replica does.
    pub never_ready: bool,
    /// The liveness probe fails whatever the replica does.
    pub fails_liveness: bool,
    /// Share of look-ups of a cache that miss although it is warm.
    pub cache_misses: f64,
}

impl Effect {
    /// An effect that does nothing yet.
    #[must_use]
    pub const fn on(scope: Scope) -> Self {
        Self {
            scope,
            operation: None,
            slow: 1.0,
            errors: 0.0,
            stolen_cpu: 0.0,
            leak_mib_per_minute: 0.0,
            leak_mib_per_1000_requests: 0.0,
            crash_after: None,
            error_words: "internal error",
            worker_leak_per_minute: 0.0,
            connection_leak_per_minute: 0.0,
            file_leak_per_minute: 0.0,
            disk_mib_per_minute: 0.0,
            lock_s: 0.0,
            clock_skew_s: 0.0,
            poison: 0.0,
            slow_start: 1.0,
            no_image: false,
            never_ready: false,
            fails_liveness: false,
            cache_misses: 0.0,
        }
    }

    /// The same at a part of its strength; 0 does nothing.
    #[must_use]
    pub fn scaled(&self, level: f64) -> Self {
        let some = level > 0.0;
        Self {
            slow: 1.0 + (self.slow - 1.0) * level,
            errors: self.errors * level,
            stolen_cpu: self.stolen_cpu * level,
            leak_mib_per_minute: self.leak_mib_per_minute * level,
            leak_mib_per_1000_requests: self.leak_mib_per_1000_requests * level,
            crash_after: self.crash_after.filter(|_| some),
            worker_leak_per_minute: self.worker_leak_per_minute * level,
            connection_leak_per_minute: self.connection_leak_per_minute * level,
            file_leak_per_minute: self.file_leak_per_minute * level,
            disk_mib_per_minute: self.disk_mib_per_minute * level,
            lock_s: self.lock_s * level,
            clock_skew_s: self.clock_skew_s * level,
            poison: self.poison * level,
            slow_start: 1.0 + (self.slow_start - 1.0) * level,
            no_image: self.no_image && some,
            never_ready: self.never_ready && some,
            fails_liveness: self.fails_liveness && some,
            cache_misses: self.cache_misses * level,
            ..self.clone()
        }
    }

    /// Whether a replica in `slot` feels it; `flag` says which flags are on.
    #[must_use]
    pub fn reaches(&self, replica: &Replica, slot: usize, flag: impl Fn(&str) -> bool) -> bool {
        match &self.scope {
            Scope::Version(bad) => *bad == replica.template.version,
            Scope::Service | Scope::Config { .. } => true,
            Scope::Flag(name) => flag(name),
            Scope::Slots(first) => slot < *first as usize,
            Scope::Containers(last) => replica.container <= *last,
        }
    }

    /// Whether it does the same to every request and wears nothing out.
    pub(super) fn is_steady(&self) -> bool {
        let wears = [
            self.leak_mib_per_minute,
            self.leak_mib_per_1000_requests,
            self.worker_leak_per_minute,
            self.connection_leak_per_minute,
            self.file_leak_per_minute,
            self.disk_mib_per_minute,
            self.poison,
        ];
        let lives = self.no_image || self.never_ready || self.fails_liveness;
        wears == [0.0; 7] && !lives && self.crash_after.is_none() && self.slow_start == 1.0
    }

    /// Adds another fault's pull to this one.
    pub fn combine(&mut self, other: &Self) {
        let either = |a: f64, b: f64| 1.0 - (1.0 - a) * (1.0 - b);
        self.slow *= other.slow;
        self.slow_start *= other.slow_start;
        self.errors = either(self.errors, other.errors);
        self.stolen_cpu = either(self.stolen_cpu, other.stolen_cpu);
        self.poison = either(self.poison, other.poison);
        self.cache_misses = either(self.cache_misses, other.cache_misses);
        self.leak_mib_per_minute += other.leak_mib_per_minute;
        self.leak_mib_per_1000_requests += other.leak_mib_per_1000_requests;
        self.worker_leak_per_minute += other.worker_leak_per_minute;
        self.connection_leak_per_minute += other.connection_leak_per_minute;
        self.file_leak_per_minute += other.file_leak_per_minute;
        self.disk_mib_per_minute += other.disk_mib_per_minute;
        self.lock_s += other.lock_s;
        self.clock_skew_s += other.clock_skew_s;
        self.no_image |= other.no_image;
        self.never_ready |= other.never_ready;
        self.fails_liveness |= other.fails_liveness;
        self.crash_after = match (self.crash_after, other.crash_after) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if other.errors > 0.0 {
            self.error_words = other.error_words;
        }
    }
}
