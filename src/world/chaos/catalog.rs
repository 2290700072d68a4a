//! The faults there are, in alphabetical order.

use super::{
    Build, alert_flapping, bad_deploy, certificate_expiry, config_drift, counter_reset, cpu_hog,
    dependency_failure, executor_down, innocent_deploy, memory_leak, people_absent,
    telemetry_clock_skew, telemetry_delay, telemetry_duplicate, telemetry_lie, telemetry_loss,
    telemetry_mislabel, traffic_surge,
};
use crate::catalog::Entry;

/// Every kind of fault.
pub const ALL: &[Entry<Build>] = &[
    alert_flapping::ENTRY,
    bad_deploy::ENTRY,
    certificate_expiry::ENTRY,
    config_drift::ENTRY,
    counter_reset::ENTRY,
    cpu_hog::ENTRY,
    dependency_failure::ENTRY,
    executor_down::ENTRY,
    innocent_deploy::ENTRY,
    memory_leak::ENTRY,
    people_absent::ENTRY,
    telemetry_clock_skew::ENTRY,
    telemetry_delay::ENTRY,
    telemetry_duplicate::ENTRY,
    telemetry_lie::ENTRY,
    telemetry_loss::ENTRY,
    telemetry_mislabel::ENTRY,
    traffic_surge::ENTRY,
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
