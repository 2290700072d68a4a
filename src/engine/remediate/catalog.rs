//! The remedies, alphabetical: one line each.

use super::{
    Build, open_circuit, page_on_call, reconcile_config, restart, rollback, rotate_certificate,
    runbook, scale_out, scale_up,
};
use crate::catalog::Entry;

/// All kinds.
pub const ALL: &[Entry<Build>] = &[
    open_circuit::ENTRY,
    page_on_call::ENTRY,
    reconcile_config::ENTRY,
    restart::ENTRY,
    rollback::ENTRY,
    rotate_certificate::ENTRY,
    runbook::ENTRY,
    scale_out::ENTRY,
    scale_up::ENTRY,
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
