//! Log records as rows, and how rows name the entity that they are about.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::array::{
    FixedSizeBinaryBuilder, StringBuilder, TimestampNanosecondBuilder, UInt8Builder,
};
use arrow::datatypes::{TimestampNanosecondType, UInt8Type};

use super::schema::Table;
use super::table_writer::Record;
use crate::model::{Entity, EntityKind, LogRecord, Topology};
use crate::unit::{EntityId, SimTime};

pub(super) struct LogColumns {
    time: TimestampNanosecondBuilder,
    service: StringBuilder,
    instance: StringBuilder,
    severity: UInt8Builder,
    body: StringBuilder,
    trace_id: FixedSizeBinaryBuilder,
    span_id: FixedSizeBinaryBuilder,
}

impl Default for LogColumns {
    fn default() -> Self {
        Self {
            time: TimestampNanosecondBuilder::default(),
            service: StringBuilder::default(),
            instance: StringBuilder::default(),
            severity: UInt8Builder::default(),
            body: StringBuilder::default(),
            trace_id: FixedSizeBinaryBuilder::new(16),
            span_id: FixedSizeBinaryBuilder::new(8),
        }
    }
}

impl Record for LogRecord {
    const TABLE: Table = Table::Logs;
    type Columns = LogColumns;

    fn visible(&self) -> SimTime {
        self.time
    }

    fn push(&self, columns: &mut LogColumns, map: &Topology) -> Result<(), String> {
        let (service, instance) = names_of(map, self.entity)?;
        columns.time.append_value(self.time.nanos());
        columns.service.append_value(service);
        columns.instance.append_option(instance);
        columns.severity.append_value(self.severity);
        columns.body.append_value(&self.body);
        push_id(&mut columns.trace_id, self.trace_id.to_be_bytes());
        push_id(&mut columns.span_id, self.span_id.to_be_bytes());
        Ok(())
    }

    fn take(columns: &mut LogColumns) -> Vec<ArrayRef> {
        vec![
            Arc::new(columns.time.finish().with_timezone("UTC")),
            Arc::new(columns.service.finish()),
            Arc::new(columns.instance.finish()),
            Arc::new(columns.severity.finish()),
            Arc::new(columns.body.finish()),
            Arc::new(columns.trace_id.finish()),
            Arc::new(columns.span_id.finish()),
        ]
    }

    fn read(batch: &RecordBatch, row: usize, map: &Topology) -> Result<Option<Self>, String> {
        Ok(Some(Self {
            time: time_at(batch, 0, row),
            entity: entity_at(batch, 1, row, map)?.ok_or("no service is named")?,
            severity: batch.column(3).as_primitive::<UInt8Type>().value(row),
            body: batch.column(4).as_string::<i32>().value(row).to_owned(),
            trace_id: u128::from_be_bytes(id_at(batch, 5, row)),
            span_id: u64::from_be_bytes(id_at(batch, 6, row)),
        }))
    }
}

/// The service and, for a replica, the instance that stand for an entity on disk.
pub(super) fn names_of(map: &Topology, id: EntityId) -> Result<(&str, Option<&str>), String> {
    if id.index() >= map.len() {
        return Err(format!("{id} is not in the topology of {} entities", map.len()));
    }
    Ok(match map.get(id) {
        Entity { kind: EntityKind::Replica, parent: Some(parent), name, .. } => {
            (map.name(*parent), Some(name))
        }
        Entity { name, .. } => (name, None),
    })
}

/// The entity that the columns `service` (at `column`) and `instance` (next) name, if any.
pub(super) fn entity_at(
    batch: &RecordBatch,
    column: usize,
    row: usize,
    map: &Topology,
) -> Result<Option<EntityId>, String> {
    let named = text_at(batch, column + 1, row).or_else(|| text_at(batch, column, row));
    named.map(|name| map.find(name).map_err(|e| e.to_string())).transpose()
}

/// The text in a cell, if there is one.
pub(super) fn text_at(batch: &RecordBatch, column: usize, row: usize) -> Option<&str> {
    let texts = batch.column(column).as_string::<i32>();
    (!texts.is_null(row)).then(|| texts.value(row))
}

/// The instant in a cell.
pub(super) fn time_at(batch: &RecordBatch, column: usize, row: usize) -> SimTime {
    let times = batch.column(column).as_primitive::<TimestampNanosecondType>();
    SimTime::from_nanos(times.value(row))
}

/// Appends an id; all zero says that there is none.
pub(super) fn push_id<const N: usize>(column: &mut FixedSizeBinaryBuilder, id: [u8; N]) {
    if id == [0; N] {
        column.append_null();
    } else {
        column.append_value(id).expect("the width is the column's");
    }
}

/// The id in a cell; all zero if there is none.
pub(super) fn id_at<const N: usize>(batch: &RecordBatch, column: usize, row: usize) -> [u8; N] {
    let ids = batch.column(column).as_fixed_size_binary();
    if ids.is_null(row) { [0; N] } else { ids.value(row).try_into().unwrap_or([0; N]) }
}
