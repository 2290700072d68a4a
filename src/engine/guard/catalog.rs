//! The guardrails, alphabetical: one line each.

use super::{
    Build, blast_radius, confidence_floor, cooldown, dry_run, replica_bounds, retry_breaker,
    risk_approval,
};
use crate::catalog::Entry;

/// All kinds.
pub const ALL: &[Entry<Build>] = &[
    blast_radius::ENTRY,
    confidence_floor::ENTRY,
    cooldown::ENTRY,
    dry_run::ENTRY,
    replica_bounds::ENTRY,
    retry_breaker::ENTRY,
    risk_approval::ENTRY,
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
            assert!((entry.build)(&spec).is_ok(), "{text}");
        }
    }
}
