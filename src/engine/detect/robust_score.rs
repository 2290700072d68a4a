//! Distance of the newest value of each series from its rolling median, robustly scaled.
//!
//! In: metric frames. Out: score = deviation / bar, where the bar is the largest of `sigmas`
//! robust standard deviations, `reach` times the distance of the outer quantile (heavy tails,
//! daily peaks) and the smallest effect that matters for the role. Only the bad direction counts.
//! Source: Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (1993), the modified z-score.
//! Known limit: nothing is said before `least` + `exclude` frames.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::baseline::{Band, Baselines, Horizon, Normal};
use crate::engine::effect::Effect;
use crate::model::{Direction, StepInput};
use crate::unit::{SeriesId, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "robust_score",
    summary: "distance from a rolling median in robust standard deviations, all metrics",
    help: "Scores every metric series against its own recent past: median and MAD over `window` \
           frames, the newest `exclude` left out, frozen while abnormal. An alarm needs many \
           sigmas, a move beyond the usual extremes, and an effect that matters for what the \
           metric tells (latency up by a third, errors up by a point ...).",
    source: "Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993",
    example: "{ sigmas: 7, window: 288 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(RobustScore::new(spec.read()?))),
};

/// Parameters of `robust_score`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Robust standard deviations at which the score is 1.
    pub sigmas: f64,
    /// Multiples of the 98 % (2 %) quantile's distance from the median at which the score is 1.
    pub reach: f64,
    /// Frames in the baseline.
    pub window: usize,
    /// Newest frames that the baseline leaves out.
    pub exclude: usize,
    /// Fewest samples for a baseline.
    pub least: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { sigmas: 7.0, reach: 1.6, window: 288, exclude: 6, least: 8 }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct RobustScore {
    config: Config,
    baselines: Baselines,
    since: Vec<Option<SimTime>>,
}

/// Scores beyond this say no more.
const HIGHEST: f64 = 100.0;

impl RobustScore {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let Config { window, exclude, least, .. } = config;
        let baselines = Baselines::new(Horizon { window, exclude, least: least.max(1) });
        Self { config, baselines, since: Vec::new() }
    }

    /// Whether the score is surely below the floor, wherever in its bracket the median lies.
    fn is_calm(&mut self, id: SeriesId, value: f64, past: &History) -> bool {
        let Some(bracket) = self.baselines.bracket(id, past) else { return false };
        let effect = past.effect(id);
        let reach = super::FLOOR * effect.bar * effect.smallest_within(bracket);
        self.baselines.is_calm(id, value, bracket.near(reach))
    }

    /// How far below and above the median the score is 1; infinite where that way is not bad.
    fn bars(&self, effect: Effect, normal: Normal) -> (f64, f64) {
        let least = (self.config.sigmas * normal.sigma).max(effect.smallest(normal.center));
        let bar = |direction, tail: f64| {
            let bar = least.max(self.config.reach * tail) * effect.bar;
            if effect.is_bad(direction) && bar > 0.0 { bar } else { f64::INFINITY }
        };
        let Normal { center, low, high, .. } = normal;
        (bar(Direction::Down, center - low), bar(Direction::Up, high - center))
    }

    fn look(&mut self, id: SeriesId, time: SimTime, past: &History) -> Option<Scored> {
        let value = f64::from(past.newest()[id.index()]);
        if self.is_calm(id, value, past) {
            self.since[id.index()] = None;
            return None;
        }
        let normal = self.baselines.normal(id, past)?;
        let (below, above) = self.bars(past.effect(id), normal);
        let up = value >= normal.center;
        let (direction, bar) = if up { (Direction::Up, above) } else { (Direction::Down, below) };
        let score = ((value - normal.center).abs() / bar).min(HIGHEST);
        if score < super::FLOOR {
            self.since[id.index()] = None;
            let (below, above) = (super::FLOOR * below, super::FLOOR * above);
            let band = Band::about(normal.center, below, above);
            self.baselines.calm(id, band, past);
            return None;
        }
        self.baselines.watch(id);
        if score >= 1.0 {
            self.baselines.freeze(id, past);
        }
        let since = *self.since[id.index()].get_or_insert(time);
        let (observed, expected) = (value, normal.center);
        let detector = ENTRY.kind;
        Some(Scored { detector, series: id, score, since, direction, observed, expected })
    }
}

impl Detector for RobustScore {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        let Some(time) = fresh_frame(input, history) else { return };
        self.since.resize(history.width(), None);
        for id in self.baselines.begin(history) {
            if let Some(scored) = self.look(id, time, history) {
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
    fn check(metric: &str, unit: &str, values: &[f64], low: f64, high: f64) {
        let mut detector = RobustScore::new(Config::default());
        let score = Series::gauge(metric, unit).last_score(&mut detector, values);
        assert!((low..=high).contains(&score), "{metric}: {score} not in {low}..={high}");
    }

    #[test]
    fn large_bad_moves_score_and_good_or_small_ones_do_not() {
        let with = |mut v: Vec<f64>, x: f64| {
            v.push(x);
            v
        };
        let latency = || noisy(60, 0.100, 0.003);
        check(names::DURATION, "s", &with(latency(), 0.100), 0.0, 0.0);
        check(names::DURATION, "s", &with(latency(), 0.125), 0.5, 0.99);
        check(names::DURATION, "s", &with(latency(), 0.300), 3.0, 9.0);
        check(names::DURATION, "s", &with(latency(), 0.010), 0.0, 0.0);
        check(names::ERROR_RATIO, "1", &with(vec![0.0; 60], 0.004), 0.0, 0.0);
        check(names::ERROR_RATIO, "1", &with(vec![0.0; 60], 0.05), 3.0, 9.0);
        check("availability", "%", &with(vec![100.0; 30], 90.0), 3.0, 20.0);
        check(names::DURATION, "s", &with(noisy(9, 0.1, 0.003), 0.9), 0.0, 0.0);
        check(names::DURATION, "s", &with(noisy(14, 0.1, 0.003), 0.9), 3.0, 99.0);
        check(names::DURATION, "s", &with(latency(), f64::NAN), 0.0, 0.0);
    }

    #[test]
    fn an_incident_inside_the_window_stays_abnormal() {
        let mut values = noisy(60, 0.1, 0.003);
        values.extend(noisy(100, 0.4, 0.003));
        check(names::DURATION, "s", &values, 3.0, 12.0);
    }

    #[test]
    fn heavy_tails_raise_the_bar() {
        let mut values: Vec<f64> = noisy(200, 0.1, 0.003);
        values.iter_mut().step_by(20).for_each(|v| *v = 0.3);
        values.push(0.3);
        check(names::DURATION, "s", &values, 0.0, 0.99);
    }
}
