//! How fast services spend their error budget, over two pairs of windows.
//!
//! In: error ratios and availabilities of services. Out: score = the worse pair's smaller burn /
//! its factor: 14.4 over 1 h and 5 m (2 % of a 30-day budget in an hour), 6 over 6 h and 30 m. The
//! short window of a pair ends the alert soon after recovery.
//! Source: Beyer et al., "The Site Reliability Workbook" (2018), ch. 5, "Multiwindow, Multi-Burn-
//! Rate Alerts". Where the recording is shorter than a window, the mean of what there is stands for
//! it, from `least` frames on. A service that never kept the objective is held to its own habit
//! (mean before the long window). Known limit: frames weigh alike, whatever their traffic; few bad
//! requests burn nothing where requests are counted.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::chosen::Chosen;
use crate::engine::rates::own_rates;
use crate::engine::window_mean::{AtMost, Steady};
use crate::model::{Direction, EntityKind, Role, SeriesMeta, StepInput, Topology};
use crate::unit::{EntityId, Ratio, SeriesId, SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "burn_rate",
    summary: "error budget spent too fast, multi-window and multi-burn-rate",
    help: "Burn rate = bad share / (1 - objective). Two pairs of windows must both burn fast, so \
           that short blips do not alarm and a long burn ends when it is over.",
    source: "Beyer et al., The Site Reliability Workbook, 2018, ch. 5",
    example: "{ objective: 0.995 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(BurnRate::new(spec.read()?))),
};

/// Parameters of `burn_rate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Share of good requests that is promised.
    pub objective: Ratio,
    /// Fewest frames before anything is said.
    pub least: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { objective: Ratio::clamped(0.995), least: 12 }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct BurnRate {
    config: Config,
    rates: BTreeMap<EntityId, Vec<SeriesId>>,
    /// The same of single operations.
    parts: BTreeMap<(EntityId, String), Vec<SeriesId>>,
    known: usize,
    shares: Chosen<Bad>,
    /// What is known of each of them.
    states: Vec<State>,
    cadence: Steady,
}

/// What is known of a series.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    since: Option<SimTime>,
    /// Of the short window of each pair.
    short: [AtMost; PAIRS.len()],
}

/// Bad requests in the short window below which no budget burns: of few requests, one is a large
/// share. Only where the rate of requests is measured.
const FEWEST_BAD: f64 = 5.0;

/// Long window, short window, burn rate at which the score is 1; the slower pair last.
const PAIRS: [(SimDuration, SimDuration, f64); 2] = [
    (SimDuration::from_secs(3600), SimDuration::from_secs(300), 14.4),
    (SimDuration::from_secs(6 * 3600), SimDuration::from_secs(1800), 6.0),
];

impl Config {
    /// The share of requests that may be bad.
    fn budget(&self) -> f64 {
        (1.0 - self.objective.get()).max(1e-9)
    }
}

