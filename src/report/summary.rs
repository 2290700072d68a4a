//! Many cases at a glance: one row a case and the aggregate, read from the run's document.
//!
//! In: the run's document in its stable JSON form. Out: `Summary`, plain data for terminal, index
//! page and plots. A field that the document does not have is absent. Known limit: of a case with
//! several incidents, the one that answers a truth (else the first) is shown.

use serde_json::Value;

use super::format;
use super::scores;
use crate::unit::SimDuration;

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRow {
    /// Its name.
    pub name: String,
    /// Whether a real incident was seen; absent without labels or without an incident to see.
    pub detected: Option<bool>,
    /// From onset to the first signal.
    pub time_to_detect: Option<SimDuration>,
    /// Rank of the real root cause among the hypotheses.
    pub rank: Option<u64>,
    /// Whom the top hypothesis blames.
    pub top: Option<String>,
    /// For what.
    pub cause: Option<String>,
    /// How sure it is.
    pub confidence: Option<f64>,
    /// Whether the cause type is right.
    pub cause_ok: Option<bool>,
    /// The first remedy and what the guardrails ruled: "rollback allow".
    pub would_do: Option<String>,
    /// Users served again after.
    pub recovered: Option<SimDuration>,
}

/// One localization measure beside chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Its name, e.g. `ac@1`.
    pub name: String,
    /// Its value in 0..=1.
    pub value: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// What chance would reach.
    pub chance: Option<f64>,
    /// How many cases.
    pub n: Option<f64>,
}

/// One bin of the reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Mean confidence in it.
    pub confidence: f64,
    /// Share that was right.
    pub accuracy: f64,
    /// How many answers.
    pub n: f64,
}

/// Many cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Where they come from.
    pub name: String,
    /// How they were run.
    pub mode: String,
    /// Provenance by name, in the order to print.
    pub facts: Vec<(String, String)>,
    /// One row a case, in order.
    pub cases: Vec<CaseRow>,
    /// Cases that could not be run, with the reason.
    pub failures: Vec<(String, String)>,
    /// The scorecard over all.
    pub aggregate: Value,
}

impl Summary {
    /// Reads a run's document.
    #[must_use]
    pub fn read(document: &Value) -> Self {
        let text = |pointer: &str| text(document, pointer);
        let path = text("/source/path").unwrap_or_default();
        let facts = [
            ("source", text("/source/path")),
            ("provenance", text("/source/provenance")),
            ("mode", text("/mode").map(|m| format::words(&m))),
            ("seed", document.get("seed").and_then(Value::as_u64).map(|s| s.to_string())),
            ("policy", text("/policy")),
            ("policy hash", text("/policy_hash")),
            ("windtunnel", text("/windtunnel")),
        ];
        let facts = facts.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?)));
        let failures = list(document, "/failures").iter().map(|failure| {
            let problems = list(failure, "/problems").iter().filter_map(Value::as_str);
            let name = failure.get("name").and_then(Value::as_str).unwrap_or_default();
            (name.to_owned(), problems.collect::<Vec<_>>().join("; "))
        });
        Self {
            name: path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(),
            mode: format::words(&text("/mode").unwrap_or_default()),
            facts: facts.collect(),
            cases: list(document, "/trials").iter().map(case).collect(),
            failures: failures.collect(),
            aggregate: document.get("aggregate").cloned().unwrap_or(Value::Null),
        }
    }

    /// Localization measures in 0..=1, beside chance.
    #[must_use]
    pub fn accuracy(&self) -> Vec<Beside> {
        let rows = scores::rows(&self.aggregate).into_iter();
        let rows = rows.filter(|r| r.section == "localization");
        let wanted = ["ac@1", "ac@3", "ac@5", "avg@5", "mrr", "cause_accuracy"];
        let mut found: Vec<Beside> = rows
            .filter(|r| wanted.contains(&r.name.as_str()))
            .filter_map(|r| {
                let interval = r.low.zip(r.high);
                Some(Beside { value: r.value?, interval, chance: r.chance, n: r.n, name: r.name })
            })
            .collect();
        found.sort_by_key(|b| wanted.iter().position(|w| *w == b.name));
        found
    }
}

