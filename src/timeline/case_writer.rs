//! Writes one case, row by row, into its folder.
//!
//! Everything is checked at the door: out-of-order rows, NaN, infinite and duplicate samples and
//! unknown entities are refused, and the row stays out. A writer that is dropped before `finish`
//! leaves nothing in the dataset. Memory: one row group per table, whatever the length.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::dataset_writer::{Finished, lock};
use super::meta::CaseInfo;
use super::series_rows::SeriesRow;
use super::table_writer::TableWriter;
use super::topology_file::TopologyFile;
use super::{Sample, Table, TimelineError, yaml};
use crate::model::{Event, Frame, LogRecord, SeriesCatalog, Span, Topology, Truth};
use crate::unit::{SeriesId, SimTime};

/// How much a case holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaseCounts {
    /// Samples written.
    pub samples: u64,
    /// Log records written.
    pub logs: u64,
    /// Spans written.
    pub spans: u64,
    /// Events written.
    pub events: u64,
}

/// Writes one case. Independent of other cases: several may be written at the same time.
pub struct CaseWriter {
    name: String,
    folder: PathBuf,
    map: Topology,
    series: SeriesCatalog,
    last_sample: Vec<SimTime>,
    tables: Option<Tables>,
    truth: Option<Truth>,
    info: CaseInfo,
    finished: Arc<Mutex<Finished>>,
}

/// The open files of a case; gone once it is finished.
struct Tables {
    samples: TableWriter<Sample>,
    logs: TableWriter<LogRecord>,
    spans: TableWriter<Span>,
    events: TableWriter<Event>,
}

impl CaseWriter {
    pub(super) fn create(
        folder: &Path,
        name: &str,
        map: &Topology,
        series: &SeriesCatalog,
        finished: Arc<Mutex<Finished>>,
    ) -> Result<Self, TimelineError> {
        std::fs::create_dir(folder).map_err(|e| TimelineError::file(folder, e))?;
        Ok(Self {
            name: name.to_owned(),
            folder: folder.to_owned(),
            map: map.clone(),
            series: series.clone(),
            last_sample: vec![SimTime::from_nanos(i64::MIN); series.len()],
            tables: Some(Tables {
                samples: TableWriter::create(folder)?,
                logs: TableWriter::create(folder)?,
                spans: TableWriter::create(folder)?,
                events: TableWriter::create(folder)?,
            }),
            truth: None,
            info: CaseInfo::default(),
            finished,
        })
    }

    /// Appends one scrape; NaN says that a series has no sample in it.
    ///
    /// # Errors
    /// As for `sample`.
    pub fn frame(&mut self, frame: &Frame) -> Result<(), TimelineError> {
        for (index, value) in frame.values.iter().enumerate() {
            if !value.is_nan() {
                let id = u32::try_from(index).expect("fewer than 2^32 series");
                self.sample(frame.time, SeriesId(id), *value)?;
            }
        }
        Ok(())
    }

    /// Appends one sample. Samples come in time order, each series once per instant.
    ///
    /// # Errors
    /// If it is out of order, a duplicate, NaN, infinite or of an unknown series.
    pub fn sample(
        &mut self,
        time: SimTime,
        series: SeriesId,
        value: f64,
    ) -> Result<(), TimelineError> {
        let refused = self.objection(time, series, value);
        let Tables { samples, .. } = open(&mut self.tables);
        if let Some(problem) = refused {
            return Err(samples.refuse(problem));
        }
        samples.push(&Sample { time, series, value }, &self.map)?;
        self.last_sample[series.index()] = time;
        Ok(())
    }

    /// Appends a log record, in time order.
    ///
    /// # Errors
    /// If it is out of order or of an unknown entity.
    pub fn log(&mut self, log: &LogRecord) -> Result<(), TimelineError> {
        open(&mut self.tables).logs.push(log, &self.map)
    }

    /// Appends a span, in the order of their ends.
    ///
    /// # Errors
    /// If it is out of order, of an unknown entity, lasts less than nothing or has no id.
    pub fn span(&mut self, span: &Span) -> Result<(), TimelineError> {
        open(&mut self.tables).spans.push(span, &self.map)
    }

