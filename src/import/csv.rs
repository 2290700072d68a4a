//! Delimited tables from anywhere, long (a row per value) or wide (a column per series).
//!
//! In: one file = one case, or a folder of them (`*.csv`, `*.tsv`, plain or gzip). Out: series by
//! entity and metric; a label column (0 or 1) becomes truth: each run of ones is one incident.
//! Column names are given or found among usual ones. Text times without zone are read as UTC.
//! Source for the syntax: RFC 4180. Known limit: a label names no cause, and a root cause only
//! where the case has one entity.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::layout::Columns;
use super::clock::{Clock, TimeUnit};
use super::draft::{Draft, case_name};
use super::table::{Cell, Row, Table};
use super::{Build, Flaw, ImportError, Request, Summary, files, store};
use crate::catalog::{Entry, schema_of};
use crate::model::{SeriesMeta, TrueIncident, Truth};
use crate::timeline::DatasetMeta;
use crate::unit::{SimDuration, SimTime, Window};

mod layout;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "csv",
    summary: "tables with a time column: long (entity, metric, value) or wide (a column each)",
    help: "One file is one case; a folder gives one case per *.csv or *.tsv (gzip too). Columns \
           that are not named by a parameter are looked for by their usual names. In the wide \
           layout `separator` splits a column's name at its last occurrence into entity and \
           metric. Text where a number is expected is an error with file, line and column; \
           empty cells and NaN are absent. `label_column` (0 or 1) becomes truth.",
    source: "RFC 4180 for the syntax",
    example: "{ layout: wide, time_column: time, separator: _ }",
    schema: schema_of::<Config>,
    build,
};

/// How values stand in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Layout {
    /// Long if there is a value column, else wide.
    #[default]
    Auto,
    /// A row per value.
    Long,
    /// A column per series.
    Wide,
}

/// Parameters of `csv`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Long or wide; `auto` is long if there is a value column.
    layout: Layout,
    /// Column of the time; absent: time, timestamp, ts, date, datetime, @timestamp.
    time_column: Option<String>,
    /// Long: column of the number; absent: value.
    value_column: Option<String>,
    /// Long: column of the entity; absent: entity, service, app, host, instance, if there is one.
    entity_column: Option<String>,
    /// Long: column of the metric's name; absent: metric, name, series, if there is one.
    metric_column: Option<String>,
    /// Long: column of the unit; absent: unit, if there is one.
    unit_column: Option<String>,
    /// Column of the label, 0 or 1; absent: there is no truth.
    label_column: Option<String>,
    /// Wide: splits names of columns into entity and metric at its last occurrence.
    separator: Option<String>,
    /// Entity of everything that names none; absent: the file's name.
    entity: Option<String>,
    /// Unit of numeric times; `auto` decides by the magnitude of the first one.
    time_unit: TimeUnit,
    /// One character between cells; absent: a tab for *.tsv, else a comma.
    delimiter: Option<char>,
    /// Name of the dataset; absent: the source's name.
    name: Option<String>,
    /// Interval of the dataset, e.g. `15s`; absent: the smallest of the files' median steps.
    interval: Option<SimDuration>,
}

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let config: Config = request.config("csv")?;
    let mut cases = Vec::new();
    for path in files::below(request.source, &["csv", "tsv"])? {
        let draft = parse(&path, files::open(&path)?, &config)?;
        cases.push((case_name(&[&files::stem(&path)]), draft));
    }
    let smallest = cases.iter().filter_map(|(_, draft)| draft.step()).min();
    let interval = store::interval(request.source, config.interval, smallest)?;
    let origin = format!("imported from {}", files::name(request.source));
    let name = config.name.unwrap_or_else(|| files::stem(request.source));
    let meta = DatasetMeta::recorded(&name, &origin, "not stated", interval);
    store::write(request, meta, cases.len(), cases.into_iter().map(Ok))
}

fn parse(path: &Path, bytes: impl Read, config: &Config) -> Result<Draft, Flaw> {
    let mut table = Table::read(path, bytes, delimiter(path, config)?)?;
    let (mut draft, mut labels) = (Draft::default(), BTreeMap::new());
    let columns = Columns::of(path, &table, config, &mut draft)?;
    let mut clock = Clock::new(config.time_unit);
    while let Some(row) = table.next()? {
        let text = row.text(columns.time);
        let time = clock.read(text).map_err(|problem| row.flaw(columns.time, &problem))?;
        columns.row(&mut draft, time, &row)?;
        if let Some(column) = columns.label {
            let bad = flag(&row, column)?;
            *labels.entry(time).or_insert(false) |= bad;
        }
    }
    if clock.assumed_utc {
        draft.tally.count("files with times without zone, read as UTC");
    }
    draft.settle();
    if draft.is_empty() {
        return Err(Flaw::file(path, "expected rows with numbers below the header, found none"));
    }
    if columns.label.is_some() {
        draft.truth = Some(truth(&draft, &labels));
    }
    Ok(draft)
}

fn delimiter(path: &Path, config: &Config) -> Result<u8, Flaw> {
    match config.delimiter {
        Some(c) if c.is_ascii() => Ok(u8::try_from(c).unwrap_or(b',')),
        Some(c) => {
            Err(Flaw::file(path, format!("expected an ASCII character as delimiter, found {c:?}")))
        }
        None if files::has_ending(path, "tsv") => Ok(b'\t'),
        None => Ok(b','),
    }
}

