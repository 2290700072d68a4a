//! What the children of a span took, so that its own time can be told.
//!
//! In: spans in order of arrival (children end before their parents, as a rule). Out: the time and
//! failures of a span's children. Two generations are kept, the older is forgotten at each `turn`:
//! bounded by the spans of two windows and by `MOST`.

mod table;

use self::table::Table;
use crate::model::{Span, SpanStatus};

/// Spans with children kept per generation.
pub const MOST: usize = 262_144;

/// What the children of a span took together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Family {
    /// Sum of their durations, in nanoseconds.
    pub nanos: i64,
    /// Whether one of them failed.
    pub failed: bool,
}

/// Sums over the children of recent spans.
#[derive(Debug, Default)]
pub struct Children {
    now: Table,
    before: Table,
}

impl Children {
    /// Counts a span for its parent.
    pub fn add(&mut self, span: &Span) {
        if span.parent_span_id == 0 || self.now.len() >= MOST {
            return;
        }
        let family = self.now.entry(span.trace_id, span.parent_span_id);
        family.nanos = family.nanos.saturating_add(span.duration.nanos().max(0));
        family.failed |= span.status == SpanStatus::Error;
    }

    /// What is known of a span's children.
    #[must_use]
    pub fn of(&self, span: &Span) -> Family {
        let now = self.now.get(span.trace_id, span.span_id);
        let before = self.before.get(span.trace_id, span.span_id);
        Family { nanos: now.nanos + before.nanos, failed: now.failed || before.failed }
    }

    /// Begins a new generation; the one before the last is forgotten.
    pub fn turn(&mut self) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
    }
}