/// The bins of a scorecard's reliability diagram.
#[must_use]
pub fn bins(scorecard: &Value) -> Vec<Bin> {
    let bins = list(scorecard, "/confidence/bins").iter();
    let number = |bin: &Value, key: &str| bin.get(key).and_then(Value::as_f64);
    bins.filter_map(|bin| {
        let (confidence, accuracy) = (number(bin, "confidence")?, number(bin, "accuracy")?);
        Some(Bin { confidence, accuracy, n: number(bin, "n")? })
    })
    .collect()
}

fn case(trial: &Value) -> CaseRow {
    let found = trial.pointer("/scorecard/findings/0").unwrap_or(&Value::Null);
    let number = |pointer: &str| found.pointer(pointer).and_then(Value::as_f64);
    let answered = number("/detection/answered");
    let real = answered.zip(number("/detection/missed")).map(|(a, m)| a + m);
    let seen = number("/detection/times_s/0");
    let incident = incident(trial, found);
    let top = |key: &str| incident.and_then(|i| i.pointer(&format!("/hypotheses/0/{key}")));
    let named = |key: &str| top(key).and_then(Value::as_str).map(str::to_owned);
    CaseRow {
        name: text(trial, "/name").unwrap_or_default(),
        detected: real.filter(|r| *r > 0.0).and(answered).map(|a| a > 0.0),
        time_to_detect: seen.map(SimDuration::from_secs_f64),
        rank: found.pointer("/localization/0/ranks/0").and_then(Value::as_u64),
        top: named("entity"),
        cause: named("cause"),
        confidence: top("confidence").and_then(Value::as_f64),
        cause_ok: found.pointer("/confidence/0/cause_right").and_then(Value::as_bool),
        would_do: incident.and_then(would_do),
        recovered: incident.and_then(recovered),
    }
}

fn incident<'a>(trial: &'a Value, found: &Value) -> Option<&'a Value> {
    let incidents = list(trial, "/incidents");
    let answers = |i: &Value| !list(i, "/answers").is_empty();
    let answering = list(found, "/opened").iter().find(|o| answers(o)).and_then(|o| o.get("id"));
    let by_id = incidents.iter().find(|i| answering.is_some() && i.get("id") == answering);
    by_id.or_else(|| incidents.first())
}

fn would_do(incident: &Value) -> Option<String> {
    let action = list(incident, "/actions").first()?;
    let verb = format::words(action.get("verb")?.as_str()?);
    let verdict = action.get("verdict").and_then(Value::as_str).unwrap_or(format::ABSENT);
    Some(format!("{verb}: {}", format::words(verdict)))
}

fn recovered(incident: &Value) -> Option<SimDuration> {
    let at = |stage: &str| -> Option<crate::unit::SimTime> {
        incident.pointer(&format!("/stages/{stage}"))?.as_str()?.parse().ok()
    };
    Some(at("recovered")?.since(at("onset")?))
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_case_row_is_read_from_the_incident_that_answers_a_truth() {
        let summary = Summary::read(&fixture::document());
        let row = &summary.cases[0];
        assert_eq!((row.detected, row.rank, row.cause_ok), (Some(true), Some(1), Some(true)));
        assert_eq!(row.top.as_deref(), Some("api-server"));
        assert_eq!(row.would_do.as_deref(), Some("rollback: allow"));
        assert_eq!(row.recovered, Some(SimDuration::from_secs(372)));
        assert_eq!(summary.accuracy()[0].name, "ac@1");
        let control = &summary.cases[1];
        assert_eq!((control.detected, control.rank, control.confidence), (None, None, None));
    }
}
