//! The import formats there are, in alphabetical order.

use super::Build;
use super::{csv, nab, nezha, otlp, petshop, prometheus, rcaeval};
use crate::catalog::Entry;

/// All import formats.
pub const ALL: &[Entry<Build>] = &[
    csv::ENTRY,
    nab::ENTRY,
    nezha::ENTRY,
    otlp::ENTRY,
    petshop::ENTRY,
    prometheus::ENTRY,
    rcaeval::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_unique() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
    }
}
