//! Parts of a service that it may have or not, as a scenario writes them.
//!
//! Probes and the autoscaler carry Kubernetes' defaults; each default names its source.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::unit::{Ratio, SimDuration};

/// A liveness or readiness probe; defaults as in Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProbeSpec {
    /// Time between probes (default 10s).
    pub period: SimDuration,
    /// How long an answer may take (default 1s).
    pub timeout: SimDuration,
    /// Failures in a row until it counts (default 3).
    pub failures: u32,
}

/// Adds and removes replicas by itself; defaults as of Kubernetes' horizontal pod autoscaler.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AutoscaleSpec {
    /// Fewest replicas (default 1).
    pub min: u32,
    /// Share of the processors that replicas should use (default 0.7).
    pub cpu: Ratio,
    /// Time between decisions (default 15s).
    pub interval: SimDuration,
    /// Deviation from `cpu` that is left alone (default 0.1).
    pub tolerance: Ratio,
    /// Before replicas are removed, the highest wish of this time counts (default 5m).
    pub stabilise: SimDuration,
}

/// A cache: how often it has the answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CacheSpec {
    /// Share of look-ups that hit once it is warm (default 0.9).
    pub hit_ratio: Ratio,
    /// Time in which a cold replica comes within 1/e of it (default 5m).
    pub fill: SimDuration,
}

/// The disk of each replica.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiskSpec {
    /// Its size, MiB (default 20480).
    pub size_mib: f64,
    /// In use at the start, MiB (default 8192).
    pub used_mib: f64,
    /// Written and kept per 1000 requests, MiB (default 0).
    pub mib_per_1000_requests: f64,
    /// Share of what is above `used_mib` that a clean-up may remove (default 0.9).
    pub reclaimable: Ratio,
    /// Share of requests that fail when nothing can be written (default 1).
    pub needed: Ratio,
}

/// Credentials with a lease, by which a service is known to one of its callees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSpec {
    /// The callee that asks for them.
    pub to: String,
    /// Time until the lease ends, counted from the start.
    pub expires_in: SimDuration,
    /// Longest time until a replica reads new ones: the kubelet's sync period of 60s and the time
    /// to live of its cache (default 90s).
    #[serde(default = "reload")]
    pub reload: SimDuration,
    /// Whether the old ones stay valid while new ones are loaded (default false: they are revoked
    /// at once, and replicas fail until they have read the new ones).
    #[serde(default)]
    pub overlap: bool,
    /// Whether they are renewed by themselves before they end (default true).
    #[serde(default = "yes")]
    pub renewed: bool,
}

/// One desired setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigKeySpec {
    /// The desired value.
    pub value: String,
    /// Whether applying another value makes the thing anew, and its data lost (default false).
    #[serde(default)]
    pub destructive: bool,
}

/// Some of the requests that a service answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationSpec {
    /// Share of the service's requests, relative to its other operations (default 1).
    #[serde(default = "one")]
    pub share: f64,
    /// Mean time of own work (default: the service's).
    #[serde(default)]
    pub service_time: Option<SimDuration>,
    /// Calls per request by callee; whom it does not name it does not call. How a call is made
    /// stands in the service's `calls`.
    #[serde(default)]
    pub calls: std::collections::BTreeMap<String, f64>,
}

impl Default for ProbeSpec {
    fn default() -> Self {
        Self { period: SimDuration::from_secs(10), timeout: SimDuration::from_secs(1), failures: 3 }
    }
}

impl Default for AutoscaleSpec {
    fn default() -> Self {
        Self {
            min: 1,
            cpu: Ratio::clamped(0.7),
            interval: SimDuration::from_secs(15),
            tolerance: Ratio::clamped(0.1),
            stabilise: SimDuration::from_secs(300),
        }
    }
}

impl Default for CacheSpec {
    fn default() -> Self {
        Self { hit_ratio: Ratio::clamped(0.9), fill: SimDuration::from_secs(300) }
    }
}

impl Default for DiskSpec {
    fn default() -> Self {
        Self {
            size_mib: 20_480.0,
            used_mib: 8_192.0,
            mib_per_1000_requests: 0.0,
            reclaimable: Ratio::clamped(0.9),
            needed: Ratio::ONE,
        }
    }
}

fn reload() -> SimDuration {
    SimDuration::from_secs(90)
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}
