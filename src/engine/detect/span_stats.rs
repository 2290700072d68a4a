//! Latency and errors of each operation, from spans, with the work of callees taken out.
//!
//! In: spans as they end. Out: one finding per entity and operation and window (at least `window`
//! long). A span's own time is its duration without its children's; own errors are those of no
//! failing child: so the owner of a defect scores higher than its callers. Latency is compared as
//! a shift of the median of log own time against earlier windows, in standard errors and in size;
//! errors as a binomial count against the earlier share.
//! Source: exclusive time as in Dapper-style trace analysis (Sigelman et al., 2010); standard error
//! of a median 1.2533 sigma / sqrt(n). Known limits: children that run in parallel can exceed their
//! parent (own time 0 then); a child that ends in a later window than its parent is missed.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Finding, Scores};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::calls::{Children, Family};
use crate::model::{Direction, Role, SignalClass, Span, SpanStatus, StepInput};
use crate::stats::robust::{MAD_TO_SIGMA, mad, median, quantile};
use crate::unit::{EntityId, SimDuration, SimTime};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "span_stats",
    summary: "latency and error share of each operation, own time first",
    help: "Counts spans per entity and operation over windows. Scores the median of the time that \
           is the operation's own, and the share of failures that no callee explains, against \
           earlier windows; what callees explain counts for less.",
    source: "exclusive time of spans (Sigelman et al., Dapper, 2010); own tests",
    example: "{ window: 30s, sigmas: 6 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(SpanStats::new(spec.read()?))),
};

/// Parameters of `span_stats`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Shortest time over which spans are collected.
    pub window: SimDuration,
    /// Fewest spans of an operation in a window.
    pub least: usize,
    /// Earlier windows that an operation is compared with, at most.
    pub history: usize,
    /// Standard errors at which the score is 1.
    pub sigmas: f64,
    /// Growth of latency at which the score is 1: 0.4 is 40 % more.
    pub growth: f64,
    /// Growth of the error share at which the score is 1.
    pub errors: f64,
    /// Weight of what callees explain.
    pub explained: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            window: SimDuration::from_secs(30),
            least: 8,
            history: 40,
            sigmas: 6.0,
            growth: 0.5,
            errors: 0.04,
            explained: 0.6,
        }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct SpanStats {
    config: Config,
    operations: BTreeMap<(EntityId, Arc<str>), Operation>,
    children: Children,
    window_start: Option<SimTime>,
}

/// One operation of one entity.
#[derive(Debug, Default)]
struct Operation {
    own: Measure,
    whole: Measure,
    spans: u32,
    errors: u32,
    own_errors: u32,
    past_spans: f64,
    past_errors: f64,
    past_own_errors: f64,
    held: u32,
    since: Option<SimTime>,
}

/// Log durations of one window, and the summaries of earlier ones.
#[derive(Debug, Default)]
struct Measure {
    logs: Vec<f64>,
    medians: Vec<f64>,
    errors_of_median: Vec<f64>,
}

/// Operations kept; spans of further ones are not counted.
const MOST_OPERATIONS: usize = 4096;
/// Spans of one operation and window that are kept.
const MOST_SPANS: usize = 4096;
/// Abnormal windows in a row that the baseline does not learn from.
const MOST_HELD: u32 = 60;
/// Own time below this is not told apart: 0.1 ms, in nanoseconds.
const FINEST: f64 = 1e5;
/// Weight that one window's counts keep in the next.
const KEEP: f64 = 0.97;

impl SpanStats {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (operations, children) = (BTreeMap::new(), Children::default());
        Self { config, operations, children, window_start: None }
    }

    fn count(&mut self, span: &Span, entity: EntityId) {
        let key = (entity, Arc::clone(&span.operation));
        if self.operations.len() >= MOST_OPERATIONS && !self.operations.contains_key(&key) {
            return;
        }
        let family = self.children.of(span);
        self.operations.entry(key).or_default().count(span, family);
    }

    fn close_window(&mut self, start: SimTime, out: &mut Scores) {
        let config = &self.config;
        for ((entity, operation), state) in &mut self.operations {
            let latency = state.latency(config);
            let errors = state.errors(config);
            let worst = latency.map_or(0.0, |l| l.score).max(errors.map_or(0.0, |e| e.score));
            let since =
                if worst >= super::FLOOR { *state.since.get_or_insert(start) } else { start };
            if worst < super::FLOOR {
                state.since = None;
            }
            for (said, role, unit) in [(latency, Role::Latency, "s"), (errors, Role::Errors, "1")] {
                let Some(said) = said else { continue };
                out.finding(said.finding(*entity, operation, role, unit, since));
            }
            state.learn(worst, config);
        }
        self.children.turn();
    }
}