impl BurnRate {
    /// With nothing heard.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (shares, cadence) = (Chosen::default(), Steady::default());
        let (rates, parts) = (BTreeMap::new(), BTreeMap::new());
        Self { config, rates, parts, known: 0, shares, states: Vec::new(), cadence }
    }

    /// Finds the series of requests as the entities themselves tell them.
    fn know(&mut self, input: &StepInput<'_>) {
        let (series, known) = (input.series, self.known);
        if series.len() == known {
            return;
        }
        let told = |meta: &SeriesMeta| meta.unit == "{request}/s";
        self.rates = own_rates(series, series.len(), |entity| entity, told);
        let parts = series.iter().skip(known).filter(|(_, meta)| told(meta) && !meta.is_view());
        for (id, meta) in parts.filter(|(_, meta)| meta.role == Role::Traffic) {
            if let Some(route) = meta.route() {
                self.parts.entry((meta.entity, route.to_owned())).or_default().push(id);
            }
        }
        self.known = series.len();
    }

    /// Whether enough requests were bad in the short window; true where nobody counts requests.
    fn is_heard(&self, meta: &SeriesMeta, share: f64, window: SimDuration, past: &History) -> bool {
        let rates = match meta.route() {
            Some(route) => self.parts.get(&(meta.entity, route.to_owned())),
            None => self.rates.get(&meta.entity),
        };
        let Some(rates) = rates else { return true };
        let rate: f64 = rates.iter().filter_map(|id| mean(past, *id, window)).sum();
        rate * window.secs_f64() * share >= FEWEST_BAD
    }

    fn score(
        &self,
        (id, meta): (SeriesId, &SeriesMeta),
        (bad, share): (Bad, f64),
        short: &mut [AtMost; PAIRS.len()],
        history: &History,
    ) -> f64 {
        let budget = self.config.budget();
        let mut worst = 0.0_f64;
        for ((long, window, factor), at_most) in PAIRS.into_iter().zip(short) {
            let bar = super::FLOOR * budget * factor;
            if !at_most.may_reach(bar, share) {
                continue;
            }
            let Some(spent) = measure(history, id, window) else { continue };
            let spent = spent.map(|value| bad.share(value));
            *at_most = AtMost::of(spent.mean, spent.n);
            if spent.mean >= bar && self.is_heard(meta, spent.mean, window, history) {
                // Who has not been watched for so long yet has the habits of its first frames.
                let first = || mean_of(history, id, 0..self.config.least.min(history.len()));
                let usual = habit(history, id, long).or_else(first);
                let habit = usual.map_or(0.0, |v| bad.share(v));
                let spent_long = mean(history, id, long).map_or(0.0, |v| bad.share(v));
                let burn = (spent.mean / factor).min(spent_long / factor) / budget.max(habit);
                worst = worst.max(burn);
            }
        }
        worst
    }
}

impl Detector for BurnRate {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        let Some(time) = fresh_frame(input, history) else { return };
        self.know(input);
        let share = |meta: &SeriesMeta| Bad::of(meta, input.topology);
        let mut shares = std::mem::take(&mut self.shares);
        let chosen = shares.update(input.series, share);
        let mut states = std::mem::take(&mut self.states);
        states.resize(chosen.len(), State::default());
        let steady = self.cadence.goes_on(time);
        for (&(series, bad), state) in chosen.iter().zip(&mut states) {
            let observed = history.latest(series);
            if !steady || observed.is_none() {
                state.short = Default::default();
            }
            let Some(observed) = observed else { continue };
            let score = if history.len() >= self.config.least {
                let share = (bad, bad.share(observed));
                self.score((series, input.series.get(series)), share, &mut state.short, history)
            } else {
                0.0
            };
            if score < super::FLOOR {
                state.since = None;
                continue;
            }
            let since = *state.since.get_or_insert(time);
            let expected = bad.objective(self.config.objective);
            let (detector, direction) = (ENTRY.kind, bad.direction);
            out.series(Scored { detector, series, score, since, direction, observed, expected });
        }
        (self.shares, self.states) = (shares, states);
    }
}

/// How a series tells the share of bad requests.
#[derive(Debug, Clone, Copy)]
struct Bad {
    direction: Direction,
    whole: f64,
}

impl Bad {
    /// Shares of services only: not of replicas, not as callers see it.
    fn of(meta: &SeriesMeta, topology: &Topology) -> Option<Self> {
        let direction = match meta.role {
            Role::Errors => Direction::Up,
            Role::Availability => Direction::Down,
            _ => return None,
        };
        let whole = match meta.unit.as_str() {
            "1" => 1.0,
            "%" => 100.0,
            _ => return None,
        };
        let kind = topology.get(meta.entity).kind;
        let whole_service = kind != EntityKind::Replica && !meta.labels.contains_key("callee");
        whole_service.then_some(Self { direction, whole })
    }

    fn share(self, value: f64) -> f64 {
        let share = value / self.whole;
        if self.direction == Direction::Up { share } else { 1.0 - share }
    }

