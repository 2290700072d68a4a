//! A promise about a risk, and whether the corpus is large enough to give it.
//!
//! In: a text such as `wrong_action_rate<=0.01@95%`, and per setting the loss of each unit. Out:
//! which settings the promise holds for. A unit is a scenario: its loss is the share of its seeds
//! in which the event happened, because seeds of one scenario are no independent incidents.
//! Settings with confidence floors are tested from the safest down, in a fixed sequence that
//! needs no correction; several such sequences share the error equally (Bonferroni). Source: see
//! `stats/risk.rs`. Limit: what comes must be exchangeable with the scenarios of the corpus.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::campaign::sweep::row::Row;
use crate::catalog::{did_you_mean, nearest};
use crate::stats::risk;

/// Whether an event happened in a trial.
type Event = fn(&Row) -> bool;

/// The events that a promise can be about, per incident.
const RISKS: [(&str, Event); 3] = [
    ("wrong_action_rate", |row| row.wrong),
    ("harmful_action_rate", |row| row.harmful > 0),
    ("violation_rate", |row| row.violations > 0),
];

/// What is promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// Name of the risk: share of incidents in which the event happens.
    pub risk: String,
    /// The bound, inside 0..1.
    pub bound: f64,
    /// Probability with which a promise given is kept, inside 0..1.
    pub level: f64,
}

/// Whether a promise can be given, by setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// The promise.
    pub promise: Promise,
    /// Scenarios that it rests on.
    pub units: usize,
    /// P-value of each setting.
    pub p_values: Vec<f64>,
    /// Upper limit of the risk of each setting at the promise's level, by itself.
    pub limits: Vec<Option<f64>>,
    /// Whether each setting keeps the promise after the fixed sequence.
    pub kept: Vec<bool>,
    /// If none does: how many more scenarios it takes if the risk stays as it is at the safest
    /// setting; null if more would not help.
    pub needed: Option<u64>,
}

impl FromStr for Promise {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let bad =
            || format!("expected a promise such as wrong_action_rate<=0.01@95%, found {text:?}");
        let (risk, rest) = text.split_once("<=").ok_or_else(bad)?;
        let (bound, level) = rest.split_once('@').ok_or_else(bad)?;
        let number = |text: &str| -> Result<f64, String> {
            let text = text.trim();
            let (text, scale) = text.strip_suffix('%').map_or((text, 1.0), |t| (t, 100.0));
            text.trim().parse::<f64>().map(|n| n / scale).map_err(|_| bad())
        };
        let (risk, bound, level) = (risk.trim(), number(bound)?, number(level)?);
        if !RISKS.iter().any(|(name, _)| *name == risk) {
            let names = || RISKS.iter().map(|(name, _)| *name);
            let hint = did_you_mean(nearest(risk, names()));
            let all = names().collect::<Vec<_>>().join(", ");
            return Err(format!("unknown risk {risk:?}{hint} (there are {all})"));
        }
        for (name, value) in [("bound", bound), ("level", level)] {
            if !(value > 0.0 && value < 1.0) {
                return Err(format!("expected a {name} inside 0..1, found {value} in {text:?}"));
            }
        }
        Ok(Self { risk: risk.to_owned(), bound, level })
    }
}

impl std::fmt::Display for Promise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = (self.level * 1e4).round() / 100.0;
        write!(f, "{}<={}@{percent}%", self.risk, self.bound)
    }
}

impl Promise {
    /// Whether the event happened in a trial.
    #[must_use]
    pub fn happened(&self, row: &Row) -> bool {
        RISKS.iter().find(|(name, _)| *name == self.risk).is_some_and(|(_, of)| of(row))
    }

    /// Share of its trials in which the event happened, for each scenario.
    #[must_use]
    pub fn losses<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> Vec<f64> {
        let mut cells: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
        for row in rows.filter(|row| row.problem.is_none()) {
            let cell = cells.entry(row.scenario).or_default();
            *cell = (cell.0 + f64::from(self.happened(row)), cell.1 + 1.0);
        }
        cells.values().map(|(sum, n)| sum / n).collect()
    }

    /// Tests settings; `sequences` hold their places, safest first, each setting once.
    #[must_use]
    pub fn test(&self, losses: &[Vec<f64>], sequences: &[Vec<usize>]) -> Given {
        let delta = 1.0 - self.level;
        let share = delta / sequences.len().max(1) as f64;
        let p_values: Vec<f64> = losses.iter().map(|l| risk::p_value(l, self.bound)).collect();
        let mut kept = vec![false; losses.len()];
        for sequence in sequences {
            let in_order: Vec<f64> = sequence.iter().map(|place| p_values[*place]).collect();
            let good = risk::fixed_sequence(&in_order, share);
            sequence[..good].iter().for_each(|place| kept[*place] = true);
        }
        let units = losses.first().map_or(0, Vec::len);
        let safest = sequences.first().and_then(|s| s.first()).map(|place| &losses[*place]);
        let rate = safest.and_then(|l| crate::stats::summary::mean(l)).unwrap_or(0.0);
        let missing = risk::needed(rate, self.bound, share).map(|n| n.saturating_sub(units as u64));
        Given {
            promise: self.clone(),
            units,
            limits: losses.iter().map(|l| risk::upper_bound(l, delta)).collect(),
            needed: if kept.contains(&true) { None } else { missing },
            p_values,
            kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_are_read_and_refused() {
        let promise: Promise = "wrong_action_rate<=0.01@95%".parse().unwrap();
        assert_eq!((promise.bound, promise.level), (0.01, 0.95));
        assert_eq!(promise.to_string().parse(), Ok(promise));
        for (text, part) in [
            ("wrong_action_rate<0.01", "expected a promise"),
            ("wrong_acton_rate<=0.01@95%", "did you mean \"wrong_action_rate\"?"),
            ("wrong_action_rate<=0@95%", "bound inside"),
            ("wrong_action_rate<=0.1@100%", "level inside"),
        ] {
            let problem = text.parse::<Promise>().unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn a_sequence_ends_at_the_first_setting_that_fails_and_a_small_corpus_is_said() {
        let promise: Promise = "wrong_action_rate<=0.1@95%".parse().unwrap();
        let losses = |wrong: usize, n: usize| (0..n).map(move |i| f64::from(u8::from(i < wrong)));
        let all: Vec<Vec<f64>> = [0, 0, 9, 0].map(|w| losses(w, 60).collect()).to_vec();
        let given = promise.test(&all, &[vec![0, 1, 2, 3]]);
        assert_eq!(given.kept, [true, true, false, false]);
        let few: Vec<Vec<f64>> = vec![losses(0, 10).collect()];
        let given = promise.test(&few, &[vec![0]]);
        assert_eq!((given.kept, given.needed), (vec![false], Some(19)));
    }
}
