//! All detectors, alphabetically.

use super::{
    Build, burn_rate, context_band, event_match, level_shift, log_templates, rarity, robust_score,
    span_stats, threshold,
};
use crate::catalog::Entry;

/// Every kind of detector.
pub const ALL: &[Entry<Build>] = &[
    burn_rate::ENTRY,
    context_band::ENTRY,
    event_match::ENTRY,
    level_shift::ENTRY,
    log_templates::ENTRY,
    rarity::ENTRY,
    robust_score::ENTRY,
    span_stats::ENTRY,
    threshold::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Spec;

    #[test]
    fn kinds_are_sorted_unique_and_their_examples_build() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
        for entry in ALL {
            let params = serde_saphyr::from_str(entry.example).unwrap();
            let spec = Spec { kind: entry.kind.to_owned(), params };
            assert!((entry.build)(&spec).is_ok(), "{}", entry.kind);
            assert!((entry.build)(&Spec::plain(entry.kind)).is_ok(), "{}", entry.kind);
        }
    }
}
