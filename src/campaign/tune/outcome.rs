//! What a setting comes to over a corpus, with intervals by scenario.
//!
//! In: rows of one setting. Out: shares and means, each with n and a 95 % interval from a bootstrap
//! of whole scenarios; medians and 95th percentiles of recovery. A share is over labelled, felt or
//! acted incidents as its name says. Absent is null.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::costs::Costs;
use crate::campaign::belief::ratio_interval;
use crate::campaign::sweep::row::Row;
use crate::stats::summary::{median, p95};

/// A number with what it rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// The number; null if `n` is 0.
    pub value: Option<f64>,
    /// Items that it is a mean of.
    pub n: u64,
    /// Its 95 % interval by scenario; null with fewer than two scenarios.
    pub interval: Option<[f64; 2]>,
}

/// What a setting comes to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Trials.
    pub trials: u64,
    /// Scenarios.
    pub scenarios: u64,
    /// Share of felt incidents that were over after an act of the engine alone.
    pub healed_alone: Number,
    /// Share of felt incidents that were not over by the end.
    pub not_recovered: Number,
    /// Share of trials in which the engine acted alone.
    pub acted_alone: Number,
    /// Share of trials in which it alone did something wrong.
    pub wrong: Number,
    /// The same over the trials in which it acted alone.
    pub wrong_of_acted: Number,
    /// Harmful actions of the engine alone, per trial.
    pub harmful: Number,
    /// Violations of any kind but the confidence floor, per trial.
    pub violations: Number,
    /// People woken, per trial.
    pub pages: Number,
    /// People woken at night, per trial.
    pub pages_at_night: Number,
    /// Minutes in which users were not served as promised, per trial.
    pub bad_minutes: Number,
    /// Seconds from onset to recovery: median over trials that recovered.
    pub mttr_p50_s: Option<f64>,
    /// Its 95th percentile.
    pub mttr_p95_s: Option<f64>,
    /// Expected cost of a trial.
    pub cost: Number,
}

impl Outcome {
    /// Sums up the rows of one setting; those that could not be run count nowhere.
    #[must_use]
    pub fn of(rows: &[&Row], costs: &Costs) -> Self {
        let rows: Vec<&Row> = rows.iter().copied().filter(|r| r.problem.is_none()).collect();
        let per_trial = |of: &dyn Fn(&Row) -> Option<f64>| {
            number(&rows, &|row| of(row).map(|value| (value, 1.0)))
        };
        let per_felt = |of: &dyn Fn(&Row) -> u32| {
            number(&rows, &|row| Some((f64::from(of(row)), f64::from(row.felt))))
        };
        let count = |of: fn(&Row) -> u32| per_trial(&move |row| Some(f64::from(of(row))));
        let mttr: Vec<f64> = rows.iter().filter_map(|row| row.mttr_s).collect();
        let mut scenarios: Vec<u32> = rows.iter().map(|row| row.scenario).collect();
        scenarios.sort_unstable();
        scenarios.dedup();
        Self {
            trials: rows.len() as u64,
            scenarios: scenarios.len() as u64,
            healed_alone: per_felt(&|row| row.healed_alone.min(row.felt)),
            not_recovered: per_felt(&|row| row.felt.saturating_sub(row.recovered)),
            acted_alone: count(|row| u32::from(row.acts_alone > 0)),
            wrong: count(|row| u32::from(row.wrong)),
            wrong_of_acted: number(&rows, &|row| {
                (row.acts_alone > 0).then(|| (f64::from(row.wrong), 1.0))
            }),
            harmful: count(|row| row.harmful),
            violations: count(|row| row.violations),
            pages: count(|row| row.pages),
            pages_at_night: count(|row| row.pages_at_night),
            bad_minutes: per_trial(&|row| row.bad_minutes),
            mttr_p50_s: median(&mttr),
            mttr_p95_s: p95(&mttr),
            cost: per_trial(&|row| costs.of(row)),
        }
    }
}

/// Sum over count, by scenario.
fn number(rows: &[&Row], of: &dyn Fn(&Row) -> Option<(f64, f64)>) -> Number {
    let mut cells: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
    for row in rows {
        if let Some((sum, n)) = of(row).filter(|(_, n)| *n > 0.0) {
            let cell = cells.entry(row.scenario).or_default();
            *cell = (cell.0 + sum, cell.1 + n);
        }
    }
    let all: Vec<(f64, f64)> = cells.values().copied().collect();
    let (sum, n) = all.iter().fold((0.0, 0.0), |(s, n), cell| (s + cell.0, n + cell.1));
    Number {
        value: (n > 0.0).then(|| sum / n),
        n: n as u64,
        interval: ratio_interval(&all, "outcome"),
    }
}

/// Mean difference in cost between two settings, trial by trial, with its interval by scenario.
#[must_use]
pub fn dearer(left: &[&Row], right: &[&Row], costs: &Costs) -> Number {
    let mut by_trial: BTreeMap<(u32, u64), f64> = BTreeMap::new();
    for row in right {
        if let Some(cost) = costs.of(row) {
            by_trial.insert((row.scenario, row.seed), cost);
        }
    }
    number(left, &|row| {
        let other = by_trial.get(&(row.scenario, row.seed))?;
        Some((costs.of(row)? - other, 1.0))
    })
}

/// Settings that no other beats: more healed alone, fewer wrong, fewer pages, fewer bad minutes.
#[must_use]
pub fn pareto(outcomes: &[Outcome]) -> Vec<bool> {
    let goods = |o: &Outcome| {
        let value = |n: &Number| n.value.unwrap_or(0.0);
        [-value(&o.healed_alone), value(&o.wrong), value(&o.pages), value(&o.bad_minutes)]
    };
    let all: Vec<[f64; 4]> = outcomes.iter().map(goods).collect();
    let beats = |a: &[f64; 4], b: &[f64; 4]| a.iter().zip(b).all(|(x, y)| x <= y) && a != b;
    all.iter().map(|own| !all.iter().any(|other| beats(other, own))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(scenario: u32, seed: u64, pages: u32, healed: u32) -> Row {
        Row {
            scenario,
            seed,
            incidents: 1,
            felt: 1,
            recovered: healed,
            healed_alone: healed,
            pages,
            bad_minutes: Some(0.0),
            ..Row::default()
        }
    }

    #[test]
    fn shares_are_over_what_their_name_says_and_failed_rows_count_nowhere() {
        let costs = Costs::built_in();
        let failed = Row::failed(0, 9, "x".to_owned());
        let (a, b) = (row(0, 1, 1, 1), row(1, 1, 3, 0));
        let found = Outcome::of(&[&a, &b, &failed], &costs);
        assert_eq!((found.trials, found.scenarios), (2, 2));
        assert_eq!((found.healed_alone.value, found.pages.value), (Some(0.5), Some(2.0)));
        assert_eq!(found.wrong_of_acted, Number::default());
        assert_eq!(Outcome::of(&[], &costs).healed_alone.value, None);
    }

    #[test]
    fn differences_are_trial_by_trial_and_the_front_holds_what_nothing_beats() {
        let costs = Costs::built_in();
        let (a, b) = (row(0, 1, 2, 1), row(0, 1, 1, 1));
        assert_eq!(dearer(&[&a], &[&b], &costs).value, Some(costs.page));
        let of = |row: &Row| Outcome::of(&[row], &costs);
        let front = pareto(&[of(&a), of(&b), of(&row(0, 1, 0, 0))]);
        assert_eq!(front, [false, true, true]);
    }
}
