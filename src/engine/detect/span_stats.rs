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

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Build, Detector, Finding, Scores};
use crate::catalog::{Entry, schema_of};
use crate::engine::History;
use crate::engine::by_entity::ByEntity;
use crate::engine::calls::{Children, Family};
use crate::engine::durations::{Durations, Limits, Shift};
use crate::engine::failures::{Excess, Failures};
use crate::model::{Direction, Role, SignalClass, Span, SpanStatus, StepInput};
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

impl Config {
    fn limits(&self) -> Limits {
        let Self { least, history, sigmas, growth, .. } = *self;
        Limits { least, history, sigmas, growth }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct SpanStats {
    config: Config,
    operations: ByEntity<Arc<str>, Operation>,
    children: Children,
    window_start: Option<SimTime>,
}

/// One operation of one entity.
#[derive(Debug)]
struct Operation {
    own: Durations,
    whole: Durations,
    failures: Failures,
    held: u32,
    since: Option<SimTime>,
}

/// Operations kept; spans of further ones are not counted.
const MOST_OPERATIONS: usize = 4096;
/// Abnormal windows in a row that the baseline does not learn from.
const MOST_HELD: u32 = 60;
impl SpanStats {
    /// With nothing learnt.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (operations, children) = (ByEntity::default(), Children::default());
        Self { config, operations, children, window_start: None }
    }

    fn count(&mut self, span: &Span, entity: EntityId) {
        let family = self.children.of(span);
        if let Some(operation) = self.operations.named_mut(entity, &span.operation) {
            operation.count(span, family);
        } else if self.operations.len() < MOST_OPERATIONS {
            let (name, new) = (Arc::clone(&span.operation), Operation::new(self.config.limits()));
            self.operations.insert(entity, name, new).count(span, family);
        }
    }

    fn close_window(&mut self, start: SimTime, out: &mut Scores) {
        let config = &self.config;
        for (entity, operation, state) in self.operations.iter_mut() {
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
                out.finding(said.finding(entity, operation, role, unit, since));
            }
            state.learn(worst);
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
    fn new(limits: Limits) -> Self {
        let (own, whole) = (Durations::new(limits), Durations::new(limits));
        Self { own, whole, failures: Failures::default(), held: 0, since: None }
    }

    fn count(&mut self, span: &Span, family: Family) {
        let failed = span.status == SpanStatus::Error;
        self.failures.add(failed, failed && !family.failed);
        let whole = span.duration.nanos().max(0);
        self.own.add((whole - family.nanos).max(0));
        self.whole.add(whole);
    }

    /// Own time first; what callees explain counts for less.
    fn latency(&mut self, config: &Config) -> Option<Said> {
        let said = |own, weight| {
            move |shift: Shift| Said {
                score: shift.score * weight,
                observed: shift.observed,
                expected: shift.expected,
                own,
            }
        };
        let own = self.own.compare().map(said(true, 1.0));
        let whole = self.whole.compare().map(said(false, config.explained));
        stronger(own, whole)
    }

    /// Own failures first; what callees explain counts for less.
    fn errors(&self, config: &Config) -> Option<Said> {
        let said = |own, weight| {
            move |excess: Excess| Said {
                score: excess.score * weight,
                observed: excess.observed,
                expected: excess.expected,
                own,
            }
        };
        let [own, all] = self.failures.compare(config.least, config.sigmas, config.errors)?;
        stronger(Some(own).map(said(true, 1.0)), Some(all).map(said(false, config.explained)))
    }

    /// Takes the window into the past unless it was abnormal, and begins the next.
    fn learn(&mut self, worst: f64) {
        let hold = worst >= 1.0 && self.held < MOST_HELD;
        self.held = if hold { self.held + 1 } else { 0 };
        self.own.turn(hold);
        self.whole.turn(hold);
        self.failures.turn(hold);
    }
}

fn stronger(a: Option<Said>, b: Option<Said>) -> Option<Said> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.score >= b.score { a } else { b }),
        (a, b) => a.or(b),
    }
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
