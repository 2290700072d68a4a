//! What each visit of a service did: how long, whom it called, what it logged, minute by minute.
//!
//! A *visit* is one request served by one service: its entry span and everything below it up to
//! the next service. In: spans and log records of traces. Out: per minute and kind of visit
//! (service and operation) how many there were, their own time, and in how many of them each call,
//! log line or failure occurred; per call edge what client and server ends disagree about. Counting
//! per visit, not per minute, makes a service that is merely asked less look as healthy as it is.
//! Source: Yu et al., "Nezha" (ESEC/FSE 2023) on event patterns per request; own aggregation.
//! Bounds: `MOST_WINDOWS` minutes, `MOST_PENDING` spans, `MOST_KINDS` kinds a minute, `MOST_TIMES`
//! durations each. Limit: traces only; a log record without a trace is not counted here.

mod assemble;
mod ids;
mod messages;
mod minutes;
mod notes;
mod operations;
mod window;

use std::collections::BTreeMap;

use self::assemble::{Assembler, Draft, Logged, Piece};
use self::messages::Messages;
use self::minutes::Minutes;
use self::operations::Operations;
pub use self::window::{Course, Edge, Item, Kind, Seen, Tally, Window};
use crate::model::StepInput;
use crate::unit::SimDuration;

/// Length of a window: long enough for a handful of requests of a seldom used service.
pub const WINDOW: SimDuration = SimDuration::from_secs(60);
/// Windows kept: an hour and a half.
pub const MOST_WINDOWS: usize = 90;
/// Spans that wait for the root of their trace.
const MOST_PENDING: usize = 262_144;
/// Steps that a trace without a root waits for more.
const PATIENCE: u8 = 2;
/// Empty drafts kept.
const MOST_SPARE: usize = 64;

/// The visits remembered.
#[derive(Debug, Default)]
pub struct Visits {
    minutes: Minutes,
    drafts: BTreeMap<u128, Draft>,
    /// Empty ones, for the room that they have.
    spare: Vec<Draft>,
    assembler: Assembler,
    pending: usize,
    operations: Operations,
    messages: Messages,
}

impl Visits {
    /// Takes in the spans and logs of a step.
    pub fn observe(&mut self, input: &StepInput<'_>) {
        if input.batch.spans.is_empty() && input.batch.logs.is_empty() && self.drafts.is_empty() {
            return;
        }
        for log in input.batch.logs.iter().filter(|log| log.trace_id != 0) {
            let message = self.messages.learn(log.severity, &log.body);
            let entity = input.topology.service_of(log.entity);
            let logged = Logged { span: log.span_id, entity, message };
            self.drafts.entry(log.trace_id).or_default().logs.push(logged);
        }
        let free = MOST_PENDING.saturating_sub(self.pending);
        let spans = &input.batch.spans[..input.batch.spans.len().min(free)];
        self.pending += spans.len();
        // Spans of one trace mostly come together.
        for spans in spans.chunk_by(|a, b| a.trace_id == b.trace_id) {
            let draft = self.drafts.entry(spans[0].trace_id);
            let draft = draft.or_insert_with(|| self.spare.pop().unwrap_or_default());
            for span in spans {
                let entity = input.topology.service_of(span.entity);
                let operation = self.operations.number(entity, &span.operation);
                draft.rooted |= span.parent_span_id == 0;
                draft.pieces.push(Piece::of(span, entity, operation));
            }
        }
        self.settle();
    }

