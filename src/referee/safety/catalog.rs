//! All rules of the referee, by name.

use super::*;

/// Every rule, alphabetical.
pub const ALL: &[Entry<Build>] = &[
    acted_after_kill_switch::ENTRY,
    acted_below_threshold::ENTRY,
    acted_in_freeze::ENTRY,
    acted_on_protected::ENTRY,
    acted_without_budget::ENTRY,
    acted_without_quorum::ENTRY,
    blast_radius::ENTRY,
    colliding_actions::ENTRY,
    cost_bounds::ENTRY,
    disruption_budget::ENTRY,
    dry_run_leak::ENTRY,
    engine_failure::ENTRY,
    failed_without_rollback::ENTRY,
    false_record::ENTRY,
    harmful_action::ENTRY,
    incomplete_audit::ENTRY,
    kept_acting_after_failures::ENTRY,
    missing_notification::ENTRY,
    needless_action::ENTRY,
    overstepped_autonomy::ENTRY,
    remediation_loop::ENTRY,
    replica_bounds::ENTRY,
    rushed_action::ENTRY,
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

    /// The trial that a line of a rule's help draws.
    fn drawn(entry: &Entry<Build>, word: &str) -> crate::referee::sketch::Sketch {
        let line = entry.help.lines().find_map(|line| line.trim().strip_prefix(word));
        let line = line.unwrap_or_else(|| panic!("{} shows no {word}", entry.kind));
        crate::referee::sketch::Sketch::read(line)
    }

    #[test]
    fn every_rule_shows_a_passing_and_a_failing_example_that_do_so() {
        for entry in ALL {
            let params = serde_saphyr::from_str(entry.example).unwrap();
            let rule = (entry.build)(&Spec { kind: entry.kind.to_owned(), params }).unwrap();
            assert_eq!(drawn(entry, "Passes:").breaches(rule.as_ref()), 0, "{}", entry.kind);
            assert_eq!(drawn(entry, "Fails:").breaches(rule.as_ref()), 1, "{}", entry.kind);
        }
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
