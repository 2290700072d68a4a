//! PetShop: incidents of a pet shop on AWS, with five minutes between samples.
//!
//! In: the folder `dataset/` (scenarios with graph, normal period and issues). Out: a case per
//! issue: the normal period of its scenario, moved by whole days so that it ends before the
//! issue, then the issue's rows. Latency in seconds, availability as a ratio, requests per second.
//! Source: Hardt et al., "The PetShop Dataset", arXiv 2311.04806. Known limit: the move joins two
//! seasons of one system; hour of day is kept, day of week is not.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Build, Gathered, ImportError, Request, Summary, write_cases};
use crate::catalog::{Entry, schema_of};
use crate::model::{
    Alarm, Cause, EntityKind, SeriesCatalog, SeriesMeta, Topology, TrueIncident, Truth, Verb, names,
};
use crate::timeline::DatasetMeta;
use crate::unit::{Name, SeriesId, SimDuration, SimTime, Window};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "petshop",
    summary: "PetShop: 5-minute metrics of a microservice shop on AWS with labelled root causes",
    help: "SOURCE is the folder with the scenarios (low_traffic, high_traffic ...). Each issue \
           becomes a case: the normal period of its scenario (or of low_traffic where it has \
           none), moved by whole days to end before the issue, then the issue. Labels and the \
           injecting command go into the truth only.",
    source: "Hardt et al., \"The PetShop Dataset\", arXiv 2311.04806; CC-BY-4.0",
    example: "{ normal_cases: true }",
    schema: schema_of::<Config>,
    build,
};

const INTERVAL: SimDuration = SimDuration::from_secs(300);
const DAY: i64 = 86_400_000_000_000;
/// Whose normal period serves a scenario that has none.
const REFERENCE: &str = "low_traffic";

/// Parameters.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Also make a case without incident of each normal period: nothing should be alarmed.
    normal_cases: bool,
}

/// One case to be made.
struct Plan {
    name: String,
    graph: PathBuf,
    normal: Option<PathBuf>,
    issue: Option<PathBuf>,
    notes: Vec<String>,
}

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let config: Config = request.config("petshop")?;
    let plans = plan(request.source, &config)?;
    let origin = "https://github.com/amazon-science/petshop-root-cause-analysis";
    let mut meta = DatasetMeta::recorded("petshop", origin, "CC-BY-4.0", INTERVAL);
    meta.notes = vec![
        "the normal period is moved by whole days so that it ends before the issue".to_owned(),
        "requests are counts of 5 minutes, divided by 300 s; availability is divided by 100"
            .to_owned(),
    ];
    let dataset = request.dataset(meta)?;
    let mut summary = write_cases(
        request,
        &plans,
        |plan| &plan.name,
        |plan| gather(plan)?.write(&dataset, &plan.name),
    )?;
    dataset.finish()?;
    let borrowed = plans.iter().filter(|plan| !plan.notes.is_empty()).count() as u64;
    summary.skip(borrowed, "cases without a normal period of their own scenario (see their notes)");
    Ok(summary)
}

fn plan(source: &Path, config: &Config) -> Result<Vec<Plan>, ImportError> {
    let mut plans = Vec::new();
    for scenario in folders(source)? {
        let graph = source.join(&scenario).join("graph.csv");
        if !graph.is_file() {
            continue;
        }
        let (normal, note) = normal_of(source, &scenario);
        if config.normal_cases && note.is_none() {
            plans.push(Plan {
                name: format!("{scenario}-normal"),
                graph: graph.clone(),
                normal: normal.clone(),
                issue: None,
                notes: Vec::new(),
            });
        }
        for split in folders(&source.join(&scenario))? {
            for issue in folders(&source.join(&scenario).join(&split))? {
                let folder = source.join(&scenario).join(&split).join(&issue);
                if folder.join("target.json").is_file() {
                    plans.push(Plan {
                        name: format!("{scenario}-{split}-{issue}"),
                        graph: graph.clone(),
                        normal: normal.clone(),
                        issue: Some(folder),
                        notes: note.clone().into_iter().collect(),
                    });
                }
            }
        }
    }
    if plans.is_empty() {
        let expected = "folders SCENARIO/SPLIT/issue_N with target.json, and SCENARIO/graph.csv";
        return Err(ImportError::file(source, "no issue", expected));
    }
    Ok(plans)
}

/// The file of the normal period, and what must be said of it.
fn normal_of(source: &Path, scenario: &str) -> (Option<PathBuf>, Option<String>) {
    let file = |scenario: &str| {
        Some(source.join(scenario).join("noissue").join("metrics.csv")).filter(|p| p.is_file())
    };
    if let Some(own) = file(scenario) {
        return (Some(own), None);
    }
    match file(REFERENCE) {
        Some(other) => {
            let note = format!("{scenario} has no normal period: that of {REFERENCE} is used");
            (Some(other), Some(note))
        }
        None => (None, Some(format!("{scenario} has no normal period"))),
    }
}

