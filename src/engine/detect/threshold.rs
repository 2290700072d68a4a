//! A bound that a metric must not cross for longer than a time: the classic alert rule.
//!
//! In: metric frames. Out: score = how far beyond the bound (1 at the bound, in shares of the
//! bound), scaled by how much of `hold` has passed; below the bound the share of it that is used.
//! Source: Prometheus alerting rules (`expr` and `for`). Known limit: for bounds of 0 the distance
//! is in the metric's own unit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Scored, Scores, fresh_frame};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::History;
use crate::model::{Direction, Role, SeriesMeta, StepInput};
use crate::unit::{SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "threshold",
    summary: "a metric beyond a bound for a duration",
    help: "Scores every series that `metric`, `role` and `stat` select, against a fixed bound, \
           `above` or `below`, which must be crossed for `hold`. Give at least one bound.",
    source: "Prometheus alerting rules (expr, for)",
    example: "{ metric: http.server.request.error_ratio, above: 0.05, hold: 60s }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `threshold`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Only metrics of this name.
    pub metric: Option<String>,
    /// Only metrics of this role.
    pub role: Option<Role>,
    /// Only series with this `stat` label (mean, p99 ...).
    pub stat: Option<String>,
    /// Abnormal above this, in the metric's unit.
    pub above: Option<f64>,
    /// Abnormal below this, in the metric's unit.
    pub below: Option<f64>,
    /// How long the bound must be crossed.
    pub hold: SimDuration,
}

/// See the file's head.
#[derive(Debug)]
pub struct Threshold {
    config: Config,
    since: Vec<Option<SimTime>>,
}

/// Scores beyond this say no more.
const HIGHEST: f64 = 100.0;

fn build(spec: &Spec) -> Result<Box<dyn Detector + Send>, KindError> {
    Ok(Box::new(Threshold { config: spec.read()?, since: Vec::new() }))
}

impl Config {
    fn selects(&self, meta: &SeriesMeta) -> bool {
        let Self { metric, role, stat, .. } = self;
        metric.as_ref().is_none_or(|name| *name == meta.metric)
            && role.is_none_or(|role| role == meta.role)
            && stat.as_deref().is_none_or(|stat| meta.stat() == Some(stat))
    }

    /// The bound that is crossed furthest: score, direction, bound.
    fn worst(&self, value: f64) -> Option<(f64, Direction, f64)> {
        let above = self.above.map(|b| (beyond(value, b), Direction::Up, b));
        let below = self.below.map(|b| (beyond(-value, -b), Direction::Down, b));
        above.into_iter().chain(below).max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

impl Detector for Threshold {
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores) {
        let Some(time) = fresh_frame(input, history) else { return };
        self.since.resize(history.width(), None);
        for (series, _) in input.series.iter().filter(|(_, meta)| self.config.selects(meta)) {
            let Some(observed) = history.latest(series) else { continue };
            let Some((crossed, direction, expected)) = self.config.worst(observed) else {
                continue;
            };
            let start = &mut self.since[series.index()];
            if crossed < 1.0 {
                *start = None;
            }
            let since = if crossed < 1.0 { time } else { *start.get_or_insert(time) };
            let held = held(time.since(since), self.config.hold);
            let score = if crossed < 1.0 { crossed } else { crossed * held };
            let detector = ENTRY.kind;
            out.series(Scored { detector, series, score, since, direction, observed, expected });
        }
    }
}

/// 1 at the bound, growing by 1 for each further size of the bound.
fn beyond(value: f64, bound: f64) -> f64 {
    let size = if bound == 0.0 { 1.0 } else { bound.abs() };
    let distance = (value - bound) / size;
    let crossed = if value > bound { 1.0 + distance } else { (0.999 + distance).min(0.999) };
    crossed.clamp(0.0, HIGHEST)
}

/// Share of the hold time that has passed.
fn held(lasted: SimDuration, hold: SimDuration) -> f64 {
    if lasted >= hold { 1.0 } else { 0.999 * lasted.secs_f64() / hold.secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::Series;
    use crate::model::names;

    #[track_caller]
    fn check(params: &str, values: &[f64], low: f64, high: f64) {
        let params = serde_saphyr::from_str(params).unwrap();
        let mut kind = build(&Spec { kind: "threshold".to_owned(), params }).unwrap();
        let score = Series::gauge(names::ERROR_RATIO, "1").last_score(&mut *kind, values);
        assert!((low..=high).contains(&score), "{score} not in {low}..={high}");
    }

    #[test]
    fn a_bound_must_be_crossed_for_the_hold_time() {
        check("{ above: 0.1 }", &[0.2], 2.0, 2.0);
        check("{ above: 0.1 }", &[0.1], 0.9, 0.999);
        check("{ above: 0.1 }", &[0.01], 0.0, 0.1);
        check("{ below: 0.5 }", &[0.25], 1.5, 1.5);
        check("{ above: 0.1, hold: 60s }", &[0.11; 3], 0.0, 0.999);
        check("{ above: 0.1, hold: 60s }", &[0.11; 5], 1.0, 1.2);
        check("{ above: 0.1, hold: 60s }", &[0.2, 0.2, 0.0, 0.2, 0.2, 0.2], 0.5, 0.999);
        check("{ above: 0.1, metric: other }", &[0.2], 0.0, 0.0);
        check("{ above: 0.1 }", &[f64::NAN], 0.0, 0.0);
        check("{ role: latency, above: 0.1 }", &[0.2], 0.0, 0.0);
    }
}
