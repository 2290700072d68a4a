//! Tests of the room as a whole: what is written comes back, and what is broken is named.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::{
    EntityKind, Event, EventKind, Frame, LogRecord, SeriesCatalog, SeriesMeta, Span, SpanKind,
    SpanStatus, Topology, Truth,
};
use crate::unit::{EntityId, SeriesId, SimDuration, SimTime};

const SECOND: SimDuration = SimDuration::from_secs(1);

fn at(secs: i64) -> SimTime {
    SimTime::from_secs(secs)
}

fn meta() -> DatasetMeta {
    DatasetMeta::recorded("set", "test", "none", SECOND)
}

/// web -> cart with one pod; two series.
fn columns() -> (Topology, SeriesCatalog) {
    let (mut map, mut series) = (Topology::default(), SeriesCatalog::default());
    let (web, cart) = (map.service("web"), map.service("cart"));
    let pod = map.add("cart-0", EntityKind::Replica, Some(cart)).unwrap();
    map.call(web, cart);
    series.add(SeriesMeta::gauge(web, "rps", "{request}/s")).unwrap();
    series.add(SeriesMeta::counter(pod, "restarts", "").label("reason", "oom")).unwrap();
    (map, series)
}

fn log(secs: i64, entity: u32) -> LogRecord {
    LogRecord {
        time: at(secs),
        entity: EntityId(entity),
        severity: 9,
        body: format!("line {secs}"),
        trace_id: u128::from(entity) << 64,
        span_id: 0,
    }
}

fn span(start: i64, lasts: i64) -> Span {
    Span {
        start: at(start),
        duration: SimDuration::from_secs(lasts),
        trace_id: 7,
        span_id: 1,
        parent_span_id: 0,
        entity: EntityId(2),
        operation: Arc::from("GET /"),
        kind: SpanKind::Server,
        status: SpanStatus::Error,
    }
}

/// A dataset with one case of three samples, a log, a span and an event, labelled as healthy.
fn dataset(folder: &Path) -> PathBuf {
    let target = folder.join("set");
    let (map, series) = columns();
    let dataset = DatasetWriter::create(&target, meta()).unwrap();
    let mut case = dataset.case("case", &map, &series).unwrap();
    case.frame(&Frame { time: at(1), values: vec![1.0, f64::NAN] }).unwrap();
    case.frame(&Frame { time: at(2), values: vec![0.0, 3.0] }).unwrap();
    case.log(&log(2, 2)).unwrap();
    case.span(&span(1, 2)).unwrap();
    case.event(&Event::new(at(3), EventKind::Deploy, Some("cart".into()), "deploy").with("v", "2"))
        .unwrap();
    case.truth(Truth::default()).unwrap();
    case.finish().unwrap();
    dataset.finish().unwrap();
    target
}

