//! A value that no context explains: beyond both the recent level and the same hour of the week.
//!
//! In: metric frames. Contexts: the median of the last `recent` samples, and of the same hour over
//! seven days. On a log scale (ratios matter in operations: three times the crashes, half the
//! requests) the distance to the nearest context, 0 between them, is divided by the series' own
//! usual distance (its 90 and 98 % quantiles) plus a floor, and damped where
//! the series has wild days anyway.
//! Small counts are held down by a pseudo-count of half the usual level: minimum traffic.
//! Sources: Iglewicz and Hoaglin, 1993 (robust score); the asinh/"started" logarithm of Tukey,
//! "Exploratory Data Analysis", 1977. Limits: about 60 KiB a series; drifts slower than `recent`
//! are followed, not said. `nominal` was chosen on the development half of the cloud-monitoring
//! set and says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::cadence::{Cadence, Daily};
use crate::engine::effect::has_baseline;
use crate::model::{Direction, Role, StepInput};
use crate::stats::sorted_ring::SortedRing;
use crate::unit::SimTime;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "context_band",
    summary: "a ratio that neither the recent level nor the same hour of other days explains",
    help: "Compares each value, on a log scale, with the median of the last `recent` samples and \
           with the same hour of the last seven days; what lies between them is normal. The rest \
           is measured in the series' own usual deviations. Finds short anomalies in \
           seasonal series; the daily rhythm is found, not configured.",
    source: "Iglewicz and Hoaglin, 1993; Tukey, Exploratory Data Analysis, 1977",
    example: "{ recent: 48, nominal: 2.7 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(ContextBand::new(spec.read()?))),
};

/// Parameters of `context_band`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Deviations at which the score is 1.
    pub nominal: f64,
    /// Samples of the recent level.
    pub recent: usize,
    /// Deviation on the log scale that is always allowed: 0.1 is about 10 %.
    pub floor: f64,
    /// Pseudo-count as a share of the usual level.
    pub start: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { nominal: 2.7, recent: 48, floor: 0.1, start: 0.5 }
    }
}

/// Days and neighbouring slots that make an hour's context, and its fewest days.
const DAYS: (usize, usize, usize) = (7, 1, 1);
/// Samples of the usual level (two weeks of hours), of the usual deviation, of the tail.
const USUAL: (usize, usize, usize) = (336, 504, 2000);
/// The usual level is at least this share of the 99 % quantile: rare counts are no level of 0.
const PEAK_SHARE: f64 = 0.33;
/// A normal deviation's 90 % quantile, so that scores are in standard deviations.
const NORMAL_90: f64 = 1.645;
/// The same of its 98 % quantile, and how much of that counts: regular spikes are usual in part.
const NORMAL_98: f64 = 2.326;
const TAIL_SHARE: f64 = 0.5;
/// Wild series are damped by the square root of what their 98 % quantile exceeds this.
const WILD: f64 = 3.0;
/// Samples before a deviation is usual; before the tail is known.
const LEAST: (usize, usize) = (8, 48);
/// Samples before there is a recent level.
const LEAST_RECENT: usize = 4;

/// See the file's head.
#[derive(Debug)]
pub struct ContextBand {
    config: Config,
    cadence: Cadence,
    series: Vec<Option<Box<State>>>,
}

/// What is known of one series.
#[derive(Debug)]
struct State {
    recent: SortedRing,
    season: Daily,
    level: SortedRing,
    deviations: SortedRing,
    tail: SortedRing,
    since: Option<SimTime>,
}

impl ContextBand {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let recent = config.recent.max(LEAST_RECENT);
        let config = Config { recent, ..config };
        Self { config, cadence: Cadence::default(), series: Vec::new() }
    }
}