impl Detector for SpanStats {
    fn observe(&mut self, input: &StepInput<'_>, _history: &History, out: &mut Scores) {
        for span in &input.batch.spans {
            self.children.add(span);
        }
        for span in &input.batch.spans {
            self.count(span, input.topology.service_of(span.entity));
        }
        let start = *self.window_start.get_or_insert(input.now);
        let length = input.now.since(start);
        if length >= self.config.window && length > SimDuration::ZERO {
            self.close_window(start, out);
            self.window_start = Some(input.now);
        }
    }
}

/// One comparison of a window with the past.
#[derive(Debug, Clone, Copy)]
struct Said {
    score: f64,
    observed: f64,
    expected: f64,
    own: bool,
}

impl Said {
    fn finding(
        self,
        entity: EntityId,
        operation: &str,
        role: Role,
        unit: &'static str,
        since: SimTime,
    ) -> Finding {
        let what = if role == Role::Errors { "errors" } else { "duration" };
        let own = if self.own { "own " } else { "" };
        Finding {
            detector: ENTRY.kind,
            class: SignalClass::Trace,
            entity,
            instance: None,
            signal: format!("{operation} {own}{what}"),
            role,
            since,
            score: self.score,
            direction: Direction::Up,
            observed: Some(self.observed),
            expected: Some(self.expected),
            unit,
            at_once: false,
        }
    }
}

impl Operation {
    fn count(&mut self, span: &Span, family: Family) {
        self.spans += 1;
        if span.status == SpanStatus::Error {
            self.errors += 1;
            self.own_errors += u32::from(!family.failed);
        }
        let whole = span.duration.nanos().max(0);
        self.own.add((whole - family.nanos).max(0) as f64);
        self.whole.add(whole as f64);
    }

    /// Own time first; what callees explain counts for less.
    fn latency(&mut self, config: &Config) -> Option<Said> {
        let own = self.own.compare(config).map(|said| Said { own: true, ..said });
        let whole = self.whole.compare(config);
        let whole = whole.map(|said| Said { score: said.score * config.explained, ..said });
        stronger(own, whole)
    }

    fn errors(&self, config: &Config) -> Option<Said> {
        if (self.spans as usize) < config.least || self.past_spans < config.least as f64 {
            return None;
        }
        let compare = |errors: u32, past: f64, own| {
            let n = f64::from(self.spans);
            let expected = (past + 0.5) / (self.past_spans + 1.0);
            let sigma = (n * expected * (1.0 - expected)).sqrt();
            let bar = (config.sigmas * sigma).max(config.errors * n).max(2.0);
            let score = ((f64::from(errors) - n * expected) / bar).min(10.0);
            Said { score, observed: f64::from(errors) / n, expected, own }
        };
        let own = compare(self.own_errors, self.past_own_errors, true);
        let all = compare(self.errors, self.past_errors, false);
        stronger(Some(own), Some(Said { score: all.score * config.explained, ..all }))
    }

    /// Takes the window into the past unless it was abnormal, and begins the next.
    fn learn(&mut self, worst: f64, config: &Config) {
        let hold = worst >= 1.0 && self.held < MOST_HELD;
        self.held = if hold { self.held + 1 } else { 0 };
        self.own.turn(hold, config);
        self.whole.turn(hold, config);
        if !hold {
            self.past_spans = KEEP * self.past_spans + f64::from(self.spans);
            self.past_errors = KEEP * self.past_errors + f64::from(self.errors);
            self.past_own_errors = KEEP * self.past_own_errors + f64::from(self.own_errors);
        }
        (self.spans, self.errors, self.own_errors) = (0, 0, 0);
    }
}

fn stronger(a: Option<Said>, b: Option<Said>) -> Option<Said> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.score >= b.score { a } else { b }),
        (a, b) => a.or(b),
    }
}

impl Measure {
    fn add(&mut self, nanos: f64) {
        if self.logs.len() < MOST_SPANS {
            self.logs.push(nanos.max(FINEST).ln());
        }
    }