    fn objective(self, objective: Ratio) -> f64 {
        let good = objective.get();
        let share = if self.direction == Direction::Up { 1.0 - good } else { good };
        share * self.whole
    }
}

/// Mean over the newest `window`, or over what there is; `None` without samples.
fn mean(history: &History, id: SeriesId, window: SimDuration) -> Option<f64> {
    measure(history, id, window).map(|measured| measured.mean)
}

fn measure(history: &History, id: SeriesId, window: SimDuration) -> Option<Measured> {
    measure_of(history, id, first_within(history, window)?..history.len())
}

/// Mean over all that is remembered before the newest `window`.
fn habit(history: &History, id: SeriesId, window: SimDuration) -> Option<f64> {
    mean_of(history, id, 0..first_within(history, window)?)
}

fn first_within(history: &History, window: SimDuration) -> Option<usize> {
    let newest = *history.times().back()?;
    Some(history.position(newest - window + SimDuration::from_nanos(1)))
}

fn mean_of(history: &History, id: SeriesId, frames: Range<usize>) -> Option<f64> {
    measure_of(history, id, frames).map(|measured| measured.mean)
}

/// A mean, and of how many.
#[derive(Debug, Clone, Copy)]
struct Measured {
    mean: f64,
    n: f64,
}

impl Measured {
    fn map(self, to: impl Fn(f64) -> f64) -> Self {
        Self { mean: to(self.mean), ..self }
    }
}

fn measure_of(history: &History, id: SeriesId, frames: Range<usize>) -> Option<Measured> {
    let (mut sum, mut n) = (0.0, 0u32);
    for value in history.column(id).range(frames).filter(|v| !v.is_nan()) {
        sum += value;
        n += 1;
    }
    let n = f64::from(n);
    (n > 0.0).then(|| Measured { mean: sum / n, n })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::Series;
    use crate::model::names;

    #[track_caller]
    fn check(series: &Series, healthy: f64, bad: f64, frames: usize, low: f64, high: f64) {
        let mut kind = BurnRate::new(Config::default());
        let mut values = vec![healthy; 300];
        values.extend(vec![bad; frames]);
        let score = series.last_score(&mut kind, &values);
        assert!((low..=high).contains(&score), "{score} not in {low}..={high}");
    }

    #[test]
    fn both_windows_must_burn() {
        let errors = Series::gauge(names::ERROR_RATIO, "1");
        check(&errors, 0.001, 0.001, 10, 0.0, 0.0);
        check(&errors, 0.0, 0.5, 2, 0.0, 0.4);
        check(&errors, 0.0, 0.5, 40, 1.0, 2.0);
        check(&errors, 0.0, 0.07, 300, 1.0, 1.5);
        let good = Series::gauge(names::AVAILABILITY, "%");
        check(&good, 100.0, 50.0, 40, 1.0, 2.0);
        check(&Series::gauge(names::ERROR_RATIO, "{error}/s"), 0.0, 9.0, 300, 0.0, 0.0);
    }

    #[test]
    fn a_service_that_never_kept_the_objective_is_held_to_its_habit() {
        let mut kind = BurnRate::new(Config::default());
        let errors = Series::gauge(names::ERROR_RATIO, "1");
        assert_eq!(errors.last_score(&mut kind, &[0.09; 1800]), 0.0);
    }

    #[test]
    fn one_that_fails_from_the_first_frame_on_is_no_news() {
        let mut kind = BurnRate::new(Config::default());
        let errors = Series::gauge(names::ERROR_RATIO, "1");
        assert_eq!(errors.last_score(&mut kind, &[0.5; 14]), 0.0);
    }

    #[test]
    fn a_burn_ends_soon_after_recovery() {
        let mut kind = BurnRate::new(Config::default());
        let mut values = vec![0.0; 300];
        values.extend(vec![0.3; 20]);
        values.extend(vec![0.0; 125]);
        let score = Series::gauge(names::ERROR_RATIO, "1").last_score(&mut kind, &values);
        assert_eq!(score, 0.0);
    }
}