/// Whether a label says that something is wrong; an absent one says that nothing is.
fn flag(row: &Row<'_>, column: usize) -> Result<bool, Flaw> {
    match row.text(column).to_ascii_lowercase().as_str() {
        "true" | "yes" => return Ok(true),
        "false" | "no" => return Ok(false),
        _ => {}
    }
    match row.number(column)? {
        Cell::Number(0.0) | Cell::Absent => Ok(false),
        Cell::Number(1.0) => Ok(true),
        _ => {
            let found = row.text(column);
            Err(row.flaw(column, &format!("expected a label 0 or 1, found {found:?}")))
        }
    }
}

/// Each run of labelled instants is one incident, up to and without the next good instant.
fn truth(draft: &Draft, labels: &BTreeMap<SimTime, bool>) -> Truth {
    let step = draft.step().unwrap_or(SimDuration::ZERO);
    let mut windows: Vec<Window> = Vec::new();
    let mut before = false;
    for (time, bad) in labels {
        match windows.last_mut() {
            Some(window) if *bad && before => window.end = *time + step,
            _ if *bad => windows.push(Window { start: *time, end: *time + step }),
            _ => {}
        }
        before = *bad;
    }
    let only = draft.topology.iter().next().filter(|_| draft.topology.len() == 1);
    let incident = |(at, window): (usize, Window)| TrueIncident {
        id: format!("label-{}", at + 1),
        window,
        onset: None,
        root_causes: only.iter().map(|(_, entity)| entity.name.clone()).collect(),
        cause: None,
        acceptable: Vec::new(),
        forbidden: Vec::new(),
        tolerance_before: SimDuration::ZERO,
        tolerance_after: SimDuration::ZERO,
        alarm: None,
    };
    let incidents = windows.into_iter().enumerate().map(incident).collect();
    Truth { incidents, ignore: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONG: &str = include_str!("../../tests/fixtures/import/csv/long.csv");
    const WIDE: &str = include_str!("../../tests/fixtures/import/csv/wide.csv");

    fn config(json: &str) -> Config {
        serde_json::from_str(json).unwrap()
    }

    fn read(text: &str, json: &str) -> Result<Draft, Flaw> {
        parse(Path::new("t.csv"), text.as_bytes(), &config(json))
    }

    fn series(draft: &Draft) -> Vec<String> {
        let show =
            |m: &SeriesMeta| format!("{}/{} {}", draft.topology.name(m.entity), m.metric, m.unit);
        draft.series.iter().map(|(_, meta)| show(meta)).collect()
    }

    #[test]
    fn long_tables_name_entity_metric_and_unit() {
        let draft = read(LONG, "{}").unwrap();
        assert_eq!(series(&draft), ["web/latency s", "cart/latency s", "cart/memory By"]);
        assert_eq!(draft.samples().len(), 5);
        assert_eq!(draft.step(), Some(SimDuration::from_secs(60)));
    }

    #[test]
    fn wide_tables_split_names_and_read_labels() {
        let json = r#"{"separator": "_", "label_column": "is_anomaly"}"#;
        let draft = read(WIDE, json).unwrap();
        assert_eq!(series(&draft), ["web/latency ", "cart_db/cpu "]);
        let truth = draft.truth.unwrap();
        let windows: Vec<String> = truth
            .incidents
            .iter()
            .map(|i| format!("{} {}", i.window.start, i.window.end))
            .collect();
        assert_eq!(
            windows,
            [
                "2026-01-06T00:01:00Z 2026-01-06T00:03:00Z",
                "2026-01-06T00:04:00Z 2026-01-06T00:05:00Z"
            ]
        );
        assert!(truth.incidents[0].root_causes.is_empty());
    }

    #[test]
    fn without_names_the_file_is_the_entity() {
        let draft = read("time,value\n0,1\n60,2\n", "{}").unwrap();
        assert_eq!(series(&draft), ["t/value "]);
        let draft = read("time;a;b\n0;1;2\n", r#"{"delimiter": ";", "entity": "db"}"#).unwrap();
        assert_eq!(series(&draft), ["db/a ", "db/b "]);
    }

    #[test]
    fn messages_say_where_and_what() {
        for (text, json, expected) in [
            ("", "{}", "t.csv: expected a header line, found none"),
            (
                "time,value\n",
                "{}",
                "t.csv: expected rows with numbers below the header, found none",
            ),
            (
                "time,value\n0,high\n",
                "{}",
                "t.csv:2: column \"value\": expected a number, found \"high\"",
            ),
            (
                "when,value\n0,1\n",
                "{}",
                "t.csv:1: expected a time column (time, timestamp, ts, date, datetime, \
                 @timestamp), found when, value",
            ),
            (
                "time,vaule\n0,1\n",
                r#"{"value_column": "value"}"#,
                "t.csv:1: expected a column \"value\", did you mean \"vaule\"?, found time, vaule",
            ),
            (
                "time,value,bad\n0,1,2\n",
                r#"{"label_column": "bad"}"#,
                "t.csv:2: column \"bad\": expected a label 0 or 1, found \"2\"",
            ),
            (
                "time,a_cpu,b\n0,1,2\n",
                r#"{"separator": "_"}"#,
                "t.csv:1: expected column names with \"_\" between entity and metric, found \"b\"",
            ),
            (
                "time\n0\n",
                "{}",
                "t.csv:1: expected columns with numbers beside the time, found none",
            ),
        ] {
            assert_eq!(read(text, json).unwrap_err().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn mutated_tables_are_read_or_refused(at in 0_usize..400, byte in any::<u8>()) {
            for (text, json) in [(LONG, "{}"), (WIDE, r#"{"label_column": "is_anomaly"}"#)] {
                let mut bytes = text.as_bytes().to_vec();
                let at = at % bytes.len();
                bytes[at] = byte;
                let _ = parse(Path::new("x"), bytes.as_slice(), &config(json));
                let _ = parse(Path::new("x"), &bytes[at..], &config(json));
            }
        }
    }
}
