//! The columns of the frames as rows: what `series.parquet` holds, in id order.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringBuilder, UInt32Builder};
use arrow::datatypes::UInt32Type;

use super::event_rows::{object_of, object_text};
use super::log_rows::{entity_at, names_of, text_at};
use super::schema::Table;
use super::span_rows::named;
use super::table_writer::Record;
use crate::model::{Instrument, Role, SeriesMeta, Topology};
use crate::unit::{SeriesId, SimTime};

/// One column of the frames and its id.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SeriesRow {
    pub(super) id: SeriesId,
    pub(super) meta: SeriesMeta,
}

#[derive(Default)]
pub(super) struct SeriesColumns {
    series: UInt32Builder,
    service: StringBuilder,
    instance: StringBuilder,
    metric: StringBuilder,
    unit: StringBuilder,
    instrument: StringBuilder,
    labels: StringBuilder,
}

impl Record for SeriesRow {
    const TABLE: Table = Table::Series;
    type Columns = SeriesColumns;

    /// Series have no time of their own.
    fn visible(&self) -> SimTime {
        SimTime::default()
    }

    fn push(&self, columns: &mut SeriesColumns, map: &Topology) -> Result<(), String> {
        let (service, instance) = names_of(map, self.meta.entity)?;
        columns.series.append_value(self.id.0);
        columns.service.append_value(service);
        columns.instance.append_option(instance);
        columns.metric.append_value(&self.meta.metric);
        columns.unit.append_value(&self.meta.unit);
        columns.instrument.append_value(match self.meta.instrument {
            Instrument::Gauge => "gauge",
            Instrument::Counter => "counter",
        });
        columns.labels.append_value(object_text(&self.meta.labels));
        Ok(())
    }

    fn take(columns: &mut SeriesColumns) -> Vec<ArrayRef> {
        vec![
            Arc::new(columns.series.finish()),
            Arc::new(columns.service.finish()),
            Arc::new(columns.instance.finish()),
            Arc::new(columns.metric.finish()),
            Arc::new(columns.unit.finish()),
            Arc::new(columns.instrument.finish()),
            Arc::new(columns.labels.finish()),
        ]
    }

    fn read(batch: &RecordBatch, row: usize, map: &Topology) -> Result<Option<Self>, String> {
        let metric = text_at(batch, 3, row).unwrap_or_default().to_owned();
        let unit = text_at(batch, 4, row).unwrap_or_default().to_owned();
        let instrument = text_at(batch, 5, row).unwrap_or_default();
        let meta = SeriesMeta {
            entity: entity_at(batch, 1, row, map)?.ok_or("no service is named")?,
            role: Role::infer(&metric, &unit),
            instrument: named(&INSTRUMENTS, instrument, "instrument")?,
            labels: object_of(text_at(batch, 6, row).unwrap_or("{}"))?,
            metric,
            unit,
        };
        let id = batch.column(0).as_primitive::<UInt32Type>().value(row);
        Ok(Some(Self { id: SeriesId(id), meta }))
    }
}

const INSTRUMENTS: [(&str, Instrument); 2] =
    [("gauge", Instrument::Gauge), ("counter", Instrument::Counter)];
