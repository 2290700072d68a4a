//! The remedies, alphabetical: one line each.

use super::{
    Build, clean_disk, disable_flag, drain, open_circuit, page_on_call, reconcile_config, restart,
    rollback, rotate_certificate, rotate_secret, runbook, scale_in, scale_out, scale_up, shed_load,
    shift_traffic,
};
use crate::catalog::Entry;

/// All kinds.
pub const ALL: &[Entry<Build>] = &[
    clean_disk::ENTRY,
    disable_flag::ENTRY,
    drain::ENTRY,
    open_circuit::ENTRY,
    page_on_call::ENTRY,
    reconcile_config::ENTRY,
    restart::ENTRY,
    rollback::ENTRY,
    rotate_certificate::ENTRY,
    rotate_secret::ENTRY,
    runbook::ENTRY,
    scale_in::ENTRY,
    scale_out::ENTRY,
    scale_up::ENTRY,
    shed_load::ENTRY,
    shift_traffic::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Spec;

    #[test]
    fn kinds_are_sorted_and_unique_and_their_examples_build() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
        for entry in ALL {
            let text = format!("{}: {}", entry.kind, entry.example);
            let spec: Spec = serde_saphyr::from_str(&text).unwrap();
            let built = (entry.build)(&spec);
            let own = |r: Box<dyn super::super::Remedy + Send>| match r.runbook() {
                Some(_) => "runbook",
                None => r.verb().as_str(),
            };
            assert_eq!(built.map(own).ok(), Some(entry.kind), "{text}");
        }
    }
}
