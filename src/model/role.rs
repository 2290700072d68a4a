//! What a metric tells: its place among the golden signals and the USE resources.
//!
//! Inferred once, from the metric's name and unit, so that a recording from anywhere can be read
//! without per-source switches. Sources: the four golden signals (Beyer et al., "Site Reliability
//! Engineering", ch. 6), the USE method (Gregg), OpenTelemetry semantic conventions for names.

use serde::{Deserialize, Serialize};

/// What a metric tells about its entity.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Requests per unit of time.
    Traffic,
    /// Failed requests, as a rate or a share.
    Errors,
    /// Share of good requests.
    Availability,
    /// Time per request.
    Latency,
    /// CPU in use or its share of the limit.
    Cpu,
    /// Memory in use or its share of the limit.
    Memory,
    /// Disk space or I/O.
    Disk,
    /// Network bytes or packets.
    Network,
    /// Queue length, backlog, lag, connections or threads in use.
    Saturation,
    /// Container restarts.
    Restarts,
    /// Time left before a certificate or secret expires.
    Expiry,
    /// Configuration that differs from the desired one.
    Drift,
    /// Replicas desired or available.
    Replicas,
    /// Nothing known.
    Other,
}

/// Which way is bad.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher is worse.
    Up,
    /// Lower is worse.
    Down,
    /// Either may be.
    Both,
}

/// Words that decide a role, the more specific first. A word matches whole parts of the name
/// as split at anything that is no letter or digit, and at changes to upper case.
const WORDS: [(Role, &[&str]); 14] = [
    (Role::Expiry, &["expiry", "expiration", "notafter", "certificate", "cert", "lease"]),
    (Role::Drift, &["drift"]),
    (Role::Restarts, &["restart", "restarts", "crash", "crashes"]),
    (Role::Availability, &["availability", "success"]),
    (Role::Errors, &["error", "errors", "fault", "failure", "failures", "failed", "5xx", "4xx"]),
    (Role::Latency, &["latency", "duration", "delay", "lat"]),
    (Role::Replicas, &["replicas", "pods", "replica"]),
    (
        Role::Saturation,
        &[
            "queue",
            "backlog",
            "lag",
            "connections",
            "descriptors",
            "threads",
            "active",
            "pending",
            "saturation",
            "throttled",
            "gc",
        ],
    ),
    (Role::Cpu, &["cpu", "load"]),
    (Role::Memory, &["memory", "mem", "heap", "rss"]),
    (Role::Disk, &["disk", "filesystem", "fs", "diskio", "syscall", "volume"]),
    (Role::Network, &["network", "net", "bytes", "socket", "packets", "transmit", "receive"]),
    (
        Role::Traffic,
        &["requests", "request", "rps", "qps", "throughput", "workload", "traffic", "ops", "rate"],
    ),
    (Role::Other, &[]),
];

impl Role {
    /// The role that a metric's name and unit suggest.
    #[must_use]
    pub fn infer(metric: &str, unit: &str) -> Self {
        let parts = parts(metric);
        for (role, words) in WORDS {
            if parts.iter().any(|part| words.contains(&part.as_str())) {
                return role;
            }
        }
        match unit {
            "s" | "ms" | "us" | "ns" => Self::Latency,
            "By" | "MiBy" | "GiBy" => Self::Memory,
            _ => Self::Other,
        }
    }

    /// Which way is bad for metrics of this role.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Availability | Self::Expiry => Direction::Down,
            Self::Traffic | Self::Replicas | Self::Other | Self::Network | Self::Disk => {
                Direction::Both
            }
            _ => Direction::Up,
        }
    }

    /// Whether a user of the entity feels this metric: a symptom, not a resource.
    #[must_use]
    pub const fn is_symptom(self) -> bool {
        matches!(self, Self::Errors | Self::Availability | Self::Latency)
    }

    /// Whether it is a resource that runs out.
    #[must_use]
    pub const fn is_resource(self) -> bool {
        matches!(self, Self::Cpu | Self::Memory | Self::Disk | Self::Network | Self::Saturation)
    }
}

fn parts(metric: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut was_lower = false;
    for c in metric.chars() {
        let boundary = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_lower);
        if boundary {
            parts.push(String::new());
        }
        if let (true, Some(last)) = (c.is_ascii_alphanumeric(), parts.last_mut()) {
            last.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_many_sources_find_their_role() {
        for (metric, unit, role) in [
            ("http.server.request.duration", "s", Role::Latency),
            ("http.server.request.error_ratio", "1", Role::Errors),
            ("http.server.request.rate", "{request}/s", Role::Traffic),
            ("availability", "%", Role::Availability),
            ("requests", "{request}", Role::Traffic),
            ("CpuUsageRate(%)", "%", Role::Cpu),
            ("MemoryUsage(Mi)", "MiBy", Role::Memory),
            ("PodServerLatencyP90(s)", "s", Role::Latency),
            ("container.memory.working_set", "By", Role::Memory),
            ("cartservice_latency-90", "", Role::Latency),
            ("cartservice_cpu", "", Role::Cpu),
            ("k8s.deployment.available_pods", "{pod}", Role::Replicas),
            ("k8s.container.restart.count", "{restart}", Role::Restarts),
            ("value", "", Role::Other),
            ("tls.certificate.time_left", "s", Role::Expiry),
            ("secret.lease.time_left", "s", Role::Expiry),
            ("messaging.consumer.lag", "{message}", Role::Saturation),
            ("db.client.connections.utilization", "1", Role::Saturation),
            ("process.open_file_descriptors.utilization", "1", Role::Saturation),
            ("k8s.volume.utilization", "1", Role::Disk),
            ("k8s.node.filesystem.utilization", "1", Role::Disk),
            ("PodSuccessRate(%)", "%", Role::Availability),
        ] {
            assert_eq!(Role::infer(metric, unit), role, "{metric}");
        }
    }
}
