//! One edge of the call graph, as a scenario writes it: time-outs, retries, pools, breakers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::unit::{Ratio, SimDuration};

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
    /// Most retries as a share of first attempts, as Finagle's and Linkerd's retry budgets
    /// (default: no budget, `retries` alone decides).
    #[serde(default)]
    pub retry_budget: Option<Ratio>,
    /// Connections to the callee that one replica of the caller may hold (default: no limit).
    #[serde(default)]
    pub pool: Option<u32>,
    /// How long to wait for a connection of the pool (default: `timeout`).
    #[serde(default)]
    pub pool_timeout: Option<SimDuration>,
    /// A cache that the caller also calls: this call is made only when the cache misses.
    #[serde(default)]
    pub cache: Option<String>,
    /// A broker that the caller also calls: this call is a message through it, which nobody waits
    /// for and which the callee takes from a queue when it can.
    #[serde(default)]
    pub via: Option<String>,
    /// Opens by itself when the callee fails (default: only an action opens a circuit).
    #[serde(default)]
    pub breaker: Option<BreakerSpec>,
}

/// A circuit breaker of a call.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerSpec {
    /// Share of failed attempts from which it opens (default 0.5, as resilience4j's).
    pub failures: Ratio,
    /// For how long they must fail (default 10s, Envoy's outlier interval).
    pub window: SimDuration,
}

impl Default for BreakerSpec {
    fn default() -> Self {
        Self { failures: Ratio::clamped(0.5), window: SimDuration::from_secs(10) }
    }
}

impl Default for CallSpec {
    fn default() -> Self {
        Self {
            to: String::new(),
            per_request: one(),
            timeout: two_seconds(),
            retries: one_retry(),
            optional: false,
            retry_budget: None,
            pool: None,
            pool_timeout: None,
            cache: None,
            via: None,
            breaker: None,
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
