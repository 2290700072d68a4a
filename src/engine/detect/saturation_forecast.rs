//! Time until a resource is exhausted, by a robust straight line through the last hour.
//!
//! In: metric frames of resources with a known end: shares of a limit (memory, disk, CPU, pools;
//! unit `1` or `%`) and times left (certificates; unit `s`). Out: score = `horizon` / time to
//! exhaustion, so 1 when the end is `horizon` away, if the growth is no chance: Kendall's deviate
//! above `certainty`. Below `used` of the limit nothing is said, however steep: half-empty
//! resources swing. Sources: Theil 1950, Sen 1968 (slope); Mann 1945 (test); Prometheus'
//! `predict_linear` for the idea. Known limits: growth that is not linear is found late or early;
//! a metric in bytes without its limit has no known end and is left out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::model::{Direction, Role, SeriesMeta, StepInput};
use crate::stats::rank::trend;
use crate::unit::{SeriesId, SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "saturation_forecast",
    summary: "memory, disk, pools or certificates that will run out within a horizon",
    help: "Fits a robust line (Theil-Sen) through the last `window` frames of every share of a \
           limit and says when it reaches the limit; times left (certificates) count by \
           themselves. Scores 1 when exhaustion is `horizon` away and the growth is certain.",
    source: "Theil 1950; Sen, JASA 63, 1968; Mann 1945; Prometheus predict_linear",
    example: "{ horizon: 30m, window: 240 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(SaturationForecast::new(spec.read()?))),
};

/// Parameters of `saturation_forecast`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Time to exhaustion of a growing resource at which the score is 1.
    pub horizon: SimDuration,
    /// Time left of a certificate or secret at which the score is 1.
    pub expiry: SimDuration,
    /// Frames that the line goes through.
    pub window: usize,
    /// Share of the limit from which a forecast is made.
    pub used: f64,
    /// Standard normal deviate of the growth from which it counts.
    pub certainty: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            horizon: SimDuration::from_secs(1_800),
            expiry: SimDuration::from_secs(7 * 86_400),
            window: 240,
            used: 0.5,
            certainty: 4.0,
        }
    }
}

/// Points of the line: enough for the test, few enough for all pairs.
const POINTS: usize = 24;
/// A series is fitted anew every so many frames.
const STRIDE: u64 = 4;
/// Scores beyond this say no more.
const HIGHEST: f64 = 100.0;

/// See the file's head.
#[derive(Debug)]
pub struct SaturationForecast {
    config: Config,
    frame: u64,
    said: Vec<Option<Scored>>,
    points: Vec<f64>,
    scratch: Vec<f64>,
}

impl SaturationForecast {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let config = Config { window: config.window.max(POINTS), ..config };
        let (points, scratch) = (Vec::new(), Vec::with_capacity(POINTS * POINTS / 2));
        Self { config, frame: 0, said: Vec::new(), points, scratch }
    }

    /// Score, expected value at the horizon.
    fn forecast(&mut self, id: SeriesId, limit: f64, history: &History) -> Option<(f64, f64)> {
        let column = history.column(id);
        let latest = history.latest(id)?;
        if column.len() < self.config.window || latest < self.config.used * limit {
            return None;
        }
        let start = column.len() - self.config.window;
        self.points.clear();
        for point in 1..=POINTS {
            let at = start + point * self.config.window / POINTS - 1;
            self.points.push(column.at(at));
        }
        self.points.retain(|v| v.is_finite());
        if self.points.len() < POINTS / 2 {
            return None;
        }
        let steps = (self.points.len() - 1) as f64;
        let line = trend(&self.points, &mut self.scratch)?;
        if line.z < self.config.certainty || line.slope <= 0.0 {
            return None;
        }
        let times = history.times();
        let span = times[times.len() - 1].since(times[start]).secs_f64();
        let per_sec = line.slope * steps / span.max(1e-9);
        let left = ((limit - line.last.max(latest)) / per_sec).max(0.0);
        let horizon = self.config.horizon.secs_f64();
        Some(((horizon / left).min(HIGHEST), (line.last + per_sec * horizon).min(limit)))
    }
}

/// What is all of it, if the series is a share of a limit that can run out.
fn limit(meta: &SeriesMeta) -> Option<f64> {
    let resource = matches!(meta.role, Role::Memory | Role::Disk | Role::Saturation | Role::Cpu);
    match meta.unit.as_str() {
        "1" if resource => Some(1.0),
        "%" if resource => Some(100.0),
        _ => None,
    }
}

impl Detector for SaturationForecast {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        let Some(time) = fresh_frame(input, history) else { return };
        self.frame += 1;
        self.said.resize(history.width(), None);
        for (id, meta) in input.series.iter() {
            let Some(observed) = history.latest(id) else { continue };
            let (detector, series) = (ENTRY.kind, id);
            if meta.role == Role::Expiry && meta.unit == "s" {
                let expected = self.config.expiry.secs_f64();
                let score = (expected / observed.max(1e-9)).min(HIGHEST);
                let (direction, since) = (Direction::Down, time);
                out.series(Scored {
                    detector,
                    series,
                    score,
                    since,
                    direction,
                    observed,
                    expected,
                });
                continue;
            }
            let Some(limit) = limit(meta) else { continue };
            if (self.frame + u64::from(id.0)).is_multiple_of(STRIDE) {
                let before: Option<SimTime> = self.said[id.index()].map(|s| s.since);
                let forecast = self.forecast(id, limit, history);
                self.said[id.index()] = forecast.map(|(score, expected)| Scored {
                    detector,
                    series,
                    score,
                    since: before.unwrap_or(time),
                    direction: Direction::Up,
                    observed,
                    expected,
                });
            }
            if let Some(said) = self.said[id.index()] {
                out.series(Scored { observed, ..said });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::{Series, noisy};
    use crate::model::names;

    fn score(metric: &str, unit: &str, values: &[f64]) -> f64 {
        let mut detector = SaturationForecast::new(Config::default());
        Series::gauge(metric, unit).last_score(&mut detector, values)
    }

    /// 300 frames of 15 s that end at `last`, growing by `slope` a frame.
    fn ramp(slope: f64, last: f64) -> Vec<f64> {
        let noise = noisy(300, 0.0, 0.002);
        (0..300).map(|i| last - slope * (299 - i) as f64 + noise[i]).collect()
    }

    #[test]
    fn a_leak_is_told_before_the_end_and_the_sooner_the_louder() {
        let memory = names::MEMORY_UTILIZATION;
        // 0.2 left at 0.001 a frame: 200 frames of 15 s are 50 minutes.
        let far = score(memory, "1", &ramp(0.001, 0.8));
        assert!((far - 0.6).abs() < 0.1, "{far}");
        assert!(score(memory, "1", &ramp(0.001, 0.95)) > 2.0);
        assert_eq!(score(memory, "1", &ramp(0.001, 0.4)), 0.0);
        assert_eq!(score(memory, "1", &ramp(0.0, 0.9)), 0.0);
        assert_eq!(score(names::MEMORY_WORKING_SET, "By", &ramp(0.001, 0.95)), 0.0);
    }

    #[test]
    fn a_certificate_counts_by_its_time_left() {
        let left = |days: f64| score(names::CERTIFICATE_TIME_LEFT, "s", &[days * 86_400.0]);
        assert!(left(14.1) < 0.5 && left(7.0) >= 1.0 && left(1.0) >= 6.9);
    }
}
