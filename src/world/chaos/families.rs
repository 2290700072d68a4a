//! Which fault stands for which family of faults that testbeds and chaos tools know.
//!
//! The families are the union of AIOpsLab, ITBench, SREGym, Chaos Mesh, Litmus, RCAEval and OpenRCA
//! as of 2026, and the holes that this union leaves. In: nothing. Out: a table that
//! `windtunnel coverage` joins with a corpus of scenarios and with what the fleet shows. A test
//! holds that every family has a fault and every fault a family.

/// A family of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// Root-cause types of the article that it maps to, and letters for what lies outside them:
    /// BD bad deploy, RE resource exhaustion, CD config drift, DF dependency failure, CE
    /// certificate expiry, +S secrets, +L load, +D disk, X outside; a to g for a hole that nobody
    /// fills.
    pub maps_to: &'static str,
    /// Kinds of faults here.
    pub kinds: &'static [&'static str],
}

/// All families, those of the union first, then its holes.
pub const ALL: &[Family] = &[
    family("wrong, missing or incompatible image or binary", "BD", &["bad_deploy"]),
    family("code defect in a new version", "BD", &["bad_deploy"]),
    family("bad rollout settings, probes, hanging start, invalid command", "BD", &["bad_deploy"]),
    family("feature-flag flip", "BD/CD", &["flag_flip"]),
    family("code defect without a deploy", "BD", &["code_defect", "bad_replica", "stuck_state"]),
    family("memory leak, OOM, heap", "RE", &["memory_leak", "bad_deploy"]),
    family("CPU saturation, throttling, noisy neighbour", "RE", &["cpu_hog", "noisy_neighbour"]),
    family("disk full, slow or worn", "RE +D", &["disk_fill", "hardware_fault"]),
    family(
        "threads, connections, file descriptors, database locks",
        "RE/DF",
        &["thread_exhaustion", "connection_leak", "file_descriptor_leak", "lock_contention"],
    ),
    family(
        "quota, autoscaler, preemption, scaled to zero",
        "RE/CD",
        &["replicas_edited", "node_cordoned", "autoscaler_churn"],
    ),
    family(
        "load flood, retry storm, queue lag, poison message, cold cache",
        "RE +L",
        &["traffic_surge", "retry_storm", "poison_message", "cache_failure"],
    ),
    family("pod, container or process kill", "X", &["pod_kill"]),
    family(
        "network delay, loss, partition",
        "DF",
        &["network_latency", "packet_loss", "network_partition"],
    ),
    family("DNS broken", "DF/CD", &["dns_failure"]),
    family(
        "dependency down, wrong port, selector, network or mesh policy",
        "DF",
        &["dependency_failure", "wrong_endpoint"],
    ),
    family("configuration or labels edited out of band", "CD", &["config_drift"]),
    family("credentials revoked or changed", "+S/DF", &["secret_expiry"]),
    family("certificate expired", "CE", &["certificate_expiry"]),
    family("clock skew", "CE/X", &["clock_skew"]),
    family("node, zone or cloud loss, drain, cordon", "DF/X", &["node_loss", "zone_loss"]),
    family("kernel and hardware errors", "X", &["hardware_fault"]),
    family("no fault", "control", &["innocent_deploy", "innocent_change"]),
    family("expiry seen days ahead", "hole a", &["certificate_expiry", "secret_expiry"]),
    family("drift as desired against live, safe or destructive", "hole b", &["config_drift"]),
    family(
        "canary, known previous version, and a rollback that is bad itself",
        "hole c",
        &["bad_deploy"],
    ),
    family(
        "a fault that heals by itself",
        "hole d",
        &["pod_kill", "dependency_failure", "traffic_surge", "node_loss"],
    ),
    family("a fault caused by a remedy", "hole e", &["backfire", "retry_storm"]),
    family(
        "missing, late, doubled, mislabelled, untrue telemetry, counter resets, flapping alerts",
        "hole f",
        &[
            "telemetry_loss",
            "telemetry_delay",
            "telemetry_duplicate",
            "telemetry_mislabel",
            "telemetry_lie",
            "telemetry_clock_skew",
            "counter_reset",
            "alert_flapping",
        ],
    ),
    family(
        "approver absent, executor of orders down",
        "hole f",
        &["people_absent", "executor_down"],
    ),
    family("a deploy that is near in time and innocent", "hole g", &["innocent_deploy"]),
];

const fn family(
    name: &'static str,
    maps_to: &'static str,
    kinds: &'static [&'static str],
) -> Family {
    Family { name, maps_to, kinds }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::world::chaos::catalog;

    #[test]
    fn every_family_has_faults_and_every_fault_a_family() {
        let known: BTreeSet<&str> = catalog::ALL.iter().map(|entry| entry.kind).collect();
        let used: BTreeSet<&str> = ALL.iter().flat_map(|family| family.kinds).copied().collect();
        assert_eq!(known, used);
        assert!(ALL.iter().all(|family| !family.kinds.is_empty()));
        for hole in ["a", "b", "c", "d", "e", "f", "g"] {
            let name = format!("hole {hole}");
            assert!(ALL.iter().any(|family| family.maps_to == name), "{name}");
        }
    }
}
