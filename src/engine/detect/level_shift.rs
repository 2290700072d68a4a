//! Persistent shifts of a series' level that are too small for a single-value score.
//!
//! In: metric frames. Out: score = the smaller of CUSUM / `decision` and mean shift / the smallest
//! effect that matters (times `effect`), so that both certainty and size are needed. `since` is
//! where the cumulative sum left zero: Page's estimate of the onset.
//! Source: Page, "Continuous Inspection Schemes", Biometrika 1954, on robustly standardised
//! values. Known limit: slow daily drift within the baseline window looks like a small shift; the
//! smallest effect keeps it quiet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, FLOOR, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::baseline::{Band, Baselines, Horizon, Normal};
use crate::engine::effect::Effect;
use crate::model::{Direction, StepInput};
use crate::stats::shift::{Cusum, CusumLimits, Shift};
use crate::unit::{SeriesId, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "level_shift",
    summary: "persistent small shifts by a two-sided CUSUM, all metrics",
    help: "Sums up, value by value, how far a series lies beyond an allowance on either side of \
           its rolling median; says a shift when the sum is large and the mean shift matters for \
           what the metric tells. Slower than robust_score, but sees what never spikes.",
    source: "Page, Continuous Inspection Schemes, Biometrika 41, 1954",
    example: "{ allowance: 1, decision: 16 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(LevelShift::new(spec.read()?))),
};

/// Parameters of `level_shift`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Deviation allowed for ever, in standard deviations.
    pub allowance: f64,
    /// Cumulative sum at which the score is 1, in standard deviations.
    pub decision: f64,
    /// Mean shift at which the score may be 1, in smallest effects that matter for the role.
    pub effect: f64,
    /// Frames in the baseline.
    pub window: usize,
    /// Newest frames that the baseline leaves out.
    pub exclude: usize,
    /// Fewest samples for a baseline.
    pub least: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { allowance: 1.5, decision: 20.0, effect: 0.8, window: 288, exclude: 12, least: 12 }
    }
}

/// The smallest effect that matters is at least so many units of standardising.
const UNITS: f64 = 5.0;

/// See the file's head.
#[derive(Debug)]
pub struct LevelShift {
    config: Config,
    baselines: Baselines,
    sums: Vec<State>,
    last: Option<SimTime>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    cusum: Cusum,
    /// When the sum that leans further left zero, if it did.
    since: SimTime,
    level: Level,
}

/// What is normal, as sums need it, up to a frame.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    center: f64,
    /// One standard deviation for standardising.
    unit: f64,
    until: u64,
}

