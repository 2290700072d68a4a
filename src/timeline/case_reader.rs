//! Reads one case: its map, columns and labels at once, its rows as streams.
//!
//! In: a case's folder. Out: rows in time order through iterators that hold one batch each.
//! Opening checks everything that does not need the rows; all problems are told together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::schema::Table;
use super::series_rows::SeriesRow;
use super::table_reader::{Extent, OpenTable};
use super::table_writer::Record;
use super::topology_file::TopologyFile;
use super::{Sample, TimelineError, yaml};
use crate::model::{Event, LogRecord, SeriesCatalog, Span, Topology, Truth};
use crate::unit::{SimDuration, SimTime, Window};

/// Rows of one table, in time order; a complaint about a row takes the row's place.
pub type Rows<T> = Box<dyn Iterator<Item = Result<T, TimelineError>> + Send>;

/// One case on disk.
pub struct CaseReader {
    folder: PathBuf,
    interval: SimDuration,
    map: Arc<Topology>,
    series: Arc<SeriesCatalog>,
    truth: Option<Truth>,
    window: Window,
}

impl CaseReader {
    /// Opens a case. `interval` is the scrape interval that its dataset states.
    ///
    /// # Errors
    /// Everything that can be found wrong without reading all rows, sorted.
    pub fn open(folder: &Path, interval: SimDuration) -> Result<Self, Vec<TimelineError>> {
        if !folder.is_dir() {
            return Err(vec![TimelineError::file(folder, "no such case, expected a folder")]);
        }
        let mut problems = Vec::new();
        if interval <= SimDuration::ZERO {
            let problem = format!("interval {interval}, expected more than 0s");
            problems.push(TimelineError::file(folder, problem));
        }
        let map = keep(read_map(folder), &mut problems).map(Arc::new);
        let series = map.as_ref().and_then(|m| keep(read_series(folder, m), &mut problems));
        let truth = keep(read_truth(folder), &mut problems).flatten();
        if let (Some(map), Some(truth)) = (&map, &truth) {
            problems.extend(check_truth(folder, truth, map));
        }
        let window = keep(read_window(folder), &mut problems);
        problems.sort();
        problems.dedup();
        match (map, series, window) {
            (Some(map), Some(series), Some(window)) if problems.is_empty() => {
                let (folder, series) = (folder.to_owned(), Arc::new(series));
                Ok(Self { folder, interval, map, series, truth, window })
            }
            _ => Err(problems),
        }
    }

    /// The service map.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.map
    }

    /// The columns.
    #[must_use]
    pub fn series(&self) -> &SeriesCatalog {
        &self.series
    }

    /// The labels, if there are any. Not for engines.
    #[must_use]
    pub fn truth(&self) -> Option<&Truth> {
        self.truth.as_ref()
    }

    /// From the first row to just after the last.
    #[must_use]
    pub fn window(&self) -> Window {
        self.window
    }

    /// The scrape interval.
    #[must_use]
    pub fn interval(&self) -> SimDuration {
        self.interval
    }

    /// Samples by time.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn samples(&self) -> Result<Rows<Sample>, TimelineError> {
        let known = self.series.len();
        let path = self.folder.join(Table::Samples.file_name());
        let rows = self.rows::<Sample>()?;
        Ok(Box::new(rows.map(move |row| match row {
            Ok(sample) if sample.series.index() >= known => {
                let problem = format!("{} is not among the {known} series", sample.series);
                Err(TimelineError::file(&path, problem))
            }
            row => row,
        })))
    }

    /// Log records by time.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn logs(&self) -> Result<Rows<LogRecord>, TimelineError> {
        self.rows()
    }

    /// Spans by their end.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn spans(&self) -> Result<Rows<Span>, TimelineError> {
        self.rows()
    }

    /// Events by time.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn events(&self) -> Result<Rows<Event>, TimelineError> {
        self.rows()
    }

    fn rows<R: Record + 'static>(&self) -> Result<Rows<R>, TimelineError> {
        let table = OpenTable::open(&self.folder, R::TABLE)?;
        Ok(Box::new(table.rows::<R>(&self.map)?))
    }
}

fn keep<T>(read: Result<T, Vec<TimelineError>>, problems: &mut Vec<TimelineError>) -> Option<T> {
    read.map_err(|found| problems.extend(found)).ok()
}

fn read_map(folder: &Path) -> Result<Topology, Vec<TimelineError>> {
    let path = folder.join("topology.yaml");
    let file: TopologyFile = yaml::read(&path).map_err(|e| vec![e])?;
    file.build().map_err(|found| found.into_iter().map(|p| TimelineError::file(&path, p)).collect())
}

fn read_series(folder: &Path, map: &Arc<Topology>) -> Result<SeriesCatalog, Vec<TimelineError>> {
    let rows = OpenTable::open(folder, Table::Series).and_then(|table| table.rows(map));
    let mut rows = rows.map_err(|e| vec![e])?;
    let mut catalog = SeriesCatalog::default();
    let mut problems = Vec::new();
    while let Some(row) = rows.next() {
        let SeriesRow { id, meta } = match row {
            Ok(row) => row,
            Err(error) => {
                problems.push(error);
                continue;
            }
        };
        let (metric, entity) = (meta.metric.clone(), map.name(meta.entity).clone());
        let labels = meta.labels.clone();
        match catalog.add(meta) {
            Ok(expected) if expected == id => {}
            Ok(expected) => problems.push(rows.complain(format!("{id}, expected {expected}"))),
            Err(_) => problems.push(rows.complain(format!(
                "duplicate series: {metric} of {entity} with labels {labels:?}"
            ))),
        }
    }
    if problems.is_empty() { Ok(catalog) } else { Err(problems) }
}

fn read_truth(folder: &Path) -> Result<Option<Truth>, Vec<TimelineError>> {
    let path = folder.join("truth.yaml");
    if path.exists() { yaml::read(&path).map(Some).map_err(|e| vec![e]) } else { Ok(None) }
}

fn check_truth(folder: &Path, truth: &Truth, map: &Topology) -> Vec<TimelineError> {
    let path = folder.join("truth.yaml");
    let mut problems = Vec::new();
    for incident in &truth.incidents {
        let alarm = incident.alarm.as_ref().and_then(|alarm| alarm.entity.as_ref());
        for name in incident.root_causes.iter().chain(alarm) {
            if let Err(error) = map.find(name) {
                problems.push(format!("incident {:?}: {error}", incident.id));
            }
        }
        let Window { start, end } = incident.window;
        if end <= start {
            problems.push(format!("incident {:?}: ends at {end}, begun at {start}", incident.id));
        }
    }
    problems.into_iter().map(|problem| TimelineError::file(&path, problem)).collect()
}

fn read_window(folder: &Path) -> Result<Window, Vec<TimelineError>> {
    let mut problems = Vec::new();
    let mut extents: Vec<Extent> = Vec::new();
    for table in [Table::Samples, Table::Logs, Table::Spans, Table::Events] {
        match OpenTable::open(folder, table).and_then(|table| table.extent()) {
            Ok(extent) => extents.push(extent),
            Err(error) => problems.push(error),
        }
    }
    let first = extents.iter().flatten().map(|(first, _)| *first).min();
    let last = extents.iter().flatten().map(|(_, last)| *last).max();
    match (first, last) {
        _ if !problems.is_empty() => Err(problems),
        (Some(start), Some(last)) => {
            Ok(Window { start, end: SimTime::from_nanos(last.nanos().saturating_add(1)) })
        }
        _ => Err(vec![TimelineError::file(
            folder,
            "empty case: no sample, log record, span or event",
        )]),
    }
}
