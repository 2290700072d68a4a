//! Writes one Parquet table in row groups, in bounded memory, with a running checksum.
//!
//! Owns `Record`, the contract between a row type and its columns, and `TableWriter`. Rows must
//! come in time order. LZ4 everywhere; byte-stream split for floating-point values.
//! Known limit: one open row group (64 Ki rows) is held in memory, encoded.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::TimelineError;
use super::schema::{FORMAT_VERSION, KEY_FIRST, KEY_FORMAT, KEY_LAST, KEY_TABLE, Table};
use crate::model::Topology;
use crate::unit::SimTime;

/// Rows per row group.
const ROW_GROUP: usize = 64 * 1024;
/// Rows gathered before they are handed to the encoder.
const CHUNK: usize = 4 * 1024;

/// A row type and its columns.
pub(super) trait Record: Sized {
    /// Which table it belongs to.
    const TABLE: Table;
    /// Columns under construction.
    type Columns: Default;

    /// When it becomes visible: the sort key of its table.
    fn visible(&self) -> SimTime;

    /// Appends it to the columns.
    fn push(&self, columns: &mut Self::Columns, map: &Topology) -> Result<(), String>;

    /// Takes the columns built so far, in schema order.
    fn take(columns: &mut Self::Columns) -> Vec<ArrayRef>;

    /// Reads row `row`; `None` if the row says that there is nothing.
    fn read(batch: &RecordBatch, row: usize, map: &Topology) -> Result<Option<Self>, String>;
}

/// A file that is hashed while it is written.
struct Hashed {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Writes the rows of one table.
pub(super) struct TableWriter<R: Record> {
    path: PathBuf,
    arrow: ArrowWriter<Hashed>,
    columns: R::Columns,
    pending: usize,
    rows: u64,
    first: Option<SimTime>,
    last: SimTime,
}

impl<R: Record> TableWriter<R> {
    /// Begins the table's file in a case's folder.
    pub(super) fn create(folder: &Path) -> Result<Self, TimelineError> {
        let path = folder.join(R::TABLE.file_name());
        let file = File::create(&path).map_err(|e| TimelineError::file(&path, e))?;
        let sink = Hashed { file: BufWriter::new(file), hasher: blake3::Hasher::new() };
        let arrow = ArrowWriter::try_new(sink, R::TABLE.schema(), Some(properties()))
            .map_err(|e| TimelineError::file(&path, e))?;
        let last = SimTime::from_nanos(i64::MIN);
        Ok(Self {
            path,
            arrow,
            columns: R::Columns::default(),
            pending: 0,
            rows: 0,
            first: None,
            last,
        })
    }

    /// Appends a row that must not become visible before the one before it.
    pub(super) fn push(&mut self, row: &R, map: &Topology) -> Result<(), TimelineError> {
        let time = row.visible();
        if time < self.last {
            let problem = format!("out of order: {time} after {}", self.last);
            return Err(self.refuse(problem));
        }
        row.push(&mut self.columns, map).map_err(|problem| self.refuse(problem))?;
        self.first.get_or_insert(time);
        self.last = time;
        self.rows += 1;
        self.pending += 1;
        if self.pending >= CHUNK { self.encode() } else { Ok(()) }
    }

    /// A complaint about the row that would come next.
    pub(super) fn refuse(&self, problem: impl std::fmt::Display) -> TimelineError {
        TimelineError::row(&self.path, self.rows, problem)
    }

    /// Ends the file; returns the number of rows and the checksum.
    pub(super) fn finish(mut self) -> Result<(u64, String), TimelineError> {
        if self.pending > 0 {
            self.encode()?;
        }
        let mut facts =
            vec![(KEY_FORMAT, FORMAT_VERSION.to_string()), (KEY_TABLE, R::TABLE.name().to_owned())];
        if let Some(first) = self.first {
            facts.push((KEY_FIRST, first.nanos().to_string()));
            facts.push((KEY_LAST, self.last.nanos().to_string()));
        }
        for (key, value) in facts {
            self.arrow.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        let path = self.path;
        let mut sink = self.arrow.into_inner().map_err(|e| TimelineError::file(&path, e))?;
        sink.flush().map_err(|e| TimelineError::file(&path, e))?;
        Ok((self.rows, sink.hasher.finalize().to_hex().to_string()))
    }

    fn encode(&mut self) -> Result<(), TimelineError> {
        self.pending = 0;
        let batch = RecordBatch::try_new(R::TABLE.schema(), R::take(&mut self.columns))
            .map_err(|e| TimelineError::file(&self.path, e))?;
        self.arrow.write(&batch).map_err(|e| TimelineError::file(&self.path, e))
    }
}

fn properties() -> WriterProperties {
    let value = ColumnPath::from("value");
    WriterProperties::builder()
        .set_created_by("windtunnel".to_owned())
        .set_compression(Compression::LZ4_RAW)
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_column_dictionary_enabled(value.clone(), false)
        .set_column_encoding(value, Encoding::BYTE_STREAM_SPLIT)
        .build()
}
