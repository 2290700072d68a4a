//! What a mock fleet is made of, as a scenario file writes it.
//!
//! In: YAML or JSON (unknown keys refused). Out: plain data; `synthetic/check.rs` finds what does
//! not fit together. Units stand in each field's doc; durations are texts such as `90s`, shares
//! are numbers from 0 to 1. Known limit: one pool of workers per replica.

mod call;
mod load;
mod node;
mod part;
mod platform;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Objective;
use crate::unit::{Ratio, SimDuration};

pub use call::{BreakerSpec, CallSpec};
pub use load::{ClosedSpec, FlashCrowdSpec, LoadSpec};
pub use node::NodePoolSpec;
pub use part::{
    AutoscaleSpec, CacheSpec, ConfigKeySpec, DiskSpec, OperationSpec, ProbeSpec, SecretSpec,
};
pub use platform::{ActuationSpec, ScrapeSpec};

/// The services, their call graph, and what users were promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    /// What users were promised at the service where they enter.
    pub objective: Objective,
    /// The services by name.
    pub services: BTreeMap<String, ServiceSpec>,
    /// Machines by the name of their pool (default none: replicas stand nowhere, and there is
    /// always room for one more).
    #[serde(default)]
    pub nodes: BTreeMap<String, NodePoolSpec>,
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
    /// What it is; decides on metrics and on what a restart loses (default `service`).
    pub kind: ServiceKind,
    /// What it is asked for, by name (default: one kind of request).
    pub operations: BTreeMap<String, OperationSpec>,
    /// Processors reserved for a replica on its node (default: `cpu_cores`).
    pub cpu_request: Option<f64>,
    /// Memory reserved for a replica on its node, MiB (default: `memory_limit_mib`).
    pub memory_request_mib: Option<f64>,
    /// Disruption budget: replicas that must stay ready when one is evicted (default none).
    pub min_available: Option<u32>,
    /// A replica that fails this probe is started anew (default: no probe).
    pub liveness: Option<ProbeSpec>,
    /// A replica that fails this probe gets no requests (default: ready once it is up).
    pub readiness: Option<ProbeSpec>,
    /// Startup probe: a container that takes longer is killed (default: it may take for ever).
    pub startup_limit: Option<SimDuration>,
    /// Adds and removes replicas by itself (default: it does not).
    pub autoscale: Option<AutoscaleSpec>,
    /// That it is a cache, and how good a one.
    pub cache: Option<CacheSpec>,
    /// Connections that one replica accepts from all its callers (default: no limit).
    pub max_connections: Option<u32>,
    /// Time per request under a lock that one request of a replica holds at a time (default 0s).
    pub lock_time: SimDuration,
    /// The disk of each replica (default: it writes to none).
    pub disk: Option<DiskSpec>,
    /// Open files and sockets that a replica may have (default 65536).
    pub file_limit: u32,
    /// Longest time until a replica reads a new certificate (default 0s).
    pub certificate_reload: SimDuration,
    /// Whether a replica reads its certificate only when it starts (default false).
    pub certificate_needs_restart: bool,
    /// Credentials for one of its callees.
    pub secret: Option<SecretSpec>,
    /// Feature flags and whether they are on.
    pub flags: BTreeMap<String, bool>,
    /// Desired settings by key, for those that matter.
    pub config: BTreeMap<String, ConfigKeySpec>,
}

/// What a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    /// It computes and calls others.
    #[default]
    Service,
    /// It keeps data and takes connections.
    Database,
    /// It keeps copies of data.
    Cache,
    /// It keeps messages until they are taken.
    Broker,
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
            kind: ServiceKind::Service,
            operations: BTreeMap::new(),
            cpu_request: None,
            memory_request_mib: None,
            min_available: None,
            liveness: None,
            readiness: None,
            startup_limit: None,
            autoscale: None,
            cache: None,
            max_connections: None,
            lock_time: SimDuration::ZERO,
            disk: None,
            file_limit: 65_536,
            certificate_reload: SimDuration::ZERO,
            certificate_needs_restart: false,
            secret: None,
            flags: BTreeMap::new(),
            config: BTreeMap::new(),
        }
    }
}

impl ServiceSpec {
    /// Most replicas that the platform grants.
    #[must_use]
    pub fn max_replicas(&self) -> u32 {
        self.max_replicas.unwrap_or(self.replicas.saturating_mul(2))
    }

    /// Processors reserved for a replica.
    #[must_use]
    pub fn cpu_request(&self) -> f64 {
        self.cpu_request.unwrap_or(self.cpu_cores)
    }

    /// Memory reserved for a replica, MiB.
    #[must_use]
    pub fn memory_request_mib(&self) -> f64 {
        self.memory_request_mib.unwrap_or(self.memory_limit_mib)
    }
}