impl LevelShift {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let Config { window, exclude, least, .. } = config;
        let baselines = Baselines::new(Horizon { window, exclude, least: least.max(1) });
        Self { config, baselines, sums: Vec::new(), last: None }
    }

    fn limits(&self) -> CusumLimits {
        let Config { allowance, decision, .. } = self.config;
        CusumLimits { allowance, clip: 5.0, cap: 2.0 * decision }
    }

    /// Whether a value surely lies within the allowance, wherever in its bracket the median lies,
    /// and leaves a sum at rest where it was.
    fn is_calm(&mut self, id: SeriesId, value: f64, past: &History) -> bool {
        if !self.sums[id.index()].cusum.is_at_rest() {
            return false;
        }
        let Some(bracket) = self.baselines.bracket(id, past) else { return false };
        let unit = past.effect(id).smallest_within(bracket) / UNITS;
        self.baselines.is_calm(id, value, bracket.near(self.config.allowance * unit))
    }

    /// One standard deviation for standardising: never so small that noise looks like a shift.
    fn unit(effect: Effect, normal: Normal) -> f64 {
        let tail = (normal.high - normal.low) / 4.0;
        normal.sigma.max(tail).max(effect.smallest(normal.center) / UNITS)
    }

    fn score(&self, effect: Effect, level: Level, shift: Shift) -> f64 {
        let certainty = shift.sum / self.config.decision;
        let matters = effect.smallest(level.center) * self.config.effect;
        let size = shift.mean.abs() * level.unit / (matters * effect.bar);
        if size.is_nan() { 0.0 } else { certainty.min(size) }
    }

    /// What is normal now; `None` if that cannot be told, or if the value is calm and not `all` are
    /// looked at.
    fn level(&mut self, id: SeriesId, value: f64, all: bool, past: &History) -> Option<Level> {
        let level = self.sums[id.index()].level;
        if past.taken() <= level.until {
            return Some(level);
        }
        if !all && self.is_calm(id, value, past) {
            return None;
        }
        let normal = self.baselines.normal(id, past)?;
        let unit = Self::unit(past.effect(id), normal);
        if unit <= 0.0 {
            return None;
        }
        let level = Level { center: normal.center, unit, until: self.baselines.lasts(id, past) };
        self.sums[id.index()].level = level;
        Some(level)
    }

    /// Takes in a value; with `all`, whoever asks wants scores of the calm ones too.
    fn look(
        &mut self,
        id: SeriesId,
        (time, all): (SimTime, bool),
        past: &History,
    ) -> Option<Scored> {
        let value = f64::from(past.newest()[id.index()]);
        let level = self.level(id, value, all, past)?;
        let limits = self.limits();
        let state = &mut self.sums[id.index()];
        let shift = state.cusum.push((value - level.center) / level.unit, limits);
        if shift.steps <= 1 {
            state.since = time;
        }
        let since = state.since;
        if all || !state.cusum.is_at_rest() {
            self.baselines.watch(id);
        } else {
            let reach = limits.allowance * level.unit;
            self.baselines.calm(id, Band::about(level.center, reach, reach), past);
        }
        if !all && shift.sum / self.config.decision < FLOOR {
            return None;
        }
        let effect = past.effect(id);
        let direction = if shift.up { Direction::Up } else { Direction::Down };
        if !effect.is_bad(direction) {
            return None;
        }
        let score = self.score(effect, level, shift);
        if score >= 1.0 {
            self.baselines.freeze(id, past);
        }
        let (observed, expected) = (value, level.center);
        let detector = ENTRY.kind;
        Some(Scored { detector, series: id, score, since, direction, observed, expected })
    }
}

impl Detector for LevelShift {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        let Some(time) = fresh_frame(input, history).filter(|t| Some(*t) != self.last) else {
            return;
        };
        self.last = Some(time);
        self.sums.resize(history.width(), State::default());
        let all = out.keeps(0.0);
        for id in self.baselines.begin(history) {
            if let Some(scored) = self.look(id, (time, all), history) {
                out.series(scored);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::{Series, noisy};
    use crate::model::names;

    #[track_caller]
    fn check(metric: &str, unit: &str, values: &[f64], low: f64, high: f64) -> Option<Scored> {
        let mut detector = LevelShift::new(Config::default());
        let last = *Series::gauge(metric, unit).scores(&mut detector, values).last().unwrap();
        let score = last.map_or(0.0, |s| s.score);
        assert!((low..=high).contains(&score), "{metric}: {score} not in {low}..={high}");
        last
    }

    #[test]
    fn a_small_lasting_shift_is_found_with_its_onset() {
        let mut values = noisy(100, 0.100, 0.02);
        check(names::DURATION, "s", &values, 0.0, 0.0);
        values.extend(noisy(24, 0.145, 0.02));
        let found = check(names::DURATION, "s", &values, 1.0, 2.0).unwrap();
        let onset = found.since.since(SimTime::from_secs(100 * 15)).secs_f64();
        assert!((0.0..=60.0).contains(&onset), "{onset}");
    }

    #[test]
    fn good_shifts_single_spikes_and_small_shifts_stay_quiet() {
        let mut better = noisy(100, 0.100, 0.01);
        better.extend(noisy(20, 0.05, 0.01));
        check(names::DURATION, "s", &better, 0.0, 0.5);
        let mut spike = noisy(100, 0.100, 0.01);
        spike.push(3.0);
        check(names::DURATION, "s", &spike, 0.0, 0.5);
        let mut small = noisy(100, 0.100, 0.001);
        small.extend(noisy(40, 0.110, 0.001));
        check(names::DURATION, "s", &small, 0.0, 0.8);
    }

    #[test]
    fn recovery_is_seen_within_a_few_frames() {
        let mut values = noisy(100, 0.100, 0.01);
        values.extend(noisy(40, 0.2, 0.01));
        values.extend(noisy(20, 0.1, 0.01));
        check(names::DURATION, "s", &values, 0.0, 0.99);
    }
}
