//! The Numenta Anomaly Benchmark: one case per data file, windows as truth.
//!
//! In: `data/<category>/<name>.csv` (columns `timestamp`, `value`; text without zone, read as UTC)
//! and `labels/combined_windows.json` (file -> list of [first, last] instants, both inside). Out:
//! one series each, called `value` of the service `series`: names of files would tell an engine
//! what happened in them. Rows before min(floor(0.15 n), 750) are not scored, as in the paper.
//! Source: Ahmad et al., "Unsupervised real-time anomaly detection for streaming data",
//! Neurocomputing 262 (2017); layout and probation as in github.com/numenta/NAB v1.1.
//! Known limit: labels name no cause, and steps differ between files (5 min, 30 min, 1 h).

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use super::clock::{Clock, TimeUnit};
use super::draft::{Draft, case_name};
use super::files;
use super::flaw::Flaw;
use super::table::Table;
use crate::model::{SeriesMeta, TrueIncident, Truth};
use crate::unit::{Name, SimDuration, SimTime, Window};

const SERVICE: &str = "series";
/// Share of the rows that a method may learn from before it is scored, and its most rows.
const PROBATION: (f64, usize) = (0.15, 750);

type Labels = BTreeMap<String, Vec<(SimTime, SimTime)>>;

/// All data files below `root`, as (case name, key in the label file, path), sorted.
fn data_files(root: &Path) -> Result<Vec<(String, String, PathBuf)>, Flaw> {
    let data = if root.join("data").is_dir() { root.join("data") } else { root.to_owned() };
    let mut found = Vec::new();
    for folder in files::entries(&data)?.into_iter().filter(|p| p.is_dir()) {
        for path in files::entries(&folder)? {
            if !files::has_ending(&path, "csv") {
                continue;
            }
            let (category, file) = (files::name(&folder), files::name(&path));
            let case = case_name(&[&category, &files::stem(&path)]);
            found.push((case, format!("{category}/{file}"), path));
        }
    }
    if found.is_empty() {
        return Err(Flaw::file(&data, "expected <category>/<name>.csv, found no such file"));
    }
    Ok(found)
}

/// The windows by file, or `None` if there is no label file.
fn labels(root: &Path) -> Result<Option<Labels>, Flaw> {
    let path = root.join("labels/combined_windows.json");
    if !path.is_file() {
        return Ok(None);
    }
    parse_labels(&path, files::open(&path)?).map(Some)
}

fn parse_labels(path: &Path, bytes: impl BufRead) -> Result<Labels, Flaw> {
    let raw: BTreeMap<String, Vec<(String, String)>> =
        serde_json::from_reader(bytes).map_err(|e| Flaw::json(path, &e))?;
    let mut clock = Clock::new(TimeUnit::Rfc3339);
    let mut read = |file: &str, text: &str| {
        clock
            .read(text)
            .map_err(|problem| Flaw::file(path, format!("windows of {file:?}: {problem}")))
    };
    let mut labels = Labels::new();
    for (file, windows) in raw {
        let mut found = Vec::new();
        for (first, last) in windows {
            let (first, last) = (read(&file, &first)?, read(&file, &last)?);
            if last < first {
                let problem = format!("windows of {file:?}: {last} ends before it begins, {first}");
                return Err(Flaw::file(path, problem));
            }
            found.push((first, last));
        }
        labels.insert(file, found);
    }
    Ok(labels)
}

/// One data file -> one case without truth.
fn parse(path: &Path, bytes: impl BufRead) -> Result<Draft, Flaw> {
    let mut table = Table::read(path, bytes, b',')?;
    let (time, value) = (table.column("timestamp")?, table.column("value")?);
    let mut clock = Clock::default();
    let mut draft = Draft::default();
    let entity = draft.service(SERVICE);
    let series = draft.column(SeriesMeta::gauge(entity, "value", ""));
    while let Some(row) = table.next()? {
        let at = clock.read(row.text(time)).map_err(|problem| row.flaw(time, &problem))?;
        draft.cell(at, series, row.number(value)?);
    }
    draft.settle();
    if draft.is_empty() {
        return Err(Flaw::file(path, "expected rows below the header, found none"));
    }
    Ok(draft)
}

/// The windows of one file as truth; the probation at its start is ignored.
fn truth(draft: &Draft, windows: &[(SimTime, SimTime)], step: SimDuration) -> Truth {
    let incident = |(at, (first, last)): (usize, &(SimTime, SimTime))| TrueIncident {
        id: format!("window-{}", at + 1),
        window: Window { start: *first, end: *last + step },
        onset: None,
        root_causes: vec![Name::from(SERVICE)],
        cause: None,
        acceptable: Vec::new(),
        forbidden: Vec::new(),
        tolerance_before: SimDuration::ZERO,
        tolerance_after: SimDuration::ZERO,
        alarm: None,
    };
    let samples = draft.samples();
    let unscored = ((samples.len() as f64 * PROBATION.0) as usize).min(PROBATION.1);
    let ignore = match (samples.first(), samples.get(unscored)) {
        (Some(first), Some(scored)) if first.time < scored.time => {
            vec![Window { start: first.time, end: scored.time }]
        }
        _ => Vec::new(),
    };
    Truth { incidents: windows.iter().enumerate().map(incident).collect(), ignore }
}