fn folders(path: &Path) -> Result<Vec<String>, ImportError> {
    let fail = |e: std::io::Error| ImportError::file(path, e, "a folder that can be read");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn gather(plan: &Plan) -> Result<Gathered, ImportError> {
    let normal = plan.normal.as_deref().map(Metrics::read).transpose()?;
    let issue = plan.issue.as_deref().map(|f| Metrics::read(&f.join("metrics.csv"))).transpose()?;
    let mut case = Gathered { notes: plan.notes.clone(), ..Gathered::default() };
    case.topology = topology(&plan.graph, normal.iter().chain(&issue))?;
    let columns: BTreeSet<&Column> =
        normal.iter().chain(&issue).flat_map(|metrics| &metrics.columns).collect();
    let mut ids = BTreeMap::new();
    for column in columns {
        ids.insert(column, column.add(&case.topology, &mut case.series));
    }
    if let Some(normal) = &normal {
        let shift = shift_before(normal, issue.as_ref());
        if shift != SimDuration::ZERO {
            case.notes.push(format!("the normal period is moved by {shift}"));
        }
        normal.pour(&ids, shift, &mut case);
    }
    match (&issue, &plan.issue) {
        (Some(issue), Some(folder)) => {
            issue.pour(&ids, SimDuration::ZERO, &mut case);
            case.truth = Some(truth(&folder.join("target.json"), issue)?);
        }
        _ => case.truth = Some(Truth::default()),
    }
    Ok(case)
}

/// The whole days by which the normal period must move to end before the issue.
fn shift_before(normal: &Metrics, issue: Option<&Metrics>) -> SimDuration {
    match (normal.rows.last(), issue.and_then(|issue| issue.rows.first())) {
        (Some((last, _)), Some((first, _))) => {
            let room = (*first - INTERVAL).since(*last).nanos();
            SimDuration::from_nanos(room.div_euclid(DAY) * DAY)
        }
        _ => SimDuration::ZERO,
    }
}

/// One column of a metrics file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    node: String,
    metric: String,
    statistic: String,
}

impl Column {
    fn add(&self, map: &Topology, series: &mut SeriesCatalog) -> (SeriesId, f64) {
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
struct Metrics {
    path: PathBuf,
    columns: Vec<Column>,
    rows: Vec<(SimTime, Vec<Option<f64>>)>,
}

impl Metrics {
    fn read(path: &Path) -> Result<Self, ImportError> {
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

    fn pour(
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

fn read_csv(path: &Path) -> Result<Vec<csv::StringRecord>, ImportError> {
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

fn topology<'a>(
    graph: &Path,
    metrics: impl Iterator<Item = &'a Metrics>,
) -> Result<Topology, ImportError> {
    let records = read_csv(graph)?;
    let Some((header, rows)) = records.split_first() else {
        return Err(ImportError::file(graph, "an empty file", "an adjacency matrix"));
    };
    let mut nodes: BTreeSet<&str> = header.iter().skip(1).collect();
    nodes.extend(rows.iter().filter_map(|row| row.get(0)));
    let metrics: Vec<&Metrics> = metrics.collect();
    nodes.extend(metrics.iter().flat_map(|m| &m.columns).map(|column| column.node.as_str()));
    let mut map = Topology::default();
    for node in nodes {
        if node.is_empty() {
            let path = metrics.first().map_or(graph, |metrics| &metrics.path);
            return Err(ImportError::line(path, 1, "a node without name", "names of nodes"));
        }
        map.add(node, kind_of(node), None).expect("a set holds each name once");
    }
    for row in rows {
        let caller = map.find(row.get(0).unwrap_or_default()).expect("rows were added");
        for (callee, mark) in header.iter().zip(row.iter()).skip(1) {
            let callee = map.find(callee).expect("columns were added");
            if mark.trim().parse::<f64>().is_ok_and(|n| n != 0.0) && caller != callee {
                map.call(caller, callee);
            }
        }
    }
    Ok(map)
}

/// Uninstrumented views of other nodes are not ours to mend.
fn kind_of(node: &str) -> EntityKind {
    if node.ends_with("_remote") || node.ends_with("_client") {
        EntityKind::External
    } else {
        EntityKind::Service
    }
}

#[derive(Deserialize)]
struct Target {
    target: TargetAlarm,
    root_cause: RootCause,
    #[serde(default)]
    metadata: serde_json::Value,
}

#[derive(Deserialize)]
struct TargetAlarm {
    node: String,
    metric: String,
    timestamp: f64,
}

#[derive(Deserialize)]
struct RootCause {
    node: String,
}

fn truth(path: &Path, issue: &Metrics) -> Result<Truth, ImportError> {
    let expected = "target, root_cause and metadata of an issue";
    let text = std::fs::read_to_string(path).map_err(|e| ImportError::file(path, e, expected))?;
    let label: Target =
        serde_json::from_str(&text).map_err(|e| ImportError::file(path, e, expected))?;
    let time = SimTime::default() + SimDuration::from_secs_f64(label.target.timestamp);
    let last = issue.rows.last().map_or(time, |(last, _)| *last).max(time);
    let (cause, acceptable) = cause(&label.metadata.to_string());
    let metric = match label.target.metric.as_str() {
        "latency" => names::DURATION,
        "availability" => names::AVAILABILITY,
        other => other,
    };
    let incident = TrueIncident {
        id: "issue".to_owned(),
        window: Window { start: time - INTERVAL, end: last + INTERVAL },
        onset: None,
        root_causes: vec![Name::from(label.root_cause.node)],
        cause,
        acceptable,
        forbidden: Vec::new(),
        tolerance_before: SimDuration::ZERO,
        tolerance_after: SimDuration::ZERO,
        alarm: Some(Alarm {
            time,
            entity: Some(Name::from(label.target.node)),
            metric: Some(metric.to_owned()),
        }),
    };
    Ok(Truth { incidents: vec![incident], ignore: Vec::new() })
}

/// What the injecting command did, and what would take it back.
fn cause(command: &str) -> (Option<Cause>, Vec<Verb>) {
    if command.contains("cdk deploy") {
        (Some(Cause::BadDeploy), vec![Verb::Rollback])
    } else if command.contains("ssm put-parameter") {
        (Some(Cause::ConfigDrift), vec![Verb::ReconcileConfig])
    } else if command.contains("issue_dynamo_db_requests") {
        (Some(Cause::TrafficSurge), vec![Verb::ScaleOut, Verb::ScaleUp])
    } else {
        (None, Vec::new())
    }
}
