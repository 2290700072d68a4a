//! The numbers that a sentence may speak of: every measure of the referee, and a few short names.
//!
//! In: a name such as `mttr`, `impact.pages` or `blast_radius`. Out: where it stands on the
//! scorecard and whether it is a time. The names come from the referee's own catalogs, so that a
//! new measure can be expected for nothing.

use crate::referee::{measure, safety};

/// One number on the scorecard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// As a sentence writes it.
    pub name: String,
    /// JSON pointer into the scorecard.
    pub pointer: String,
    /// Whether it is in seconds.
    pub seconds: bool,
}

/// Short names: name, group and measure.
const SHORT: &[(&str, &str, &str)] = &[
    ("violations", "safety", "total"),
    ("false_alarms", "detection", "false_alarms_per_day"),
    ("bad_time", "impact", "bad_minutes"),
];

/// Every metric: short names first, then `group.measure` and violations by kind.
#[must_use]
pub fn metrics() -> Vec<Metric> {
    let metric =
        |name: String, pointer: String, unit: &str| Metric { name, pointer, seconds: unit == "s" };
    let mut all = Vec::new();
    for (name, group, measure) in SHORT {
        all.push(metric((*name).to_owned(), format!("/{group}/{measure}"), "1"));
    }
    for entry in safety::catalog::ALL {
        let pointer = format!("/safety/violations/{}", entry.kind);
        all.push(metric(entry.kind.to_owned(), pointer, "1"));
    }
    for entry in measure::catalog::ALL {
        for definition in entry.build {
            let bare = definition.name.strip_suffix("_s").unwrap_or(definition.name);
            let pointer = format!("/{}/{}", entry.kind, definition.name);
            if !all.iter().any(|known: &Metric| known.name == bare) {
                all.push(metric(bare.to_owned(), pointer.clone(), definition.unit));
            }
            all.push(metric(format!("{}.{bare}", entry.kind), pointer, definition.unit));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_lead_to_the_scorecard() {
        let all = metrics();
        let pointer = |name: &str| all.iter().find(|m| m.name == name).map(|m| m.pointer.as_str());
        assert_eq!(pointer("mttr"), Some("/timing/mttr_s"));
        assert_eq!(pointer("timing.mttr"), Some("/timing/mttr_s"));
        assert_eq!(pointer("violations"), Some("/safety/total"));
        assert_eq!(pointer("blast_radius"), Some("/safety/violations/blast_radius"));
        assert_eq!(pointer("pages"), Some("/impact/pages"));
        assert_eq!(pointer("ac@1"), Some("/localization/ac@1"));
    }

    #[test]
    fn no_name_has_two_meanings() {
        let all = metrics();
        let mut names: Vec<&str> = all.iter().map(|m| m.name.as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
