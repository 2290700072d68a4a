//! The remedies, alphabetical: one line each.

use super::{
    Build, open_circuit, page_on_call, reconcile_config, restart, rollback, rotate_certificate,
    scale_out, scale_up,
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
            assert_eq!(built.map(|r| r.verb().as_str()).ok(), Some(entry.kind), "{text}");
        }
    }
}