fn rows<T>(rows: Result<Rows<T>, TimelineError>) -> Vec<T> {
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn what_is_written_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let target = dataset(folder.path());
    assert_eq!(Dataset::check(&target), []);
    let set = Dataset::open(&target).unwrap();
    assert_eq!(set.cases(), ["case"]);
    let case = CaseReader::open(&set.case_path("case"), set.meta.interval).unwrap();
    let (map, series) = columns();
    assert_eq!(*case.topology(), map);
    assert_eq!(case.series().iter().collect::<Vec<_>>(), series.iter().collect::<Vec<_>>());
    assert_eq!(case.truth(), Some(&Truth::default()));
    assert_eq!(case.window().start, at(1));
    let values: Vec<_> = rows(case.samples()).iter().map(|s| (s.series.0, s.value)).collect();
    assert_eq!(values, [(0, 1.0), (0, 0.0), (1, 3.0)]);
    assert_eq!(rows(case.logs()), [log(2, 2)]);
    assert_eq!(rows(case.spans()), [span(1, 2)]);
    let events = rows(case.events());
    assert_eq!((events.len(), events[0].attributes["v"].as_str()), (1, "2"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, two) = (dataset(one.path()), dataset(two.path()));
    assert_eq!(
        fs::read(one.join("dataset.yaml")).unwrap(),
        fs::read(two.join("dataset.yaml")).unwrap()
    );
}

#[track_caller]
fn refuses(expected: &str, write: impl FnOnce(&mut CaseWriter) -> Result<(), TimelineError>) {
    let folder = tempfile::tempdir().unwrap();
    let (map, series) = columns();
    let dataset = DatasetWriter::create(&folder.path().join("set"), meta()).unwrap();
    let mut case = dataset.case("case", &map, &series).unwrap();
    let error = write(&mut case).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn bad_rows_are_refused_at_the_door() {
    refuses("out of order", |case| {
        case.sample(at(2), SeriesId(0), 1.0)?;
        case.sample(at(1), SeriesId(1), 1.0)
    });
    refuses("rps of web has two samples", |case| {
        case.sample(at(2), SeriesId(0), 1.0)?;
        case.sample(at(2), SeriesId(0), 2.0)
    });
    refuses("rps of web is NaN", |case| case.sample(at(2), SeriesId(0), f64::NAN));
    refuses("is inf, expected a finite", |case| {
        case.frame(&Frame { time: at(2), values: vec![f64::INFINITY] })
    });
    refuses("series-9 is not among the 2 series", |case| case.sample(at(2), SeriesId(9), 1.0));
    refuses("not in the topology", |case| case.log(&log(1, 9)));
    refuses("out of order", |case| {
        case.span(&span(1, 5))?;
        case.span(&span(2, 1))
    });
    refuses("lasts -1s", |case| case.span(&span(1, -1)));
    refuses("did you mean \"cart\"?", |case| {
        case.event(&Event::new(at(1), EventKind::Deploy, Some("crat".into()), "deploy"))
    });
}

#[test]
fn a_refused_row_leaves_the_case_whole() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("set");
    let (map, series) = columns();
    let dataset = DatasetWriter::create(&target, meta()).unwrap();
    let mut case = dataset.case("case", &map, &series).unwrap();
    case.sample(at(2), SeriesId(0), 1.0).unwrap();
    assert!(case.sample(at(1), SeriesId(0), 1.0).is_err());
    assert!(case.event(&Event::new(at(1), EventKind::Flag, Some("no".into()), "x")).is_err());
    assert!(case.log(&log(1, 9)).is_err());
    let counts = case.finish().unwrap();
    assert_eq!(counts, CaseCounts { samples: 1, ..CaseCounts::default() });
    dataset.finish().unwrap();
    let found: Vec<_> = Dataset::check(&target).iter().map(TimelineError::severity).collect();
    assert_eq!(found, [Severity::Warning], "only the labels are missing");
}

#[test]
fn nothing_is_left_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("set");
    let (map, series) = columns();
    let dataset = DatasetWriter::create(&target, meta()).unwrap();
    let mut case = dataset.case("case", &map, &series).unwrap();
    case.sample(at(2), SeriesId(0), 1.0).unwrap();
    drop(case);
    assert!(dataset.finish().unwrap_err().to_string().contains("empty dataset"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn only_a_dataset_is_replaced_and_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let target = dataset(folder.path());
    let error = DatasetWriter::create(&target, meta()).err().unwrap().to_string();
    assert!(error.contains("holds a dataset already"), "{error}");
    assert!(DatasetWriter::replace(&target, meta()).is_ok());
    let precious = folder.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("thesis.txt"), "x").unwrap();
    let error = DatasetWriter::replace(&precious, meta()).err().unwrap().to_string();
    assert!(error.contains("no windtunnel dataset"), "{error}");
    let file = precious.join("thesis.txt");
    let error = DatasetWriter::create(&file.join("set"), meta()).err().unwrap().to_string();
    assert!(error.contains("cannot be written"), "{error}");
}

#[track_caller]
fn finds(damage: impl FnOnce(&Path), expected: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let target = dataset(folder.path());
    damage(&target);
    let found: Vec<String> = Dataset::check(&target).iter().map(ToString::to_string).collect();
    for part in expected {
        assert!(found.iter().any(|problem| problem.contains(part)), "{part}: {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn broken_datasets_say_what_is_broken() {
    finds(
        |set| {
            let path = set.join("case/samples.parquet");
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        },
        &["samples.parquet: checksum", "samples.parquet: no whole Parquet file, truncated"],
    );
    finds(
        |set| fs::remove_file(set.join("case/logs.parquet")).unwrap(),
        &["logs.parquet: is missing"],
    );
    finds(
        |set| {
            fs::copy(set.join("case/events.parquet"), set.join("case/logs.parquet"))
                .map(drop)
                .unwrap()
        },
        &["logs.parquet: checksum", "found events, expected the table logs"],
    );
    finds(
        |set| fs::remove_file(set.join("case/truth.yaml")).unwrap(),
        &["truth.yaml: is missing", "nothing of it can be scored"],
    );
    finds(|set| edit(&set.join("dataset.yaml"), "licence", "license"), &["unknown field"]);
    finds(|set| edit(&set.join("dataset.yaml"), "interval: 1s", "interval: 1 sec"), &["duration"]);
    finds(
        |set| edit(&set.join("dataset.yaml"), "format_version: 1", "format_version: 2"),
        &["format version 2, expected 1"],
    );
    finds(
        |set| fs::remove_dir_all(set.join("case")).unwrap(),
        &["folder is missing", "empty dataset"],
    );
    finds(|set| fs::remove_file(set.join("dataset.yaml")).unwrap(), &["dataset.yaml: is missing"]);
    finds(
        |set| edit(&set.join("case/topology.yaml"), "callee: cart", "callee: crat"),
        &[
            "topology.yaml: checksum",
            "callee \"crat\" is not among the entities, did you mean \"cart\"?",
        ],
    );
}

#[test]
fn labels_of_unknown_entities_are_found() {
    let truth = "incidents:\n- id: one\n  window: {start: 2026-01-01T00:00:00Z, \
                 end: 2026-01-01T00:00:00Z}\n  root_causes: [crat]\n";
    finds(
        |set| fs::write(set.join("case/truth.yaml"), truth).unwrap(),
        &["truth.yaml: checksum", "did you mean \"cart\"?", "incident \"one\": ends at"],
    );
    finds(
        |set| fs::write(set.join("case/truth.yaml"), "incidents: []\nignored: []\n").unwrap(),
        &["truth.yaml: checksum", "truth.yaml:2:1: unknown field"],
    );
}

/// Rows that no writer of ours lets through, as another tool might write them.
#[test]
fn bad_rows_of_other_writers_are_found() {
    let sample = |secs, series, value| Sample { time: at(secs), series: SeriesId(series), value };
    let bad = [
        sample(1, 0, 1.0),
        sample(1, 0, 2.0),
        sample(2, 0, f64::NAN),
        sample(3, 7, 1.0),
        sample(3, 1, 1.0),
    ];
    finds(
        |set| {
            let mut table = table_writer::TableWriter::create(&set.join("case")).unwrap();
            bad.iter().for_each(|row| table.push(row, &columns().0).unwrap());
            table.finish().unwrap();
        },
        &[
            "samples.parquet: checksum",
            "has two samples",
            "row 3: series-0 is NaN",
            "series-7 is not",
        ],
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn any_samples_round_trip_in_order(
        gaps in prop::collection::vec((0_i64..3, 0_u32..2, -1e300_f64..1e300), 1..9000),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (map, series) = columns();
        let mut time = at(0);
        let mut samples = Vec::new();
        for (gap, series, value) in gaps {
            time += SimDuration::from_nanos(gap);
            samples.push(Sample { time, series: SeriesId(series), value });
        }
        samples.dedup_by_key(|s| (s.time, s.series));
        let target = folder.path().join("set");
        let dataset = DatasetWriter::create(&target, meta()).unwrap();
        let mut case = dataset.case("case", &map, &series).unwrap();
        samples.retain(|s| case.sample(s.time, s.series, s.value).is_ok());
        case.finish().unwrap();
        dataset.finish().unwrap();
        let case = CaseReader::open(&target.join("case"), SECOND).unwrap();
        prop_assert_eq!(rows(case.samples()), samples);
    }
}
