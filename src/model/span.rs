//! One span of a trace, after the OpenTelemetry trace data model.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::unit::{EntityId, SimDuration, SimTime};

/// Which end of a call a span describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// Work inside a service, or not known.
    Internal,
    /// The callee's end of a call.
    Server,
    /// The caller's end of a call.
    Client,
    /// Sending to a queue.
    Producer,
    /// Receiving from a queue.
    Consumer,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanStatus {
    /// Not said.
    Unset,
    /// Good.
    Ok,
    /// Failed.
    Error,
}

/// One span. It becomes visible when it ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// When it began.
    pub start: SimTime,
    /// How long it took.
    pub duration: SimDuration,
    /// Its trace.
    pub trace_id: u128,
    /// Its id within the trace, never 0.
    pub span_id: u64,
    /// The span that caused it; 0 for a root.
    pub parent_span_id: u64,
    /// Which service or replica worked.
    pub entity: EntityId,
    /// What it did; shared text.
    pub operation: Arc<str>,
    /// Which end of a call it is.
    pub kind: SpanKind,
    /// How it ended.
    pub status: SpanStatus,
}

impl Span {
    /// When it ended and so became visible.
    #[must_use]
    pub fn end(&self) -> SimTime {
        self.start + self.duration
    }
}
