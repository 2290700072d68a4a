//! What things cost the user: the prices by which settings are compared.
//!
//! In: a YAML file with every price. Out: `Costs`, or every problem with line and column. Prices
//! are in one currency, at least 0. Limit: a tenth bad minute costs like the first.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::campaign::sweep::row::Row;
use crate::catalog::schema_of;
use crate::scenario::shape::{self, Finding};
use crate::scenario::source::Source;
use crate::scenario::{Problem, yaml};

/// Prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Format version; 1.
    pub version: u32,
    /// The currency, for people.
    pub currency: String,
    /// Somebody paged by day.
    #[schemars(range(min = 0))]
    pub page: f64,
    /// Somebody woken between 22:00 and 06:00.
    #[schemars(range(min = 0))]
    pub page_at_night: f64,
    /// A minute in which users are not served as promised.
    #[schemars(range(min = 0))]
    pub bad_minute: f64,
    /// An incident in which the engine alone did something wrong, beside the minutes that it cost.
    #[schemars(range(min = 0))]
    pub wrong_action: f64,
    /// A harmful action of the engine alone, on top.
    #[schemars(range(min = 0))]
    pub harmful_action: f64,
    /// A guardrail violation.
    #[schemars(range(min = 0))]
    pub violation: f64,
    /// An incident that users still feel at the end of the scenario.
    #[schemars(range(min = 0))]
    pub not_recovered: f64,
}

impl Costs {
    /// Reads a file of prices.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn read(file: &Path) -> Result<Self, Vec<Problem>> {
        let source = Source::read(file).map_err(|problem| vec![*problem])?;
        let node = source.tree()?;
        let findings = shape::check(&schema_of::<Self>().to_value(), &node, "");
        if !findings.is_empty() {
            let mut all: Vec<Problem> = findings.into_iter().map(|f| source.problem(f)).collect();
            all.sort();
            return Err(all);
        }
        serde_json::from_value(node.to_json())
            .map_err(|e| vec![source.problem(Finding::new(node.at, e.to_string()))])
    }

    /// The prices for whoever gives none: `scenarios/policies/costs.yaml`, as it was built in.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        let text = include_str!("../../../scenarios/policies/costs.yaml");
        let node = yaml::parse(text).expect("the built-in prices are YAML");
        serde_json::from_value(node.to_json()).expect("the built-in prices are complete")
    }

    /// What a trial cost; absent where nobody knows what users felt.
    #[must_use]
    pub fn of(&self, row: &Row) -> Option<f64> {
        let day = row.pages.saturating_sub(row.pages_at_night);
        let times = |count: u32, price: f64| f64::from(count) * price;
        Some(
            times(day, self.page)
                + times(row.pages_at_night, self.page_at_night)
                + row.bad_minutes? * self.bad_minute
                + times(u32::from(row.wrong), self.wrong_action)
                + times(row.harmful, self.harmful_action)
                + times(row.violations, self.violation)
                + times(row.felt.saturating_sub(row.recovered), self.not_recovered),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_prices_are_the_file_and_add_up() {
        let costs = Costs::built_in();
        assert_eq!(Costs::read(Path::new("scenarios/policies/costs.yaml")).unwrap(), costs);
        let row = Row {
            pages: 2,
            pages_at_night: 1,
            bad_minutes: Some(3.0),
            felt: 1,
            wrong: true,
            ..Row::default()
        };
        let expected = costs.page
            + costs.page_at_night
            + 3.0 * costs.bad_minute
            + costs.wrong_action
            + costs.not_recovered;
        assert_eq!(costs.of(&row), Some(expected));
        assert_eq!(costs.of(&Row::default()), None);
    }

    #[test]
    fn a_price_that_is_missing_or_negative_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("costs.yaml");
        std::fs::write(&file, "version: 1\ncurrency: EUR\npage: -1\nbad_minuet: 3\n").unwrap();
        let text: String =
            Costs::read(&file).unwrap_err().iter().map(|p| format!("{p}\n")).collect();
        for part in ["did you mean \"bad_minute\"?", "at least 0", "missing key \"wrong_action\""] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
