//! What a fault does to a service, and which replicas it reaches.
//!
//! Owns `Effect`: one fault's pull on the physics. Faults add and lift effects by their number;
//! actions lift some of them by what they do (a rollback leaves the version, a reconcile puts the
//! configuration back). Combined by product, sum, or "any of them fails".

use crate::unit::SimDuration;

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
}

/// One fault's pull on one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Which replicas it reaches.
    pub scope: Scope,
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
}

impl Effect {
    /// An effect that does nothing yet.
    #[must_use]
    pub const fn on(scope: Scope) -> Self {
        Self {
            scope,
            slow: 1.0,
            errors: 0.0,
            stolen_cpu: 0.0,
            leak_mib_per_minute: 0.0,
            leak_mib_per_1000_requests: 0.0,
            crash_after: None,
            error_words: "internal error",
        }
    }

    /// The same at a part of its strength; 0 does nothing.
    #[must_use]
    pub fn scaled(&self, level: f64) -> Self {
        Self {
            scope: self.scope.clone(),
            slow: 1.0 + (self.slow - 1.0) * level,
            errors: self.errors * level,
            stolen_cpu: self.stolen_cpu * level,
            leak_mib_per_minute: self.leak_mib_per_minute * level,
            leak_mib_per_1000_requests: self.leak_mib_per_1000_requests * level,
            crash_after: self.crash_after.filter(|_| level > 0.0),
            error_words: self.error_words,
        }
    }

    /// Whether a replica that runs `version` feels it.
    #[must_use]
    pub fn reaches(&self, version: &str) -> bool {
        match &self.scope {
            Scope::Version(bad) => bad == version,
            Scope::Service | Scope::Config { .. } => true,
        }
    }

    /// Adds another fault's pull to this one.
    pub fn combine(&mut self, other: &Self) {
        self.slow *= other.slow;
        self.errors = 1.0 - (1.0 - self.errors) * (1.0 - other.errors);
        self.stolen_cpu = 1.0 - (1.0 - self.stolen_cpu) * (1.0 - other.stolen_cpu);
        self.leak_mib_per_minute += other.leak_mib_per_minute;
        self.leak_mib_per_1000_requests += other.leak_mib_per_1000_requests;
        self.crash_after = match (self.crash_after, other.crash_after) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if other.errors > 0.0 {
            self.error_words = other.error_words;
        }
    }
}
