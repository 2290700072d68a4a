//! The columns of every table of a timeline, for reader and writer alike.
//!
//! Every file carries in its key-value metadata the format version, its table's name and, if it
//! has rows, the first and last instant, so that a case's window is known without reading it.
//! Units: times in nanoseconds UTC, durations in nanoseconds. Known limit: attributes and labels
//! are one JSON object per row, not a nested column.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Version of the format; a reader refuses any other.
pub const FORMAT_VERSION: u32 = 1;

/// Metadata key of the format version.
pub(crate) const KEY_FORMAT: &str = "windtunnel.format";
/// Metadata key of the table's name.
pub(crate) const KEY_TABLE: &str = "windtunnel.table";
/// Metadata key of the first instant, in nanoseconds.
pub(crate) const KEY_FIRST: &str = "windtunnel.first";
/// Metadata key of the last instant, in nanoseconds.
pub(crate) const KEY_LAST: &str = "windtunnel.last";

/// One table of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// What each column of the frames is.
    Series,
    /// Samples, by time.
    Samples,
    /// Log records, by time.
    Logs,
    /// Spans, by end.
    Spans,
    /// Events and changes, by time.
    Events,
}

impl Table {
    /// All of them, in the order of design and documentation.
    pub const ALL: [Self; 5] = [Self::Series, Self::Samples, Self::Logs, Self::Spans, Self::Events];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Samples => "samples",
            Self::Logs => "logs",
            Self::Spans => "spans",
            Self::Events => "events",
        }
    }

    /// Its file in a case's folder.
    #[must_use]
    pub fn file_name(self) -> String {
        format!("{}.parquet", self.name())
    }

    /// Its columns.
    #[must_use]
    pub fn schema(self) -> SchemaRef {
        let fields = match self {
            Self::Series => vec![
                must("series", DataType::UInt32),
                must("service", DataType::Utf8),
                may("instance", DataType::Utf8),
                must("metric", DataType::Utf8),
                must("unit", DataType::Utf8),
                must("instrument", DataType::Utf8),
                must("labels", DataType::Utf8),
            ],
            Self::Samples => vec![
                must("time", instant()),
                must("series", DataType::UInt32),
                may("value", DataType::Float64),
            ],
            Self::Logs => vec![
                must("time", instant()),
                must("service", DataType::Utf8),
                may("instance", DataType::Utf8),
                must("severity", DataType::UInt8),
                must("body", DataType::Utf8),
                may("trace_id", DataType::FixedSizeBinary(16)),
                may("span_id", DataType::FixedSizeBinary(8)),
            ],
            Self::Spans => vec![
                must("start", instant()),
                must("duration", DataType::Int64),
                must("trace_id", DataType::FixedSizeBinary(16)),
                must("span_id", DataType::FixedSizeBinary(8)),
                may("parent_span_id", DataType::FixedSizeBinary(8)),
                must("service", DataType::Utf8),
                may("instance", DataType::Utf8),
                must("operation", DataType::Utf8),
                must("kind", DataType::Utf8),
                must("status", DataType::Utf8),
            ],
            Self::Events => vec![
                must("time", instant()),
                must("kind", DataType::Utf8),
                may("service", DataType::Utf8),
                may("instance", DataType::Utf8),
                must("reason", DataType::Utf8),
                must("attributes", DataType::Utf8),
            ],
        };
        Arc::new(Schema::new(fields))
    }
}

fn must(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, false)
}

fn may(name: &str, kind: DataType) -> Field {
    Field::new(name, kind, true)
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_distinct_columns() {
        for table in Table::ALL {
            let schema = table.schema();
            let mut names: Vec<_> = schema.fields().iter().map(|f| f.name().clone()).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), schema.fields().len(), "{}", table.name());
        }
    }
}
