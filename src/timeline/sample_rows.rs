//! Samples as rows: time, series, value.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::array::{Float64Builder, TimestampNanosecondBuilder, UInt32Builder};
use arrow::datatypes::{Float64Type, TimestampNanosecondType, UInt32Type};

use super::schema::Table;
use super::table_writer::Record;
use crate::model::Topology;
use crate::unit::{SeriesId, SimTime};

/// One value of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// When it was true.
    pub time: SimTime,
    /// Of which series.
    pub series: SeriesId,
    /// The value; always finite.
    pub value: f64,
}

#[derive(Default)]
pub(super) struct SampleColumns {
    time: TimestampNanosecondBuilder,
    series: UInt32Builder,
    value: Float64Builder,
}

impl Record for Sample {
    const TABLE: Table = Table::Samples;
    type Columns = SampleColumns;

    fn visible(&self) -> SimTime {
        self.time
    }

    fn push(&self, columns: &mut SampleColumns, _: &Topology) -> Result<(), String> {
        columns.time.append_value(self.time.nanos());
        columns.series.append_value(self.series.0);
        columns.value.append_value(self.value);
        Ok(())
    }

    fn take(columns: &mut SampleColumns) -> Vec<ArrayRef> {
        vec![
            Arc::new(columns.time.finish().with_timezone("UTC")),
            Arc::new(columns.series.finish()),
            Arc::new(columns.value.finish()),
        ]
    }

    fn read(batch: &RecordBatch, row: usize, _: &Topology) -> Result<Option<Self>, String> {
        let value = batch.column(2).as_primitive::<Float64Type>();
        if value.is_null(row) {
            return Ok(None);
        }
        let time = batch.column(0).as_primitive::<TimestampNanosecondType>().value(row);
        let series = batch.column(1).as_primitive::<UInt32Type>().value(row);
        let (time, series) = (SimTime::from_nanos(time), SeriesId(series));
        let value = value.value(row);
        if !value.is_finite() {
            return Err(format!("{series} is {value}, expected a finite number or null"));
        }
        Ok(Some(Self { time, series, value }))
    }
}