impl Detector for ContextBand {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        let Some(time) = fresh_frame(input, history) else { return };
        let slots = self.cadence.tick(history.times());
        self.series.resize_with(history.width(), || None);
        for (id, meta) in input.series.iter().filter(|(_, meta)| has_baseline(meta.role)) {
            let (effect, state) = (history.effect(id), &mut self.series[id.index()]);
            let Some(value) = history.latest(id) else {
                state.iter_mut().for_each(|state| state.season.skip(slots));
                continue;
            };
            let state = state.get_or_insert_with(|| Box::new(State::new(&self.config)));
            state.season.find(&self.cadence, history, id, (DAYS.0, DAYS.1));
            let Some((deviation, expected)) = state.push(value, slots, &self.config) else {
                continue;
            };
            let up = deviation >= 0.0;
            let direction = if up { Direction::Up } else { Direction::Down };
            let matters = effect.is_bad(direction)
                && (meta.role == Role::Other
                    || (value - expected).abs() >= effect.smallest(expected));
            let score = if matters { deviation.abs() / self.config.nominal } else { 0.0 };
            if score < super::FLOOR {
                state.since = None;
            }
            let since = if score < super::FLOOR { time } else { *state.since.get_or_insert(time) };
            let (detector, series, observed) = (ENTRY.kind, id, value);
            out.series(Scored { detector, series, score, since, direction, observed, expected });
        }
    }
}

impl State {
    fn new(config: &Config) -> Self {
        Self {
            recent: SortedRing::new(config.recent),
            season: Daily::default(),
            level: SortedRing::new(USUAL.0),
            deviations: SortedRing::new(USUAL.1),
            tail: SortedRing::new(USUAL.2),
            since: None,
        }
    }

    /// Takes in a value: its deviation from the contexts, and the nearest one's value.
    fn push(&mut self, value: f64, slots: u64, config: &Config) -> Option<(f64, f64)> {
        self.season.skip(slots.saturating_sub(1));
        let found = self.judge(value, config);
        self.season.push(value, slots);
        self.recent.push(value);
        self.level.push(value.abs());
        found
    }

    fn judge(&mut self, value: f64, config: &Config) -> Option<(f64, f64)> {
        if self.recent.len() < LEAST_RECENT {
            return None;
        }
        let recent = self.recent.median()?;
        let hour = self.season.predict(DAYS.2).unwrap_or(recent);
        let usual = self.level.median()?.max(PEAK_SHARE * self.level.quantile(0.99)?);
        let start = config.start * usual + 1e-12;
        let log = |x: f64| (x.abs() / start).ln_1p().copysign(x);
        let [a, b] = [recent, hour].map(|context| log(value) - log(context));
        let (distance, expected) = match (a, b) {
            _ if a * b <= 0.0 => (0.0, value),
            _ if a.abs() <= b.abs() => (a, recent),
            _ => (b, hour),
        };
        let known = self.deviations.len() >= LEAST.0;
        let quantile = |q| self.deviations.quantile(q).filter(|_| known);
        let usual = quantile(0.9)
            .zip(quantile(0.98))
            .map(|(body, tail)| (body / NORMAL_90).max(TAIL_SHARE * tail / NORMAL_98));
        self.deviations.push(distance.abs());
        let deviation = distance / (usual? + config.floor);
        let wild = self.tail.quantile(0.98).filter(|_| self.tail.len() >= LEAST.1);
        self.tail.push(deviation.abs());
        Some((deviation / (wild.unwrap_or(0.0) / WILD).max(1.0).sqrt(), expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::Series;
    use crate::kernel::Streams;

    fn run(values: &[f64]) -> Vec<usize> {
        let mut detector = ContextBand::new(Config::default());
        let said = Series::gauge("value", "").scores(&mut detector, values);
        let alarms = said.iter().enumerate().filter(|(_, s)| s.is_some_and(|s| s.score >= 1.0));
        alarms.map(|(i, _)| i).collect()
    }

    fn rhythm(i: u64) -> f64 {
        let day = (i % 5760) as f64 / 5760.0;
        (1.0 + 0.05 * Streams::new(1).normal(0, i)) * (100.0 + 80.0 * (day * 6.3).sin())
    }

    #[test]
    fn a_daily_rhythm_is_normal_and_a_threefold_value_is_not() {
        let mut values: Vec<f64> = (0..3 * 5760).map(rhythm).collect();
        assert_eq!(run(&values), [0; 0]);
        values[14_000] *= 3.0;
        assert_eq!(run(&values), [14_000]);
    }

    #[test]
    fn regular_single_counts_are_no_news() {
        let mut values = vec![0.0; 800];
        (0..800).step_by(9).for_each(|i| values[i] = 1.0);
        let found = run(&values);
        assert!(found.iter().all(|row| *row < 100), "once learnt: {found:?}");
    }
}
