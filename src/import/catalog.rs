//! The import formats there are, in alphabetical order.

use super::Build;
use super::{nab, nezha, otlp, petshop, prometheus};
use crate::catalog::Entry;

/// All import formats.
pub const ALL: &[Entry<Build>] =
    &[nab::ENTRY, nezha::ENTRY, otlp::ENTRY, petshop::ENTRY, prometheus::ENTRY];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_unique() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
    }
}
