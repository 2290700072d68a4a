//! Spans as rows, sorted by their end, when they become visible.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::array::{
    FixedSizeBinaryBuilder, Int64Builder, StringBuilder, TimestampNanosecondBuilder,
};
use arrow::datatypes::Int64Type;

use super::log_rows::{entity_at, id_at, names_of, push_id, text_at, time_at};
use super::schema::Table;
use super::table_writer::Record;
use crate::model::{Span, SpanKind, SpanStatus, Topology};
use crate::unit::{SimDuration, SimTime};

pub(super) struct SpanColumns {
    start: TimestampNanosecondBuilder,
    duration: Int64Builder,
    trace_id: FixedSizeBinaryBuilder,
    span_id: FixedSizeBinaryBuilder,
    parent_span_id: FixedSizeBinaryBuilder,
    service: StringBuilder,
    instance: StringBuilder,
    operation: StringBuilder,
    kind: StringBuilder,
    status: StringBuilder,
}

impl Default for SpanColumns {
    fn default() -> Self {
        Self {
            start: TimestampNanosecondBuilder::default(),
            duration: Int64Builder::default(),
            trace_id: FixedSizeBinaryBuilder::new(16),
            span_id: FixedSizeBinaryBuilder::new(8),
            parent_span_id: FixedSizeBinaryBuilder::new(8),
            service: StringBuilder::default(),
            instance: StringBuilder::default(),
            operation: StringBuilder::default(),
            kind: StringBuilder::default(),
            status: StringBuilder::default(),
        }
    }
}

impl Record for Span {
    const TABLE: Table = Table::Spans;
    type Columns = SpanColumns;

    fn visible(&self) -> SimTime {
        self.end()
    }

    fn push(&self, columns: &mut SpanColumns, map: &Topology) -> Result<(), String> {
        if self.duration < SimDuration::ZERO {
            return Err(format!("a span lasts {}, expected 0s or more", self.duration));
        }
        if self.trace_id == 0 || self.span_id == 0 {
            return Err("a span without trace id or span id".to_owned());
        }
        let (service, instance) = names_of(map, self.entity)?;
        columns.start.append_value(self.start.nanos());
        columns.duration.append_value(self.duration.nanos());
        push_id(&mut columns.trace_id, self.trace_id.to_be_bytes());
        push_id(&mut columns.span_id, self.span_id.to_be_bytes());
        push_id(&mut columns.parent_span_id, self.parent_span_id.to_be_bytes());
        columns.service.append_value(service);
        columns.instance.append_option(instance);
        columns.operation.append_value(&self.operation);
        columns.kind.append_value(kind_name(self.kind));
        columns.status.append_value(status_name(self.status));
        Ok(())
    }

    fn take(columns: &mut SpanColumns) -> Vec<ArrayRef> {
        vec![
            Arc::new(columns.start.finish().with_timezone("UTC")),
            Arc::new(columns.duration.finish()),
            Arc::new(columns.trace_id.finish()),
            Arc::new(columns.span_id.finish()),
            Arc::new(columns.parent_span_id.finish()),
            Arc::new(columns.service.finish()),
            Arc::new(columns.instance.finish()),
            Arc::new(columns.operation.finish()),
            Arc::new(columns.kind.finish()),
            Arc::new(columns.status.finish()),
        ]
    }

    fn read(batch: &RecordBatch, row: usize, map: &Topology) -> Result<Option<Self>, String> {
        let duration = batch.column(1).as_primitive::<Int64Type>().value(row);
        let kind = text_at(batch, 8, row).unwrap_or_default();
        let status = text_at(batch, 9, row).unwrap_or_default();
        Ok(Some(Self {
            start: time_at(batch, 0, row),
            duration: SimDuration::from_nanos(duration),
            trace_id: u128::from_be_bytes(id_at(batch, 2, row)),
            span_id: u64::from_be_bytes(id_at(batch, 3, row)),
            parent_span_id: u64::from_be_bytes(id_at(batch, 4, row)),
            entity: entity_at(batch, 5, row, map)?.ok_or("no service is named")?,
            operation: Arc::from(text_at(batch, 7, row).unwrap_or_default()),
            kind: named(&KINDS, kind, "span kind")?,
            status: named(&STATUSES, status, "span status")?,
        }))
    }
}

const KINDS: [(&str, SpanKind); 5] = [
    ("internal", SpanKind::Internal),
    ("server", SpanKind::Server),
    ("client", SpanKind::Client),
    ("producer", SpanKind::Producer),
    ("consumer", SpanKind::Consumer),
];

const STATUSES: [(&str, SpanStatus); 3] =
    [("unset", SpanStatus::Unset), ("ok", SpanStatus::Ok), ("error", SpanStatus::Error)];

fn kind_name(kind: SpanKind) -> &'static str {
    KINDS.iter().find(|(_, k)| *k == kind).map_or("internal", |(name, _)| *name)
}

fn status_name(status: SpanStatus) -> &'static str {
    STATUSES.iter().find(|(_, s)| *s == status).map_or("unset", |(name, _)| *name)
}

/// The value that `found` names among `valid`, or a complaint with the nearest name.
pub(super) fn named<T: Copy>(valid: &[(&str, T)], found: &str, what: &str) -> Result<T, String> {
    valid.iter().find(|(name, _)| *name == found).map(|(_, value)| *value).ok_or_else(|| {
        let near = crate::catalog::nearest(found, valid.iter().map(|(name, _)| *name));
        format!("unknown {what} {found:?}{}", crate::catalog::did_you_mean(near))
    })
}
