//! The guardrails, alphabetical: one line each.

use super::{
    Build, autonomy, blast_radius, confidence_floor, cooldown, cost_bounds, disruption_budget,
    dry_run, error_budget, freeze_window, healthy_quorum, kill_switch, one_at_a_time,
    outcome_breaker, protected_targets, replica_bounds, retry_breaker, risk_approval,
};
use crate::catalog::Entry;

/// All kinds.
pub const ALL: &[Entry<Build>] = &[
    autonomy::ENTRY,
    blast_radius::ENTRY,
    confidence_floor::ENTRY,
    cooldown::ENTRY,
    cost_bounds::ENTRY,
    disruption_budget::ENTRY,
    dry_run::ENTRY,
    error_budget::ENTRY,
    freeze_window::ENTRY,
    healthy_quorum::ENTRY,
    kill_switch::ENTRY,
    one_at_a_time::ENTRY,
    outcome_breaker::ENTRY,
    protected_targets::ENTRY,
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
