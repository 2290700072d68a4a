//! What an engine was told of the fleet so far: only what is new goes into a step.
//!
//! In: `StepInput`. Out: the rows of `hello` and `step`. Topology and catalog only grow, so a
//! count and a set of calls are all that has to be remembered.

use std::collections::BTreeSet;

use super::protocol::{
    EntityRow, Hello, LogRow, Request, SeriesRow, SpanRow, Step, VERSION, Wanted,
};
use crate::model::{Call, Span, Stage, StepInput};
use crate::unit::SimTime;

/// What was told, and what is wanted.
#[derive(Debug)]
pub(super) struct View {
    entities: usize,
    series: usize,
    calls: BTreeSet<Call>,
    begun: SimTime,
    wants: Option<Vec<Wanted>>,
}

impl View {
    /// Nothing told yet.
    pub(super) fn new() -> Self {
        let (entities, series, calls) = (0, 0, BTreeSet::new());
        Self { entities, series, calls, begun: SimTime::default(), wants: None }
    }

    /// Remembers what the engine wants with steps.
    pub(super) fn want(&mut self, wants: Option<Vec<Wanted>>) {
        self.wants = wants;
    }

    /// The first request.
    pub(super) fn hello(&mut self, input: &StepInput<'_>, seed: u64, stages: &[Stage]) -> Request {
        self.begun = input.now;
        let whole = stages.is_empty();
        let all = [Stage::Detect, Stage::Diagnose, Stage::Remediate, Stage::Guard];
        Request::Hello(Box::new(Hello {
            seq: 0,
            protocol: VERSION,
            windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
            time: input.now,
            seed: derived(seed),
            stages: if whole { all.to_vec() } else { stages.to_vec() },
            whole,
            entities: self.new_entities(input),
            calls: self.new_calls(input),
            series: self.new_series(input),
        }))
    }

    /// A step.
    pub(super) fn step(&mut self, input: &StepInput<'_>, seq: u64) -> Request {
        let batch = input.batch;
        let wants = |what| self.wants.as_ref().is_none_or(|wants| wants.contains(&what));
        let scraped = batch.has_frame && wants(Wanted::Metrics);
        let value = |value: &f64| value.is_finite().then_some(*value);
        let frame = scraped.then(|| batch.frame.values.iter().map(value).collect());
        let log = |log: &crate::model::LogRecord| {
            LogRow(log.time, log.entity.0, log.severity, log.body.clone())
        };
        let logs = if wants(Wanted::Logs) { batch.logs.iter().map(log).collect() } else { vec![] };
        let spans =
            if wants(Wanted::Spans) { batch.spans.iter().map(span).collect() } else { Vec::new() };
        Request::Step(Box::new(Step {
            seq,
            time: input.now,
            elapsed_s: input.now.since(self.begun).secs_f64(),
            entities: self.new_entities(input),
            calls: self.new_calls(input),
            series: self.new_series(input),
            frame,
            frame_time: scraped.then_some(batch.frame.time),
            logs,
            spans,
            events: batch.events.clone(),
            outcomes: batch.outcomes.clone(),
            answers: batch.answers.clone(),
        }))
    }

    fn new_entities(&mut self, input: &StepInput<'_>) -> Vec<EntityRow> {
        let known = std::mem::replace(&mut self.entities, input.topology.len());
        let row = |(id, entity): (crate::unit::EntityId, &crate::model::Entity)| EntityRow {
            id: id.0,
            name: entity.name.to_string(),
            kind: entity.kind,
            parent: entity.parent.map(|parent| parent.0),
            node: entity.node.map(|node| node.0),
        };
        input.topology.iter().skip(known).map(row).collect()
    }

    fn new_calls(&mut self, input: &StepInput<'_>) -> Vec<(u32, u32)> {
        let calls = input.topology.calls();
        let new: Vec<Call> = calls.filter(|call| self.calls.insert(*call)).collect();
        new.into_iter().map(|call| (call.caller.0, call.callee.0)).collect()
    }

    fn new_series(&mut self, input: &StepInput<'_>) -> Vec<SeriesRow> {
        let known = std::mem::replace(&mut self.series, input.series.len());
        let row = |(id, meta): (crate::unit::SeriesId, &crate::model::SeriesMeta)| SeriesRow {
            id: id.0,
            entity: meta.entity.0,
            metric: meta.metric.clone(),
            unit: meta.unit.clone(),
            instrument: meta.instrument,
            role: meta.role,
            labels: meta.labels.clone(),
        };
        input.series.iter().skip(known).map(row).collect()
    }
}

fn span(span: &Span) -> SpanRow {
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    let parent = (span.parent_span_id != 0).then(|| format!("{:016x}", span.parent_span_id));
    SpanRow(
        span.start,
        span.duration.secs_f64(),
        format!("{:032x}", span.trace_id),
        format!("{:016x}", span.span_id),
        parent,
        span.entity.0,
        span.operation.to_string(),
        word(&span.kind),
        word(&span.status),
    )
}

/// A number that follows from the trial's seed, but does not tell it: an engine that knew the seed
/// could know what will go wrong.
fn derived(seed: u64) -> u32 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"windtunnel engine seed").update(&seed.to_le_bytes());
    let bytes = hasher.finalize();
    u32::from_le_bytes(bytes.as_bytes()[..4].try_into().expect("four bytes"))
}