    /// The shift of the window's median against earlier windows.
    fn compare(&mut self, config: &Config) -> Option<Said> {
        if self.logs.len() < config.least || self.medians.is_empty() {
            return None;
        }
        let (now, noise) = summary(&mut self.logs)?;
        let mut earlier = self.medians.clone();
        let expected = median(&mut earlier)?;
        let between = MAD_TO_SIGMA * mad(&mut earlier, expected)?;
        let within = median(&mut self.errors_of_median.clone())?;
        let sigma = (noise.min(3.0 * within).powi(2) + between.powi(2) + within.powi(2)).sqrt();
        let bar = (config.sigmas * sigma).max(config.growth.ln_1p());
        let score = ((now - expected) / bar).min(10.0);
        Some(Said { score, observed: now.exp() / 1e9, expected: expected.exp() / 1e9, own: false })
    }

    fn turn(&mut self, hold: bool, config: &Config) {
        if self.logs.len() >= config.least
            && !hold
            && let Some((median, error)) = summary(&mut self.logs)
        {
            if self.medians.len() >= config.history.max(1) {
                self.medians.remove(0);
                self.errors_of_median.remove(0);
            }
            self.medians.push(median);
            self.errors_of_median.push(error);
        }
        self.logs.clear();
    }
}

/// Median and its standard error, from the interquartile range.
fn summary(logs: &mut [f64]) -> Option<(f64, f64)> {
    let spread = (quantile(logs, 0.75)? - quantile(logs, 0.25)?) / 1.349;
    let error = 1.2533 * spread / (logs.len() as f64).sqrt();
    Some((median(logs)?, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::findings;
    use crate::model::SpanKind;

    /// Ten traces in each 30 s: `web` calls `cart`; cart's time and failures are given per step.
    fn steps(cart: &[(f64, bool)]) -> Vec<(i64, Finding)> {
        let mut detector = SpanStats::new(Config::default());
        let mut steps = Vec::new();
        for (i, (millis, fails)) in cart.iter().enumerate() {
            let secs = i as i64 * 30;
            let mut spans = Vec::new();
            for k in 0..10 {
                let trace = (i * 10 + k) as u128 + 1;
                let noise = 1.0 + 0.05 * ((k * 7 % 10) as f64 / 5.0 - 1.0);
                let status = if *fails && k < 6 { SpanStatus::Error } else { SpanStatus::Ok };
                spans.push(span(secs, trace, (2, 1), 1, millis * noise, status));
                spans.push(span(secs, trace, (1, 0), 0, millis * noise + 10.0 * noise, status));
            }
            steps.push((secs, Vec::new(), spans, Vec::new()));
        }
        findings(&mut detector, steps)
    }

    fn span(
        secs: i64,
        trace_id: u128,
        (span_id, parent_span_id): (u64, u64),
        entity: u32,
        millis: f64,
        status: SpanStatus,
    ) -> Span {
        Span {
            start: SimTime::from_secs(secs),
            duration: SimDuration::from_secs_f64(millis / 1e3),
            trace_id,
            span_id,
            parent_span_id,
            entity: EntityId(entity),
            operation: Arc::from("op"),
            kind: SpanKind::Server,
            status,
        }
    }

    #[test]
    fn steady_operations_say_nothing() {
        assert_eq!(steps(&[(50.0, false); 20]), []);
    }

    #[test]
    fn the_owner_of_slowness_scores_above_its_caller() {
        let mut cart = vec![(50.0, false); 4];
        cart.extend([(200.0, false); 3]);
        let found = steps(&cart);
        let best = |entity| {
            let of = found.iter().filter(|(_, f)| f.entity == EntityId(entity));
            of.map(|(_, f)| f.score).fold(0.0, f64::max)
        };
        assert!(best(1) > 2.0 && best(0) < best(1) && best(0) > 0.5, "{found:?}");
        let first = &found.iter().find(|(_, f)| f.entity == EntityId(1)).unwrap().1;
        assert_eq!((first.signal.as_str(), first.role), ("op own duration", Role::Latency));
    }

    #[test]
    fn failures_count_for_the_entity_that_no_callee_excuses() {
        let mut cart = vec![(50.0, false); 4];
        cart.extend([(50.0, true); 2]);
        let found = steps(&cart);
        let score = |entity| {
            found.iter().find(|(_, f)| f.entity == EntityId(entity)).map_or(0.0, |(_, f)| f.score)
        };
        assert!(score(1) > 1.0 && score(0) < score(1), "{found:?}");
    }
}
