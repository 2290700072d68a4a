//! The RCA methods, alphabetical: one line each.

use super::{
    Build, baro, change_proximity, deepest_callee, ensemble, expiry, lost_machine, nsigma,
    owned_excess, owned_time, random_guess, random_walk, ranked_correlation, regression_test,
    spectrum, traversal, visit_habits,
};
use crate::catalog::Entry;

/// All kinds.
pub const ALL: &[Entry<Build>] = &[
    baro::ENTRY,
    change_proximity::ENTRY,
    deepest_callee::ENTRY,
    ensemble::ENTRY,
    expiry::ENTRY,
    lost_machine::ENTRY,
    nsigma::ENTRY,
    owned_excess::ENTRY,
    owned_time::ENTRY,
    random_guess::ENTRY,
    random_walk::ENTRY,
    ranked_correlation::ENTRY,
    regression_test::ENTRY,
    spectrum::ENTRY,
    traversal::ENTRY,
    visit_habits::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::super::Parts;
    use super::*;
    use crate::catalog::Spec;

    #[test]
    fn kinds_are_sorted_and_unique_and_their_examples_build() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
        for entry in ALL {
            let text = format!("{}: {}", entry.kind, entry.example);
            let spec: Spec = serde_saphyr::from_str(&text).unwrap();
            let built = (entry.build)(&spec, Parts { seed: 1, members: Vec::new() });
            assert!(built.is_ok(), "{text}: {:?}", built.err());
        }
    }
}
