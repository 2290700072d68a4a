//! How rare a series' behaviour is against all of its own past, from four views at once.
//!
//! In: metric frames. Views: the residual of the better of two predictors (the hour's median over
//! ten days, the median of the last thousand values), its mean over `smooth` samples, the distance
//! of the newest shape to the nearest earlier one, and a level lower than ever. Each becomes a tail
//! probability of its own past (`stats::rarity`); the rarest counts whole, the next half, a
//! quarter ...: views agree often, so their surprises must not be added up. Said once: a score
//! that does not exceed those of the last `rest` samples is none, as one alarm per trouble is
//! worth something and its repetition is not.
//! Sources: Siffer et al., KDD 2017 (tails); Lavin and Ahmad, "Evaluating Real-time Anomaly
//! Detection Algorithms", 2015 (likelihood instead of raw scores); Yeh et al., 2016 (discords).
//! Limits: about 300 KiB a series and 10 us a sample: for tens to hundreds of series that matter,
//! not for a fleet. `nominal` was chosen on the development half of NAB and says so.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::cadence::{Cadence, Daily};
use crate::engine::effect::has_baseline;
use crate::model::{Direction, Role, StepInput};
use crate::stats::discord::Discord;
use crate::stats::rarity::Rarity;
use crate::stats::season::Contest;
use crate::stats::sorted_ring::SortedRing;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "rarity",
    summary: "rarity against all of the series' own past: residual, drift, shape, level",
    help: "Turns four views of a series (seasonal residual, its running mean, distance to the \
           nearest earlier shape, lowest level) into tail probabilities and combines them. \
           Seasonality is found, scale and noise do not matter. One alarm per trouble: a score \
           must exceed those of the last `rest` samples. Needs hundreds of samples; about 300 KiB \
           a series.",
    source: "Siffer et al., KDD 2017; Lavin and Ahmad, ICMLA 2015; Yeh et al., ICDM 2016",
    example: "{ rest: 150, nominal: 4.55 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(Rare::new(spec.read()?))),
};

/// Parameters of `rarity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Combined rarity at which the score is 1, in powers of ten.
    pub nominal: f64,
    /// Samples that tails are learnt from.
    pub memory: usize,
    /// Samples of the running mean of residuals.
    pub smooth: usize,
    /// Samples of a shape.
    pub shape: usize,
    /// Samples for which a score must stay the highest to be said, at most; early on it is a
    /// twentieth of what was seen.
    pub rest: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { nominal: 4.55, memory: 4096, smooth: 24, shape: 48, rest: 180 }
    }
}

/// Days and neighbouring slots that predict an hour.
const DAYS: (usize, usize) = (10, 1);
/// Whole days before the season predicts.
const LEAST_DAYS: usize = 2;
/// Values of the level's median, and the fewest.
const LEVEL: (usize, usize) = (1000, 500);
/// Errors are forgotten at this rate, and a predictor is trusted after so many.
const CONTEST: (f64, f64) = (0.001, 100.0);
/// Shapes are compared with so many earlier samples.
const SHAPES: usize = 4000;
/// No single view says more than one in 10^12.
const MOST: f64 = 12.0;

/// See the file's head.
#[derive(Debug)]
pub struct Rare {
    config: Config,
    cadence: Cadence,
    series: Vec<Option<Box<State>>>,
}

/// What is known of one series.
#[derive(Debug)]
struct State {
    level: SortedRing,
    season: Daily,
    contest: Contest<2>,
    residuals: VecDeque<f64>,
    discord: Discord,
    views: [Rarity; 4],
    said: VecDeque<(u64, f64)>,
    samples: u64,
    expected: f64,
}

impl Rare {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let memory = config.memory.max(64);
        let (smooth, shape) = (config.smooth.max(1), config.shape.clamp(2, SHAPES / 2));
        let config = Config { memory, smooth, shape, ..config };
        Self { config, cadence: Cadence::default(), series: Vec::new() }
    }
}

impl Detector for Rare {
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
            state.season.find(&self.cadence, history, id, DAYS);
            let rarity = state.push(value, slots, &self.config);
            let expected = state.expected;
            let direction = if value >= expected { Direction::Up } else { Direction::Down };
            let matters = effect.is_bad(direction)
                && (meta.role == Role::Other
                    || (value - expected).abs() >= effect.smallest(expected));
            let score = if matters { rarity / self.config.nominal } else { 0.0 };
            let (detector, series, observed) = (ENTRY.kind, id, value);
            let since = time;
            out.series(Scored { detector, series, score, since, direction, observed, expected });
        }
    }
}

