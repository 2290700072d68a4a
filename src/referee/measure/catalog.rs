//! All groups of measures, by name.

use super::{
    MeasureEntry, confidence, correlation, detection, impact, localization, remediation, safety,
    timing,
};

/// Every group, alphabetical.
pub const ALL: &[MeasureEntry] = &[
    confidence::ENTRY,
    correlation::ENTRY,
    detection::ENTRY,
    impact::ENTRY,
    localization::ENTRY,
    remediation::ENTRY,
    safety::ENTRY,
    timing::ENTRY,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_sorted_and_every_definition_is_a_field_of_the_scorecard() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
        for entry in ALL {
            let schema = (entry.schema)();
            let fields = schema.get("properties").unwrap().as_object().unwrap();
            for definition in entry.build {
                assert!(fields.contains_key(definition.name), "{}", definition.name);
            }
            assert_eq!(fields.len(), entry.build.len(), "{}: all fields defined", entry.kind);
        }
    }
}
