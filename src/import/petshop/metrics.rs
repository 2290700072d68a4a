//! The metric tables: three header lines name node, metric and statistic, a fourth the index.
//!
//! In: `metrics.csv`, one row per 5 minutes, Unix seconds. Out: columns and rows, empty cells
//! absent; latency in seconds, availability as a ratio, requests per second.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::{Gathered, ImportError};
use super::INTERVAL;
use crate::model::{SeriesCatalog, SeriesMeta, Topology, names};
use crate::unit::{SeriesId, SimDuration, SimTime};

/// One column of a metrics file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Column {
    pub(super) node: String,
    metric: String,
    statistic: String,
}

impl Column {
    /// Adds it in our name and unit; returns its id and the factor for its values.
    pub(super) fn add(&self, map: &Topology, series: &mut SeriesCatalog) -> (SeriesId, f64) {
        let entity = map.find(&self.node).expect("all nodes of columns are in the topology");
        let (meta, scale) = match self.metric.as_str() {
            "latency" => {
                let stat = if self.statistic == "Average" { "mean" } else { &self.statistic };
                (SeriesMeta::gauge(entity, names::DURATION, "s").label("stat", stat), 1.0)
            }
            "availability" => (SeriesMeta::gauge(entity, names::AVAILABILITY, "1"), 0.01),
            "requests" => {
                let meta = SeriesMeta::gauge(entity, names::REQUEST_RATE, "{request}/s");
                (meta, 1.0 / INTERVAL.secs_f64())
            }
            other => (SeriesMeta::gauge(entity, other, "").label("stat", &self.statistic), 1.0),
        };
        (series.add(meta).expect("columns are distinct"), scale)
    }
}

/// A metrics file.
pub(super) struct Metrics {
    pub(super) path: PathBuf,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<(SimTime, Vec<Option<f64>>)>,
}

impl Metrics {
    pub(super) fn read(path: &Path) -> Result<Self, ImportError> {
        let records = read_csv(path)?;
        let [nodes, metrics, statistics, _index, rows @ ..] = &records[..] else {
            return Err(ImportError::file(path, records.len(), "four header lines and rows"));
        };
        let mut columns = Vec::new();
        for ((node, metric), statistic) in nodes.iter().zip(metrics).zip(statistics).skip(1) {
            let [node, metric, statistic] = [node, metric, statistic].map(str::to_owned);
            columns.push(Column { node, metric, statistic });
        }
        let distinct: BTreeSet<&Column> = columns.iter().collect();
        if distinct.len() != columns.len() {
            return Err(ImportError::line(path, 1, "a column twice", "distinct columns"));
        }
        let mut read = Vec::with_capacity(rows.len());
        for (index, row) in rows.iter().enumerate() {
            let line = index as u64 + 5;
            let time = cell(path, line, row.get(0).unwrap_or_default())?
                .ok_or_else(|| ImportError::line(path, line, "no time", "Unix seconds"))?;
            let values: Result<Vec<_>, _> =
                row.iter().skip(1).map(|text| cell(path, line, text)).collect();
            let seconds = SimDuration::from_secs_f64(time);
            read.push((SimTime::default() + seconds, values?));
        }
        read.sort_by_key(|(time, _)| *time);
        Ok(Self { path: path.to_owned(), columns, rows: read })
    }

    /// Puts its samples into a case, `shift` later.
    pub(super) fn pour(
        &self,
        ids: &BTreeMap<&Column, (SeriesId, f64)>,
        shift: SimDuration,
        case: &mut Gathered,
    ) {
        for (time, values) in &self.rows {
            for (column, value) in self.columns.iter().zip(values) {
                if let (Some(value), Some((id, scale))) = (value, ids.get(column)) {
                    case.sample(*time + shift, *id, value * scale);
                }
            }
        }
    }
}

/// All rows of a file, headers included.
pub(super) fn read_csv(path: &Path) -> Result<Vec<csv::StringRecord>, ImportError> {
    let fail = |e: csv::Error| {
        let line = e.position().map(csv::Position::line);
        ImportError::Source {
            path: path.to_owned(),
            line,
            found: e.to_string(),
            expected: "comma-separated rows of equal length".to_owned(),
        }
    };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_path(path)
        .map_err(fail)?;
    reader.records().collect::<Result<_, _>>().map_err(fail)
}

/// The number in a cell; an empty one says that there was no sample.
fn cell(path: &Path, line: u64, text: &str) -> Result<Option<f64>, ImportError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    number.map(Some).ok_or_else(|| ImportError::line(path, line, format!("{text:?}"), "a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<usize, &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.csv");
        std::fs::write(&path, text).unwrap();
        let found =
            Metrics::read(&path).map(|m| m.rows.iter().flat_map(|r| &r.1).flatten().count());
        match (found, expected) {
            (Ok(values), Ok(expected)) => assert_eq!(values, expected),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{found:?}"),
        }
    }

    #[test]
    fn empty_cells_are_absent_and_wrong_ones_are_named() {
        let head = "m,a,b\nx,latency,requests\ns,p50,Sum\nunix_timestamp,,\n";
        check(&format!("{head}1,0.5,\n301.0,,3\n"), Ok(2));
        check(
            &format!("{head}1,0.5,many\n"),
            Err("metrics.csv:5: found \"many\", expected a number"),
        );
        check(&format!("{head},0.5,1\n"), Err("found no time"));
        check("m,a\n", Err("expected four header lines"));
        let twice = head.replace("m,a,b", "m,a,a").replace("latency", "requests");
        check(&twice.replace("p50", "Sum"), Err("a column twice"));
    }
}