impl State {
    fn new(config: &Config) -> Self {
        let view = || Rarity::new(config.memory);
        Self {
            level: SortedRing::new(LEVEL.0),
            season: Daily::default(),
            contest: Contest::new(CONTEST.0, CONTEST.1),
            residuals: VecDeque::with_capacity(config.smooth + 1),
            discord: Discord::new(config.shape, SHAPES),
            views: [view(), view(), view(), view()],
            said: VecDeque::with_capacity(config.rest + 2),
            samples: 0,
            expected: f64::NAN,
        }
    }

    /// Takes in a value: the combined rarity if it is the news of the last `rest` samples, else 0.
    fn push(&mut self, value: f64, slots: u64, config: &Config) -> f64 {
        self.season.skip(slots.saturating_sub(1));
        let hour = self.season.predict(LEAST_DAYS);
        let level = self.level.median().filter(|_| self.level.len() >= LEVEL.1);
        self.expected = hour.or(level).or(self.level.median()).unwrap_or(value);
        let residual = self.contest.judge([hour, level].map(|p| p.map(|p| value - p)));
        self.season.push(value, slots);
        self.level.push(value);
        self.samples += 1;
        let drift = residual.and_then(|r| self.drift(r, config.smooth));
        let shape = self.discord.push(value);
        let seen = [residual.map(f64::abs), drift.map(f64::abs), shape, Some(-value)];
        let mut rarities = [0.0; 4];
        for ((rarity, view), seen) in rarities.iter_mut().zip(&mut self.views).zip(seen) {
            *rarity = seen.map_or(0.0, |seen| view.push(seen)).min(MOST);
        }
        rarities.sort_unstable_by(|a, b| b.total_cmp(a));
        let combined = rarities.iter().rev().fold(0.0, |sum, rarity| rarity + sum / 2.0);
        self.news(combined, config.rest)
    }

    /// Mean of the last `smooth` residuals.
    fn drift(&mut self, residual: f64, smooth: usize) -> Option<f64> {
        if self.residuals.len() == smooth {
            self.residuals.pop_front();
        }
        self.residuals.push_back(residual);
        let full = self.residuals.len() == smooth;
        full.then(|| self.residuals.iter().sum::<f64>() / smooth as f64)
    }

    /// `rarity` if it exceeds that of the samples before it, else 0. A falling queue of maxima.
    fn news(&mut self, rarity: f64, rest: usize) -> f64 {
        let rest = (self.samples / 20).clamp(10, rest.max(10) as u64);
        while self.said.front().is_some_and(|(at, _)| at + rest < self.samples) {
            self.said.pop_front();
        }
        let highest = self.said.front().map_or(0.0, |(_, rarity)| *rarity);
        while self.said.back().is_some_and(|(_, old)| *old <= rarity) {
            self.said.pop_back();
        }
        self.said.push_back((self.samples, rarity));
        if rarity > highest { rarity } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::Series;
    use crate::kernel::Streams;

    fn noisy(count: u64, value: impl Fn(u64) -> f64) -> Vec<f64> {
        let noise = Streams::new(3);
        (0..count).map(|i| value(i) + noise.normal(0, i)).collect()
    }

    fn alarms(values: &[f64]) -> Vec<usize> {
        let mut detector = Rare::new(Config::default());
        let said = Series::gauge("value", "").scores(&mut detector, values);
        said.iter()
            .enumerate()
            .filter(|(_, s)| s.is_some_and(|s| s.score >= 1.0))
            .map(|(i, _)| i)
            .collect()
    }

    #[test]
    fn noise_alarms_about_as_rarely_as_it_says() {
        let quiet = alarms(&noisy(6000, |_| 50.0));
        assert!(quiet.len() <= 3, "{quiet:?}");
    }

    #[test]
    fn a_shift_is_said_once_at_its_start() {
        let found = alarms(&noisy(3000, |i| if i < 2500 { 50.0 } else { 70.0 }));
        let late: Vec<usize> = found.into_iter().filter(|i| *i >= 2500).collect();
        assert!(late.first() == Some(&2500) && late.len() <= 6, "{late:?}");
    }

    #[test]
    fn scale_and_level_change_nothing() {
        let values = noisy(2500, |i| if (2000..2010).contains(&i) { 65.0 } else { 50.0 });
        let moved: Vec<f64> = values.iter().map(|v| v * 1024.0).collect();
        assert_eq!(alarms(&values), alarms(&moved));
    }
}
