//! What a mock fleet is made of, as a scenario file writes it.
//!
//! In: YAML or JSON (unknown keys refused). Out: plain data; `synthetic/check.rs` finds what does
//! not fit together. Units stand in each field's doc; durations are texts such as `90s`, shares
//! are numbers from 0 to 1. Known limit: one kind of request, one pool of workers per replica.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Objective;
use crate::unit::{Ratio, SimDuration};

/// The services, their call graph, and what users were promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    /// What users were promised at the service where they enter.
    pub objective: Objective,
    /// The services by name.
    pub services: BTreeMap<String, ServiceSpec>,
}

/// One service: its replicas, its work, whom it calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceSpec {
    /// Replicas wanted at the start (default 2).
    pub replicas: u32,
    /// Most replicas that the platform grants (default: twice `replicas`).
    pub max_replicas: Option<u32>,
    /// Requests that one replica works on at the same time (default 16); a worker is held while
    /// it waits for a callee.
    pub concurrency: u32,
    /// Mean time of own work per request, without waiting and without callees (default 20ms).
    pub service_time: SimDuration,
    /// Standard deviation / mean of the own work (default 1).
    pub service_time_cv: f64,
    /// Share of requests that fail even on a good day (default 0.0005).
    pub error_ratio: Ratio,
    /// Share of the own work that is computing; the rest waits for disks and locks (default 0.3).
    pub cpu_share: Ratio,
    /// Processors that one replica may use (default 1).
    pub cpu_cores: f64,
    /// Requests that may wait per replica before more are shed (default 200).
    pub queue_limit: u32,
    /// Whom it calls, one after the other.
    pub calls: Vec<CallSpec>,
    /// Memory at which a replica is killed, MiB (default 512).
    pub memory_limit_mib: f64,
    /// Memory of an idle replica, MiB (default 180).
    pub memory_base_mib: f64,
    /// Memory per request in flight, MiB (default 0.5).
    pub memory_per_request_mib: f64,
    /// From being scheduled to being ready (default 20s).
    pub startup: SimDuration,
    /// After being ready, how long the service time falls from double to normal (default 30s).
    pub warm_up: SimDuration,
    /// Version that runs at the start (default `v1.0.0`).
    pub version: String,
    /// The version before it, if there is one to go back to (default none).
    pub previous_version: Option<String>,
    /// What runs it: decides garbage collection and the words of its log.
    pub runtime: Runtime,
    /// Time until its certificate expires, counted from the start (default: it has none).
    pub certificate_expires_in: Option<SimDuration>,
    /// Whether it belongs to somebody else: no replica metrics, no actions on it (default false).
    pub external: bool,
}

/// One edge of the call graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallSpec {
    /// The service that is called.
    pub to: String,
    /// Calls per request of the caller; below 1 it is a probability (default 1).
    #[serde(default = "one")]
    pub per_request: f64,
    /// How long one attempt may take (default 2s).
    #[serde(default = "two_seconds")]
    pub timeout: SimDuration,
    /// Further attempts after a failed one (default 1).
    #[serde(default = "one_retry")]
    pub retries: u32,
    /// Whether the caller can answer without it (default false).
    #[serde(default)]
    pub optional: bool,
}

/// What runs a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// A JVM: tracing collector with long pauses under memory pressure.
    Java,
    /// Go: concurrent collector, short pauses.
    Go,
    /// `CPython`: reference counting; memory pressure costs nothing until the limit.
    Python,
    /// A proxy without a collector.
    Nginx,
}

/// What users ask of the fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadSpec {
    /// The service where requests enter (default: the objective's service).
    #[serde(default)]
    pub entry: Option<String>,
    /// Mean over a day, requests per second.
    pub rate: f64,
    /// How far the daily peak stands above the mean, as a share of it (default 0.3).
    #[serde(default = "daily_amplitude")]
    pub daily_amplitude: Ratio,
    /// Hour of the daily peak, UTC, 0..24 (default 14).
    #[serde(default = "peak_hour")]
    pub peak_hour: f64,
    /// Standard deviation / mean of the rate from minute to minute (default 0.03).
    #[serde(default = "noise_cv")]
    pub noise_cv: f64,
    /// How long a user waits before giving up, which counts as failed (default 10s).
    #[serde(default = "patience")]
    pub timeout: SimDuration,
}

/// How the fleet is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScrapeSpec {
    /// Time between scrapes, whole seconds (default 15s).
    pub interval: SimDuration,
    /// Standard deviation / mean of the measuring error of resource metrics (default 0.02).
    pub noise_cv: f64,
    /// Share of requests that are traced (default 0.002).
    pub span_ratio: Ratio,
    /// Most traces per scrape (default 8).
    pub span_limit: u32,
    /// Ordinary log lines per service and scrape (default 2).
    pub log_lines: u32,
    /// Share of failed requests whose log line is kept (default 0.05).
    pub log_error_ratio: Ratio,
    /// Most log lines of one template per service and scrape (default 12).
    pub log_limit: u32,
}

/// How well orders to the platform are carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ActuationSpec {
    /// Share of actions that fail without changing anything (default 0).
    pub fail: Ratio,
    /// Time from the order until the platform begins (default 2s).
    pub delay: SimDuration,
    /// How long a canary is watched before the rest follows (default 60s).
    pub canary_pause: SimDuration,
    /// How long a rollout may take before it is given up as incomplete (default 10m).
    pub deadline: SimDuration,
}

impl Default for ServiceSpec {
    fn default() -> Self {
        Self {
            replicas: 2,
            max_replicas: None,
            concurrency: 16,
            service_time: SimDuration::from_millis(20),
            service_time_cv: 1.0,
            error_ratio: Ratio::clamped(0.0005),
            cpu_share: Ratio::clamped(0.3),
            cpu_cores: 1.0,
            queue_limit: 200,
            calls: Vec::new(),
            memory_limit_mib: 512.0,
            memory_base_mib: 180.0,
            memory_per_request_mib: 0.5,
            startup: SimDuration::from_secs(20),
            warm_up: SimDuration::from_secs(30),
            version: "v1.0.0".to_owned(),
            previous_version: None,
            runtime: Runtime::Go,
            certificate_expires_in: None,
            external: false,
        }
    }
}

impl ServiceSpec {
    /// Most replicas that the platform grants.
    #[must_use]
    pub fn max_replicas(&self) -> u32 {
        self.max_replicas.unwrap_or(self.replicas.saturating_mul(2))
    }
}

impl Default for ScrapeSpec {
    fn default() -> Self {
        Self {
            interval: SimDuration::from_secs(15),
            noise_cv: 0.02,
            span_ratio: Ratio::clamped(0.002),
            span_limit: 8,
            log_lines: 2,
            log_error_ratio: Ratio::clamped(0.05),
            log_limit: 12,
        }
    }
}

impl Default for ActuationSpec {
    fn default() -> Self {
        Self {
            fail: Ratio::ZERO,
            delay: SimDuration::from_secs(2),
            canary_pause: SimDuration::from_secs(60),
            deadline: SimDuration::from_secs(600),
        }
    }
}

fn one() -> f64 {
    1.0
}

fn two_seconds() -> SimDuration {
    SimDuration::from_secs(2)
}

fn one_retry() -> u32 {
    1
}

fn daily_amplitude() -> Ratio {
    Ratio::clamped(0.3)
}

fn peak_hour() -> f64 {
    14.0
}

fn noise_cv() -> f64 {
    0.03
}

fn patience() -> SimDuration {
    SimDuration::from_secs(10)
}