    /// Windows, oldest first.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.minutes.iter()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.minutes.is_empty()
    }

    /// The name of an operation.
    #[must_use]
    pub fn operation(&self, number: u32) -> &str {
        self.operations.name(number)
    }

    /// A log line of this message, as first seen.
    #[must_use]
    pub fn message(&self, number: u32) -> &str {
        self.messages.text(number)
    }

    /// The OpenTelemetry severity of a message, 0 if unknown.
    #[must_use]
    pub fn severity(&self, number: u32) -> u8 {
        self.messages.severity(number)
    }

    /// Counts the traces that are complete or have waited long enough.
    fn settle(&mut self) {
        let Self { minutes, spare, assembler, pending, .. } = self;
        self.drafts.retain(|_, draft| {
            draft.age += 1;
            let over = draft.rooted || draft.age > PATIENCE;
            if over {
                *pending -= draft.pieces.len();
                assembler.count(draft, minutes);
                spare.push(std::mem::take(draft).renewed());
            }
            !over
        });
        spare.truncate(MOST_SPARE);
        minutes.keep(MOST_WINDOWS);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{
        Batch, LogRecord, SeriesCatalog, Span, SpanKind, SpanStatus, Topology, severity,
    };
    use crate::unit::{EntityId, SimTime};

    fn span(id: u64, parent: u64, entity: u32, millis: (i64, i64)) -> Span {
        Span {
            start: SimTime::from_nanos(millis.0 * 1_000_000),
            duration: SimDuration::from_nanos((millis.1 - millis.0) * 1_000_000),
            trace_id: 7,
            span_id: id,
            parent_span_id: parent,
            entity: EntityId(entity),
            operation: Arc::from(format!("op{entity}")),
            kind: SpanKind::Internal,
            status: SpanStatus::Unset,
        }
    }

    fn observe(visits: &mut Visits, spans: Vec<Span>, logs: Vec<LogRecord>) {
        let mut topology = Topology::default();
        for name in ["web", "cart", "db"] {
            topology.service(name);
        }
        let batch = Batch { spans, logs, ..Batch::default() };
        let (now, series) = (SimTime::from_secs(60), SeriesCatalog::default());
        let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
        visits.observe(&input);
    }

    #[test]
    fn own_time_gap_and_items_are_told_apart() {
        let mut visits = Visits::default();
        // web 0..100 calls cart: client 10..60, server 20..50; cart logs an error.
        let spans = vec![span(3, 2, 1, (20, 50)), span(2, 1, 0, (10, 60)), span(1, 0, 0, (0, 100))];
        let log = LogRecord {
            time: SimTime::from_nanos(30_000_000),
            entity: EntityId(1),
            severity: severity::ERROR,
            body: "no cart 17".to_owned(),
            trace_id: 7,
            span_id: 3,
        };
        observe(&mut visits, spans, vec![log]);
        let window = visits.windows().next().unwrap();
        let own: Vec<(u32, f32)> =
            window.kinds().iter().map(|(kind, tally)| (kind.entity.0, tally.own[0])).collect();
        assert_eq!(own, [(0, 50.0), (1, 30.0)]);
        let gaps: Vec<&[f32]> = window.edges().values().map(|gaps| gaps.times.as_slice()).collect();
        assert_eq!(gaps, [&[20.0][..]]);
        let items: Vec<usize> = window.kinds().values().map(|tally| tally.items.len()).collect();
        assert_eq!(items, [1, 1], "a call of web, a log line of cart");
    }

    #[test]
    fn a_visit_fails_by_itself_only_if_no_call_of_it_failed() {
        let failing = |failed: &[u64]| {
            let mut visits = Visits::default();
            let client =
                |id, parent, millis| Span { kind: SpanKind::Client, ..span(id, parent, 0, millis) };
            // web calls cart, and a provider outside that has no span of its own.
            let mut spans = vec![
                span(3, 2, 1, (20, 30)),
                client(2, 1, (10, 40)),
                client(4, 1, (50, 90)),
                span(1, 0, 0, (0, 100)),
            ];
            for span in spans.iter_mut().filter(|span| failed.contains(&span.span_id)) {
                span.status = SpanStatus::Error;
            }
            observe(&mut visits, spans, Vec::new());
            let window = visits.windows().next().unwrap();
            let fails = |tally: &Tally| tally.items.keys().any(|item| *item == Item::Failure);
            let kinds = window.kinds().iter().filter(|(_, tally)| fails(tally));
            kinds.map(|(kind, _)| kind.entity.0).collect::<Vec<u32>>()
        };
        assert_eq!(failing(&[]), [0; 0]);
        assert_eq!(failing(&[1]), [0], "by itself");
        assert_eq!(failing(&[1, 4]), [0; 0], "the provider did");
        assert_eq!(failing(&[1, 2, 3]), [1], "cart did");
        assert_eq!(failing(&[1, 3]), [1], "cart did, although web's client saw nothing");
        assert_eq!(failing(&[1, 2]), [0; 0], "lost on the way");
    }

    #[test]
    fn a_trace_without_a_root_is_counted_after_a_while_and_nothing_waits_for_ever() {
        let mut visits = Visits::default();
        observe(&mut visits, vec![span(3, 2, 1, (20, 50))], Vec::new());
        assert!(visits.is_empty() && visits.pending == 1);
        for _ in 0..PATIENCE {
            observe(&mut visits, Vec::new(), Vec::new());
        }
        assert!(!visits.is_empty() && visits.pending == 0 && visits.drafts.is_empty());
    }

    #[test]
    fn old_minutes_fall_out() {
        let mut visits = Visits::default();
        for minute in 0..MOST_WINDOWS as i64 + 5 {
            let at = minute * 60_000;
            let mut root = span(1, 0, 0, (at, at + 10));
            root.trace_id = minute as u128 + 1;
            observe(&mut visits, vec![root], Vec::new());
        }
        assert_eq!(visits.windows().count(), MOST_WINDOWS);
    }
}
