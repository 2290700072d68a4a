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

use schemars::JsonSchema;
use serde::Deserialize;

use super::clock::{Clock, TimeUnit};
use super::draft::{Draft, case_name};
use super::files;
use super::flaw::Flaw;
use super::table::Table;
use super::{Build, ImportError, Request, Summary, store};
use crate::catalog::{Entry, schema_of};
use crate::model::{SeriesMeta, TrueIncident, Truth};
use crate::timeline::DatasetMeta;
use crate::unit::{Name, SimDuration, SimTime, Window};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "nab",
    summary: "Numenta Anomaly Benchmark: labelled single series, one case per file",
    help: "Reads data/<category>/<name>.csv below the source and, if it is there, \
           labels/combined_windows.json as truth; files without labels become cases without truth. \
           Rows in the probation at a file's start are ignored in scoring. Every case has one \
           service and one metric under neutral names. The dataset's interval is the smallest of \
           the files' median steps unless one is given.",
    source: "Ahmad et al. 2017, Neurocomputing 262; github.com/numenta/NAB v1.1",
    example: "{ interval: 5m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `nab`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Interval of the dataset, e.g. `5m`; absent: the smallest of the files' median steps.
    interval: Option<SimDuration>,
}

const SERVICE: &str = "series";
/// Share of the rows that a method may learn from before it is scored, and its most rows.
const PROBATION: (f64, usize) = (0.15, 750);

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let config: Config = request.config("nab")?;
    let labels = labels(request.source)?;
    let mut cases = Vec::new();
    for (name, key, path) in data_files(request.source)? {
        let mut draft = parse(&path, files::open(&path)?)?;
        label(&mut draft, labels.as_ref(), &key);
        cases.push((name, draft));
    }
    let smallest = cases.iter().filter_map(|(_, draft)| draft.step()).min();
    let interval = store::interval(request.source, config.interval, smallest)?;
    let origin = "https://github.com/numenta/NAB";
    let meta = DatasetMeta::recorded("nab", origin, "MIT, as its LICENSE.txt says", interval);
    store::write(request, meta, cases.len(), cases.into_iter().map(Ok))
}

pub(super) type Labels = BTreeMap<String, Vec<(SimTime, SimTime)>>;

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

pub(super) fn parse_labels(path: &Path, bytes: impl BufRead) -> Result<Labels, Flaw> {
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
    if clock.assumed_utc {
        draft.tally.count("files with times without zone, read as UTC");
    }
    draft.settle();
    if draft.is_empty() {
        return Err(Flaw::file(path, "expected rows below the header, found none"));
    }
    Ok(draft)
}

/// Gives a case its truth, and says so where the labels do not know it.
fn label(draft: &mut Draft, labels: Option<&Labels>, key: &str) {
    match labels.and_then(|labels| labels.get(key)) {
        Some(windows) => {
            let step = draft.step().unwrap_or(SimDuration::ZERO);
            draft.truth = Some(truth(draft, windows, step));
        }
        None => draft.tally.count("cases without labels: they have no truth"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROWS: &str = "timestamp,value\n2014-04-01 00:00:00,1\n2014-04-01 00:10:00,3\n\
                        2014-04-01 00:05:00,2\n2014-04-01 00:10:00,4\n2014-04-01 00:15:00,\n";

    fn read(text: &str) -> Result<Draft, Flaw> {
        parse(Path::new("cpu.csv"), text.as_bytes())
    }

    #[test]
    fn windows_include_their_last_row_and_probation_is_ignored() {
        let rows: String = (0..20).map(|i| format!("2014-04-01 {i:02}:00:00,{i}\n")).collect();
        let draft = read(&format!("timestamp,value\n{rows}")).unwrap();
        let json = r#"{"a/cpu.csv": [["2014-04-01 10:00:00.000000", "2014-04-01 12:00:00"]]}"#;
        let labels = parse_labels(Path::new("l.json"), json.as_bytes()).unwrap();
        let truth = truth(&draft, &labels["a/cpu.csv"], draft.step().unwrap());
        assert_eq!(truth.incidents[0].window.end.to_string(), "2014-04-01T13:00:00Z");
        assert_eq!(truth.incidents[0].root_causes, [Name::from(SERVICE)]);
        assert_eq!(truth.ignore[0].end.to_string(), "2014-04-01T03:00:00Z");
    }

    #[test]
    fn disorder_and_doubles_are_mended_and_said() {
        let draft = read(ROWS).unwrap();
        let values: Vec<f64> = draft.samples().iter().map(|s| s.value).collect();
        assert_eq!(values, [1.0, 2.0, 4.0]);
        assert_eq!(
            draft.tally.notes(),
            [
                "absent values (empty or NaN): 1",
                "files with times without zone, read as UTC: 1",
                "samples out of order, sorted: 1",
                "samples replaced by a later one at the same instant: 1",
            ]
        );
    }

    #[test]
    fn messages_say_where_and_what() {
        for (text, expected) in [
            ("timestamp,value\n", "cpu.csv: expected rows below the header, found none"),
            (
                "timestamp,value\nnoon,1\n",
                "cpu.csv:2: column \"timestamp\": expected a time such as \
                 \"2026-01-06T02:47:00Z\" or \"2026-01-06 02:47:00\", found \"noon\"",
            ),
            (
                "timestamps,value\n",
                "cpu.csv:1: expected a column \"timestamp\", did you mean \"timestamps\"?, \
                 found timestamps, value",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn labels_that_run_backwards_are_refused() {
        let json = r#"{"a.csv": [["2014-04-02 00:00:00", "2014-04-01 00:00:00"]]}"#;
        let error = parse_labels(Path::new("l.json"), json.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("ends before it begins"), "{error}");
    }

    proptest! {
        #[test]
        fn mutated_files_are_read_or_refused(at in 0_usize..120, byte in any::<u8>()) {
            let mut bytes = ROWS.as_bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = parse(Path::new("x"), bytes.as_slice());
            let _ = parse_labels(Path::new("x"), &bytes[at..]);
        }
    }
}
