//! Reads one Parquet table row by row, in batches, in bounded memory.
//!
//! In: a file of a case. Out: rows in time order, or complaints with the row's number; after a
//! complaint about one row the next rows still come, after one about the file nothing does.
//! Known limit: one batch (8 Ki rows) and the pages under it are held in memory.

use std::fs::File;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::Schema;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::FileMetaData;

use super::schema::{FORMAT_VERSION, KEY_FIRST, KEY_FORMAT, KEY_LAST, KEY_TABLE, Table};
use super::table_writer::Record;
use super::{TimelineError, yaml};
use crate::model::Topology;
use crate::unit::SimTime;

/// Rows per batch.
const BATCH: usize = 8 * 1024;

/// First and last instant of a table; `None` if it has no rows.
pub(super) type Extent = Option<(SimTime, SimTime)>;

/// An open table whose format has been checked.
pub(super) struct OpenTable {
    path: PathBuf,
    builder: ParquetRecordBatchReaderBuilder<File>,
}

/// The rows of one table.
pub(super) struct TableReader<R: Record> {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    next_in_batch: usize,
    row: u64,
    last: SimTime,
    map: Arc<Topology>,
    ended: bool,
    kind: PhantomData<fn() -> R>,
}

impl OpenTable {
    /// Opens a table of a case's folder and checks version and columns.
    pub(super) fn open(folder: &Path, table: Table) -> Result<Self, TimelineError> {
        let path = folder.join(table.file_name());
        let fail = |problem: String| TimelineError::file(&path, problem);
        let file = File::open(&path).map_err(|e| fail(yaml::missing(&e)))?;
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
            .map_err(|e| fail(format!("no whole Parquet file, truncated perhaps: {e}")))?;
        check_facts(builder.metadata().file_metadata(), table).map_err(fail)?;
        check_columns(builder.schema(), &table.schema()).map_err(fail)?;
        Ok(Self { path, builder })
    }

    /// First and last instant.
    pub(super) fn extent(&self) -> Result<Extent, TimelineError> {
        let facts = self.builder.metadata().file_metadata();
        if facts.num_rows() == 0 {
            return Ok(None);
        }
        let read = |key| fact(facts, key).and_then(|text| text.parse().ok());
        match (read(KEY_FIRST), read(KEY_LAST)) {
            (Some(first), Some(last)) if first <= last => {
                Ok(Some((SimTime::from_nanos(first), SimTime::from_nanos(last))))
            }
            _ => Err(TimelineError::file(
                &self.path,
                format!("expected {KEY_FIRST:?} <= {KEY_LAST:?} in its metadata"),
            )),
        }
    }

    /// Its rows; the type's table must be the one that was opened.
    pub(super) fn rows<R: Record>(
        self,
        map: &Arc<Topology>,
    ) -> Result<TableReader<R>, TimelineError> {
        let batches = self
            .builder
            .with_batch_size(BATCH)
            .build()
            .map_err(|e| TimelineError::file(&self.path, e))?;
        Ok(TableReader {
            path: self.path,
            batches,
            batch: None,
            next_in_batch: 0,
            row: 0,
            last: SimTime::from_nanos(i64::MIN),
            map: Arc::clone(map),
            ended: false,
            kind: PhantomData,
        })
    }
}

impl<R: Record> TableReader<R> {
    /// A complaint about the row that came last.
    pub(super) fn complain(&self, problem: impl std::fmt::Display) -> TimelineError {
        TimelineError::row(&self.path, self.row.saturating_sub(1), problem)
    }

    /// Loads batches until one has rows left; `false` at the end.
    fn fill(&mut self) -> Result<bool, TimelineError> {
        while self.batch.as_ref().is_none_or(|batch| self.next_in_batch >= batch.num_rows()) {
            let Some(next) = self.batches.next() else { return Ok(false) };
            let batch = next.map_err(|e| {
                let problem = format!("cannot be read after row {}: {e}", self.row);
                TimelineError::file(&self.path, problem)
            })?;
            check_nulls(&batch, &R::TABLE.schema())
                .map_err(|problem| TimelineError::file(&self.path, problem))?;
            (self.batch, self.next_in_batch) = (Some(batch), 0);
        }
        Ok(true)
    }

    fn take(&mut self) -> Result<Option<R>, String> {
        let batch = self.batch.as_ref().expect("a batch has rows left");
        let index = self.next_in_batch;
        self.next_in_batch += 1;
        self.row += 1;
        let Some(row) = R::read(batch, index, &self.map)? else { return Ok(None) };
        let (time, before) = (row.visible(), self.last);
        self.last = time.max(before);
        if time < before {
            return Err(format!("out of order: {time} after {before}"));
        }
        Ok(Some(row))
    }
}

impl<R: Record> Iterator for TableReader<R> {
    type Item = Result<R, TimelineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.fill() {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    // Whatever follows an unreadable page cannot be trusted.
                    self.ended = true;
                    return Some(Err(error));
                }
            }
            if self.ended {
                break;
            }
            match self.take() {
                Ok(Some(row)) => return Some(Ok(row)),
                Ok(None) => {}
                Err(problem) => return Some(Err(self.complain(problem))),
            }
        }
        None
    }
}

fn fact<'a>(facts: &'a FileMetaData, key: &str) -> Option<&'a str> {
    let all = facts.key_value_metadata()?;
    all.iter().find(|kv| kv.key == key).and_then(|kv| kv.value.as_deref())
}

fn check_facts(facts: &FileMetaData, table: Table) -> Result<(), String> {
    let expected = FORMAT_VERSION.to_string();
    match fact(facts, KEY_FORMAT) {
        Some(found) if found == expected => {}
        Some(found) => return Err(format!("format version {found}, expected {expected}")),
        None => return Err(format!("no {KEY_FORMAT:?} in its metadata, expected {expected}")),
    }
    match fact(facts, KEY_TABLE) {
        Some(found) if found == table.name() => Ok(()),
        found => {
            let found = found.unwrap_or("no table's name");
            Err(format!("found {found}, expected the table {}", table.name()))
        }
    }
}

fn check_columns(found: &Schema, expected: &Schema) -> Result<(), String> {
    let list = |schema: &Schema| {
        let columns: Vec<String> =
            schema.fields().iter().map(|f| format!("{} {}", f.name(), f.data_type())).collect();
        columns.join(", ")
    };
    let (found, expected) = (list(found), list(expected));
    if found == expected {
        return Ok(());
    }
    Err(format!("found the columns [{found}], expected [{expected}]"))
}

fn check_nulls(batch: &RecordBatch, expected: &Schema) -> Result<(), String> {
    for (column, field) in batch.columns().iter().zip(expected.fields()) {
        if !field.is_nullable() && column.null_count() > 0 {
            return Err(format!("column {:?} has nulls, expected none", field.name()));
        }
    }
    Ok(())
}
