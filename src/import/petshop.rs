//! PetShop: incidents of a pet shop on AWS, with five minutes between samples.
//!
//! In: the folder `dataset/` (scenarios with graph, normal period and issues). Out: a case per
//! issue: the normal period of its scenario, moved by whole days so that it ends before the
//! issue, then the issue's rows. Latency in seconds, availability as a ratio, requests per second.
//! Source: Hardt et al., "The PetShop Dataset", arXiv 2311.04806. Known limit: the move joins two
//! seasons of one system; hour of day is kept, day of week is not.

mod labels;
mod map;
mod metrics;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Build, Gathered, ImportError, Request, Summary, write_cases};
use crate::catalog::{Entry, schema_of};
use crate::model::Truth;
use crate::timeline::DatasetMeta;
use crate::unit::SimDuration;
use metrics::{Column, Metrics};

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
    case.topology = map::read(&plan.graph, normal.iter().chain(&issue))?;
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
            case.truth = Some(labels::read(&folder.join("target.json"), issue)?);
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
