//! All correlators, alphabetically.

use super::{Build, semantic, temporal, topological};
use crate::catalog::Entry;

/// Every kind of correlator.
pub const ALL: &[Entry<Build>] = &[semantic::ENTRY, temporal::ENTRY, topological::ENTRY];

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
