//! The faults there are, in alphabetical order.

use super::{
    Build, bad_deploy, certificate_expiry, config_drift, cpu_hog, dependency_failure,
    innocent_deploy, memory_leak, traffic_surge,
};
use crate::catalog::Entry;

/// Every kind of fault.
pub const ALL: &[Entry<Build>] = &[
    bad_deploy::ENTRY,
    certificate_expiry::ENTRY,
    config_drift::ENTRY,
    cpu_hog::ENTRY,
    dependency_failure::ENTRY,
    innocent_deploy::ENTRY,
    memory_leak::ENTRY,
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
