//! All rules of the referee, by name.

use super::*;

/// Every rule, alphabetical.
pub const ALL: &[Entry<Build>] = &[
    acted_below_threshold::ENTRY,
    blast_radius::ENTRY,
    colliding_actions::ENTRY,
    dry_run_leak::ENTRY,
    engine_failure::ENTRY,
    failed_without_rollback::ENTRY,
    harmful_action::ENTRY,
    incomplete_audit::ENTRY,
    missing_notification::ENTRY,
    needless_action::ENTRY,
    remediation_loop::ENTRY,
    replica_bounds::ENTRY,
    unapproved_risky_action::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_every_example_builds() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
        for entry in ALL {
            let params = serde_saphyr::from_str(entry.example).unwrap();
            let spec = Spec { kind: entry.kind.to_owned(), params };
            assert!((entry.build)(&spec).is_ok(), "{}", entry.kind);
            assert!(Rules::new(vec![spec]).is_ok());
        }
        assert_eq!(Rules::default().build().len(), ALL.len());
    }

    #[test]
    fn unknown_rules_and_limits_are_all_refused() {
        let mut bad = Spec::plain("blast_radius");
        bad.params.insert("limt".to_owned(), 0.5.into());
        let problems = Rules::new(vec![Spec::plain("blast_raduis"), bad]).unwrap_err();
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(text[0].contains("did you mean \"blast_radius\"?"), "{text:?}");
        assert!(text[1].contains("limt"), "{text:?}");
    }
}
