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
use crate::engine::baseline::{Baselines, Bracket, Horizon, Normal};
use crate::engine::effect::Effect;
use crate::model::{Direction, StepInput};
use crate::unit::SimTime;

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
        let horizon = Horizon { window, exclude, least: least.max(1) };
        Self { config, baselines: Baselines::new(horizon), since: Vec::new() }
    }

    /// Whether the score is surely below the floor, wherever in the bracket the median lies.
    fn is_calm(effect: Effect, bracket: Bracket, value: f64) -> bool {
        bracket.has_near(value, super::FLOOR * effect.bar * effect.smallest_within(bracket))
    }

    fn score(&self, effect: Effect, normal: Normal, value: f64) -> (f64, Direction) {
        let up = value >= normal.center;
        let direction = if up { Direction::Up } else { Direction::Down };
        if !effect.is_bad(direction) {
            return (0.0, direction);
        }
        let tail = if up { normal.high - normal.center } else { normal.center - normal.low };
        let bar = (self.config.sigmas * normal.sigma)
            .max(self.config.reach * tail)
            .max(effect.smallest(normal.center))
            * effect.bar;
        let distance = (value - normal.center).abs();
        (if bar > 0.0 { (distance / bar).min(HIGHEST) } else { 0.0 }, direction)
    }
}

impl Detector for RobustScore {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        let Some(time) = fresh_frame(input, history) else { return };
        self.baselines.begin(history);
        self.since.resize(history.width(), None);
        for (id, effect, value) in history.tracked() {
            let bracket = self.baselines.bracket(id, history);
            if bracket.is_some_and(|bracket| Self::is_calm(effect, bracket, value)) {
                self.since[id.index()] = None;
                continue;
            }
            let Some(normal) = self.baselines.normal(id, history) else { continue };
            let (score, direction) = self.score(effect, normal, value);
            if score < super::FLOOR {
                self.since[id.index()] = None;
                continue;
            }
            if score >= 1.0 {
                self.baselines.freeze(id);
            }
            let since = *self.since[id.index()].get_or_insert(time);
            let (observed, expected) = (value, normal.center);
            let detector = ENTRY.kind;
            out.series(Scored {
                detector,
                series: id,
                score,
                since,
                direction,
                observed,
                expected,
            });
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
