//! How a mock fleet is watched and how well orders are carried out, as a scenario writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::unit::{Ratio, SimDuration};

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
    /// Share of actions that are done by half, where there is a half: rotations, shedding, shifts,
    /// clean-ups (default 0).
    pub partial: Ratio,
    /// Time from the order until the platform begins (default 2s).
    pub delay: SimDuration,
    /// How long a canary is watched before the rest follows (default 60s).
    pub canary_pause: SimDuration,
    /// How long a rollout may take before it is given up as incomplete (default 10m).
    pub deadline: SimDuration,
    /// Applying configuration (default 15s: an apply and the watch of a config map).
    pub reconcile: SimDuration,
    /// Issuing a certificate (default 30s: one ACME HTTP-01 order).
    pub issue_certificate: SimDuration,
    /// Issuing credentials (default 10s: a database role created by a secret engine).
    pub issue_secret: SimDuration,
    /// Telling a mesh to open a circuit (default 1s: an xDS push).
    pub switch_circuit: SimDuration,
    /// Telling a gateway to shed load (default 5s: a rate-limit service's poll).
    pub shed: SimDuration,
    /// Switching a feature flag (default 10s: polling clients; streaming ones are faster).
    pub switch_flag: SimDuration,
    /// Removing files (default 30s: rotate, compress, delete).
    pub clean_disk: SimDuration,
    /// Changing the weights of zones (default 60s: time to live of a DNS record).
    pub shift_traffic: SimDuration,
    /// Cordoning a node before the first eviction (default 2s: one call of the API).
    pub cordon: SimDuration,
    /// Whether reconciling also applies attributes that can only be changed by making the thing
    /// anew, as `terraform apply` would after a careless yes (default false: they are left alone).
    pub reconcile_destructive: bool,
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
            partial: Ratio::ZERO,
            delay: SimDuration::from_secs(2),
            canary_pause: SimDuration::from_secs(60),
            deadline: SimDuration::from_secs(600),
            reconcile: SimDuration::from_secs(15),
            issue_certificate: SimDuration::from_secs(30),
            issue_secret: SimDuration::from_secs(10),
            switch_circuit: SimDuration::from_secs(1),
            shed: SimDuration::from_secs(5),
            switch_flag: SimDuration::from_secs(10),
            clean_disk: SimDuration::from_secs(30),
            shift_traffic: SimDuration::from_secs(60),
            cordon: SimDuration::from_secs(2),
            reconcile_destructive: false,
        }
    }
}
