//! A scorecard as rows for a person: one row per measure, with n, interval and chance beside it.
//!
//! In: the scorecard in its stable JSON form. Out: flat rows in the order of the sections, so that
//! a new measure appears in every report for nothing. Absent stays absent. Known limit: nested
//! tables (a reliability diagram's bins) are not rows; the plots read them on their own.

use serde_json::{Map, Value};

use super::format;

/// One measure.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// Section, e.g. `localization`.
    pub section: String,
    /// Measure, e.g. `ac@1`.
    pub name: String,
    /// Its value, if there is one.
    pub value: Option<f64>,
    /// How many cases it rests on.
    pub n: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
    /// What chance alone would reach.
    pub chance: Option<f64>,
    /// Further numbers: median, p95.
    pub more: Vec<(String, f64)>,
}

const SECTIONS: [&str; 7] =
    ["detection", "correlation", "localization", "confidence", "timing", "safety", "impact"];

/// All measures of a scorecard, section by section.
#[must_use]
pub fn rows(scorecard: &Value) -> Vec<ScoreRow> {
    let Value::Object(sections) = scorecard else { return Vec::new() };
    let known = SECTIONS.iter().filter_map(|name| sections.get(*name).map(|v| (*name, v)));
    let others = sections.iter().map(|(name, v)| (name.as_str(), v));
    let others = others.filter(|(name, _)| !SECTIONS.contains(name));
    known.chain(others).flat_map(|(name, value)| section(name, value)).collect()
}

/// Violations by kind, those that did not happen left out.
#[must_use]
pub fn violations(scorecard: &Value) -> Vec<(String, f64)> {
    let Some(Value::Object(kinds)) = scorecard.pointer("/safety/violations") else {
        return Vec::new();
    };
    let counted = kinds.iter().filter_map(|(kind, n)| Some((kind.clone(), measured(n)?)));
    counted.filter(|(_, n)| *n > 0.0).collect()
}

fn measured(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.get("value").and_then(Value::as_f64))
}

fn section(name: &str, value: &Value) -> Vec<ScoreRow> {
    let Value::Object(measures) = value else { return Vec::new() };
    measures.iter().filter_map(|(measure, value)| row(name, measure, value)).collect()
}

fn row(section: &str, name: &str, value: &Value) -> Option<ScoreRow> {
    match value {
        Value::Null => Some(plain(section, name, None)),
        Value::Bool(yes) => Some(plain(section, name, Some(f64::from(u8::from(*yes))))),
        Value::Number(number) => Some(plain(section, name, number.as_f64())),
        Value::Object(parts) => estimate(section, name, parts),
        Value::String(_) | Value::Array(_) => None,
    }
}

fn estimate(section: &str, name: &str, parts: &Map<String, Value>) -> Option<ScoreRow> {
    let get = |key: &str| parts.get(key).and_then(Value::as_f64);
    if parts.contains_key("value") || parts.contains_key("mean") {
        let value = get("value").or_else(|| get("mean"));
        let more = ["median", "p95"].iter().filter_map(|k| Some(((*k).to_owned(), get(k)?)));
        return Some(ScoreRow {
            n: get("n"),
            low: get("low"),
            high: get("high"),
            chance: get("chance"),
            more: more.collect(),
            ..plain(section, name, value)
        });
    }
    let numbers: Vec<(String, f64)> =
        parts.iter().filter_map(|(k, v)| Some((k.clone(), measured(v)?))).collect();
    (numbers.len() == parts.len()).then(|| ScoreRow {
        more: numbers.iter().filter(|(_, n)| *n != 0.0).cloned().collect(),
        ..plain(section, name, Some(numbers.iter().map(|(_, n)| n).sum()))
    })
}

fn plain(section: &str, name: &str, value: Option<f64>) -> ScoreRow {
    ScoreRow {
        section: section.to_owned(),
        name: name.to_owned(),
        value,
        n: None,
        low: None,
        high: None,
        chance: None,
        more: Vec::new(),
    }
}

impl ScoreRow {
    /// The name for a person; a unit at its end is in the value.
    #[must_use]
    pub fn label(&self) -> String {
        format::words(self.name.strip_suffix("_s").unwrap_or(&self.name))
    }

    /// The value for a person, with its unit where the name carries one.
    #[must_use]
    pub fn shown(&self) -> String {
        self.value.map_or_else(|| format::ABSENT.to_owned(), |v| self.in_unit(v))
    }

    /// The interval for a person, or absent.
    #[must_use]
    pub fn interval(&self) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => format!("{} … {}", self.in_unit(low), self.in_unit(high)),
            _ => format::ABSENT.to_owned(),
        }
    }

    /// Chance for a person, or absent.
    #[must_use]
    pub fn by_chance(&self) -> String {
        self.chance.map_or_else(|| format::ABSENT.to_owned(), |v| self.in_unit(v))
    }

    /// n for a person, or absent.
    #[must_use]
    pub fn cases(&self) -> String {
        self.n.map_or_else(|| format::ABSENT.to_owned(), format::number)
    }

    /// The further numbers for a person.
    #[must_use]
    pub fn rest(&self) -> String {
        let shown =
            self.more.iter().map(|(k, v)| format!("{} {}", format::words(k), self.in_unit(*v)));
        shown.collect::<Vec<_>>().join(", ")
    }

    fn in_unit(&self, value: f64) -> String {
        if self.name.ends_with("_s") {
            return format::short(crate::unit::SimDuration::from_secs_f64(value));
        }
        format::number(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scorecard_becomes_rows_and_absent_stays_absent() {
        let card = serde_json::json!({
            "localization": {"ac@1": {"value": 1.0, "n": 1, "low": 0.2, "high": 1.0, "chance": 0.1},
                             "mrr": null},
            "timing": {"mttr_s": {"mean": 372.0, "median": 372.0, "p95": null, "n": 1}},
            "safety": {"violations": {"blast_radius": 0, "dry_run_leak": 2}},
        });
        let rows = rows(&card);
        let shown: Vec<String> = rows
            .iter()
            .map(|r| format!("{} {} {} {}", r.name, r.shown(), r.interval(), r.rest()))
            .collect();
        assert_eq!(
            shown,
            [
                "ac@1 1 0.2 … 1 ",
                "mrr – – ",
                "mttr_s 6m12s – median 6m12s",
                "violations 2 – dry run leak 2"
            ]
        );
        assert_eq!(violations(&card), [("dry_run_leak".to_owned(), 2.0)]);
    }
}
