//! The faults there are, in alphabetical order.

use super::{
    Build, alert_flapping, autoscaler_churn, backfire, bad_deploy, bad_replica, cache_failure,
    certificate_expiry, clock_skew, code_defect, config_drift, connection_leak, counter_reset,
    cpu_hog, dependency_failure, disk_fill, dns_failure, executor_down, file_descriptor_leak,
    flag_flip, hardware_fault, innocent_change, innocent_deploy, lock_contention, memory_leak,
    network_latency, network_partition, node_cordoned, node_loss, noisy_neighbour, packet_loss,
    people_absent, pod_kill, poison_message, replicas_edited, retry_storm, secret_expiry,
    stuck_state, telemetry_clock_skew, telemetry_delay, telemetry_duplicate, telemetry_lie,
    telemetry_loss, telemetry_mislabel, thread_exhaustion, traffic_surge, wrong_endpoint,
    zone_loss,
};
use crate::catalog::Entry;

/// Every kind of fault.
pub const ALL: &[Entry<Build>] = &[
    alert_flapping::ENTRY,
    autoscaler_churn::ENTRY,
    backfire::ENTRY,
    bad_deploy::ENTRY,
    bad_replica::ENTRY,
    cache_failure::ENTRY,
    certificate_expiry::ENTRY,
    clock_skew::ENTRY,
    code_defect::ENTRY,
    config_drift::ENTRY,
    connection_leak::ENTRY,
    counter_reset::ENTRY,
    cpu_hog::ENTRY,
    dependency_failure::ENTRY,
    disk_fill::ENTRY,
    dns_failure::ENTRY,
    executor_down::ENTRY,
    file_descriptor_leak::ENTRY,
    flag_flip::ENTRY,
    hardware_fault::ENTRY,
    innocent_change::ENTRY,
    innocent_deploy::ENTRY,
    lock_contention::ENTRY,
    memory_leak::ENTRY,
    network_latency::ENTRY,
    network_partition::ENTRY,
    node_cordoned::ENTRY,
    node_loss::ENTRY,
    noisy_neighbour::ENTRY,
    packet_loss::ENTRY,
    people_absent::ENTRY,
    pod_kill::ENTRY,
    poison_message::ENTRY,
    replicas_edited::ENTRY,
    retry_storm::ENTRY,
    secret_expiry::ENTRY,
    stuck_state::ENTRY,
    telemetry_clock_skew::ENTRY,
    telemetry_delay::ENTRY,
    telemetry_duplicate::ENTRY,
    telemetry_lie::ENTRY,
    telemetry_loss::ENTRY,
    telemetry_mislabel::ENTRY,
    thread_exhaustion::ENTRY,
    traffic_surge::ENTRY,
    wrong_endpoint::ENTRY,
    zone_loss::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Spec;

    #[test]
    fn kinds_are_sorted_and_unique_and_their_examples_build() {
        assert!(ALL.windows(2).all(|pair| pair[0].kind < pair[1].kind));
        for entry in ALL {
            let params = serde_saphyr::from_str(entry.example).expect(entry.kind);
            let spec = Spec { kind: entry.kind.to_owned(), params };
            let fault = (entry.build)(&spec).map_err(|e| e.to_string()).expect(entry.kind);
            assert!(fault.problems().is_empty(), "{}", entry.kind);
            let schema = serde_json::to_value((entry.schema)()).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{}", entry.kind);
        }
    }
}