    /// Appends an event, in time order.
    ///
    /// # Errors
    /// If it is out of order or of an unknown entity.
    pub fn event(&mut self, event: &Event) -> Result<(), TimelineError> {
        open(&mut self.tables).events.push(event, &self.map)
    }

    /// Sets the labels.
    ///
    /// # Errors
    /// If a root cause is not in the topology.
    pub fn truth(&mut self, truth: Truth) -> Result<(), TimelineError> {
        for name in truth.incidents.iter().flat_map(|i| &i.root_causes) {
            let path = self.folder.join("truth.yaml");
            self.map.find(name).map_err(|e| TimelineError::file(&path, e))?;
        }
        self.truth = Some(truth);
        Ok(())
    }

    /// Adds a note on this case to `dataset.yaml`: what was shifted, dropped or assumed.
    pub fn note(&mut self, note: impl Into<String>) {
        self.info.notes.push(note.into());
    }

    /// Takes over a service map and columns that have grown since the case was begun.
    pub fn grow(&mut self, map: &Topology, series: &SeriesCatalog) {
        assert!(map.len() >= self.map.len() && series.len() >= self.series.len(), "grow only");
        self.map = map.clone();
        self.series = series.clone();
        self.last_sample.resize(series.len(), SimTime::from_nanos(i64::MIN));
    }

    /// Ends the case and hands it to its dataset.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(mut self) -> Result<CaseCounts, TimelineError> {
        let mut columns = TableWriter::create(&self.folder)?;
        for (id, meta) in self.series.iter() {
            columns.push(&SeriesRow { id, meta: meta.clone() }, &self.map)?;
        }
        self.seal(columns.finish()?.1, &Table::Series.file_name());
        self.text("topology.yaml", &TopologyFile::of(&self.map))?;
        if let Some(truth) = self.truth.take() {
            self.text("truth.yaml", &truth)?;
        }
        let counts = self.close_tables()?;
        let (name, info) = (std::mem::take(&mut self.name), std::mem::take(&mut self.info));
        lock(&self.finished).insert(name, info);
        Ok(counts)
    }

    fn close_tables(&mut self) -> Result<CaseCounts, TimelineError> {
        let tables = self.tables.take().expect("a case is finished once");
        let ended = [
            (Table::Samples, tables.samples.finish()),
            (Table::Logs, tables.logs.finish()),
            (Table::Spans, tables.spans.finish()),
            (Table::Events, tables.events.finish()),
        ];
        let mut rows = [0; 4];
        for ((table, result), rows) in ended.into_iter().zip(&mut rows) {
            let (count, hash) = result?;
            self.seal(hash, &table.file_name());
            *rows = count;
        }
        let [samples, logs, spans, events] = rows;
        Ok(CaseCounts { samples, logs, spans, events })
    }

    fn text<T: serde::Serialize>(&mut self, file: &str, value: &T) -> Result<(), TimelineError> {
        let text = yaml::write(&self.folder.join(file), value)?;
        self.seal(blake3::hash(text.as_bytes()).to_hex().to_string(), file);
        Ok(())
    }

    fn seal(&mut self, hash: String, file: &str) {
        self.info.blake3.insert(file.to_owned(), hash);
    }

    fn objection(&self, time: SimTime, series: SeriesId, value: f64) -> Option<String> {
        if series.index() >= self.series.len() {
            return Some(format!("{series} is not among the {} series", self.series.len()));
        }
        let meta = self.series.get(series);
        let label = || format!("{} of {}", meta.metric, self.map.name(meta.entity));
        if !value.is_finite() {
            return Some(format!("{} is {value}, expected a finite number", label()));
        }
        let twice = self.last_sample[series.index()] == time;
        twice.then(|| format!("{} has two samples at {time}", label()))
    }
}

impl Drop for CaseWriter {
    /// Removes what an unfinished case has written: half a case is none.
    fn drop(&mut self) {
        if !self.name.is_empty() {
            self.tables = None;
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn open(tables: &mut Option<Tables>) -> &mut Tables {
    tables.as_mut().expect("a case is open until it is finished")
}
