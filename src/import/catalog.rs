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
    use serde_json::{Map, Value};

    use super::super::{ImportError, Request, import};
    use super::*;

    #[test]
    fn kinds_are_sorted_and_unique() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
    }

    fn error(kind: &str, params: &Map<String, Value>) -> ImportError {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("nothing"), folder.path().join("set"));
        let mut progress = |_: usize, _: usize, _: &str| {};
        let progress = &mut progress;
        let mut request =
            Request { source: &source, target: &target, params, overwrite: false, progress };
        let error = import(kind, &mut request).unwrap_err();
        assert!(!target.exists(), "{kind} left something behind");
        error
    }

    #[test]
    fn every_example_is_understood_and_a_missing_source_is_named() {
        for entry in ALL {
            let params = serde_saphyr::from_str(entry.example).unwrap();
            let error = error(entry.kind, &params);
            assert!(!matches!(error, ImportError::Kind(_)), "{}: {error}", entry.kind);
            assert!(error.to_string().contains("nothing"), "{}: {error}", entry.kind);
        }
    }

    #[test]
    fn unknown_kinds_and_parameters_are_named() {
        let found = error("petshp", &Map::new()).to_string();
        assert!(found.contains("did you mean \"petshop\"?"), "{found}");
        let params = serde_json::from_str(r#"{"nonsense": 1}"#).unwrap();
        for entry in ALL {
            let found = error(entry.kind, &params).to_string();
            assert!(found.contains("nonsense"), "{}: {found}", entry.kind);
        }
    }
}
