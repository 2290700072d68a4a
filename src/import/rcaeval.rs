//! RCAEval: one case per run of a fault, wide metrics, optional logs and traces.
//!
//! In: `<service>_<fault>/<run>/` with one of `data.csv`, `simple_metrics.csv`, `metrics.csv`,
//! `inject_time.txt` (seconds since 1970) and perhaps `logs.csv`, `traces.csv`; or one wide table
//! with `inject_time`, `service` and `fault` as parameters. Out: truth from the injection to the
//! end, an alarm at the injection (the benchmark's protocol). Source: Pham et al., "RCAEval: a
//! benchmark for root cause analysis of microservice systems with telemetry data", WWW 2025;
//! github.com/phamquiluan/RCAEval. Known limit: without traces there is no call graph.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use self::columns::Wide;
use super::clock::Clock;
use super::draft::{Draft, case_name};
use super::table::Table;
use super::{Build, Flaw, ImportError, Request, Summary, files, store};
use crate::catalog::{Entry, schema_of};
use crate::model::{Alarm, Cause, EntityKind, TrueIncident, Truth};
use crate::timeline::DatasetMeta;
use crate::unit::{SimDuration, SimTime, Window};

mod columns;
mod signals;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "rcaeval",
    summary: "RCAEval: injected faults with a wide metrics table and the time of injection",
    help: "Reads every folder below the source that holds data.csv, simple_metrics.csv or \
           metrics.csv (the first there is), with inject_time.txt beside it and the root cause in \
           the name <service>_<fault> of the folder above. A single table takes inject_time, \
           service and fault as parameters. Columns are <service>_<metric>. Known metrics get \
           canonical names and units; the others keep theirs. logs.csv and traces.csv are read if \
           they are there; calls follow from traces, so without them there is no call graph.",
    source: "Pham et al., WWW 2025; github.com/phamquiluan/RCAEval",
    example: "{ inject_time: 1700000000, service: cartservice, fault: cpu }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `rcaeval`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Time of injection in seconds since 1970; absent: inject_time.txt beside the table.
    inject_time: Option<f64>,
    /// The service at fault; absent: from the folder's name `<service>_<fault>`.
    service: Option<String>,
    /// The fault (cpu, mem, disk, socket, delay, loss, f1 ...); absent: from the folder's name.
    fault: Option<String>,
    /// Services whose names hold underscores, where the last `_` of a column splits wrongly.
    services: Vec<String>,
    /// Interval of the dataset, e.g. `1s`; absent: the median step of the first case.
    interval: Option<SimDuration>,
}

/// Tables of metrics, the best first.
const TABLES: [&str; 3] = ["data.csv", "simple_metrics.csv", "metrics.csv"];

/// One run: where its files are and what was wrong.
struct Run {
    name: String,
    table: PathBuf,
    service: String,
    fault: String,
}

fn build(request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let config: Config = request.config("rcaeval")?;
    let runs = runs(request.source, &config)?;
    let mut known: BTreeSet<String> = runs.iter().map(|run| run.service.clone()).collect();
    known.extend(config.services.iter().cloned());
    let first = read(&runs[0], &config, &known)?;
    let interval = store::interval(request.source, config.interval, first.step())?;
    let origin = "https://github.com/phamquiluan/RCAEval";
    let licence = "as stated where it was downloaded";
    let meta = DatasetMeta::recorded("rcaeval", origin, licence, interval);
    let mut first = Some(first);
    let cases = runs.iter().map(|run| {
        let draft = first.take().map_or_else(|| read(run, &config, &known), Ok)?;
        Ok((run.name.clone(), draft))
    });
    store::write(request, meta, runs.len(), cases)
}

/// All runs below the source, or the one that a table and parameters make; never none.
fn runs(source: &Path, config: &Config) -> Result<Vec<Run>, Flaw> {
    let all =
        if source.is_file() { vec![source.to_owned()] } else { files::below(source, &["csv"])? };
    let mut runs: Vec<Run> = Vec::new();
    for table in all {
        let folder = table.parent().unwrap_or(Path::new(""));
        let best = TABLES.iter().find(|name| folder.join(name).is_file());
        if source.is_file() || best.is_some_and(|best| files::name(&table) == *best) {
            runs.push(run(source, table, config)?);
        }
    }
    if runs.is_empty() {
        let problem = format!("expected a folder with {}, found none", TABLES.join(" or "));
        return Err(Flaw::file(source, problem));
    }
    Ok(runs)
}

fn run(source: &Path, table: PathBuf, config: &Config) -> Result<Run, Flaw> {
    let above: Vec<String> = table.ancestors().skip(1).take(3).map(files::name).collect();
    let labelled = above.iter().find_map(|name| split_label(name));
    let (service, fault) = match (&config.service, &config.fault, labelled) {
        (Some(service), Some(fault), _) => (service.clone(), fault.clone()),
        (service, fault, Some((s, f))) => {
            (service.clone().unwrap_or(s), fault.clone().unwrap_or(f))
        }
        _ => {
            let problem = "expected a folder <service>_<fault> above it, or parameters `service` \
                           and `fault`";
            return Err(Flaw::file(&table, problem));
        }
    };
    let inside = table.strip_prefix(source).ok().and_then(Path::parent);
    let parts: Vec<String> = match inside {
        Some(inside) if inside != Path::new("") => {
            inside.iter().map(|part| part.to_string_lossy().into_owned()).collect()
        }
        _ => vec![files::stem(&table)],
    };
    let name = case_name(&parts.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(Run { name, table, service, fault })
}

/// `<service>_<fault>`, where the fault is one of the benchmark's.
fn split_label(folder: &str) -> Option<(String, String)> {
    let (service, fault) = folder.rsplit_once('_')?;
    let known = !service.is_empty() && cause(fault).is_some();
    known.then(|| (service.to_owned(), fault.to_owned()))
}

/// The cause that a fault's name tells.
fn cause(fault: &str) -> Option<Cause> {
    match fault {
        "cpu" | "mem" | "disk" | "socket" => Some(Cause::ResourceExhaustion),
        "delay" | "loss" => Some(Cause::NetworkFault),
        code => {
            let number = code.strip_prefix('f')?;
            let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            digits.then_some(Cause::CodeDefect)
        }
    }
}

/// One run with its truth.
fn read(run: &Run, config: &Config, known: &BTreeSet<String>) -> Result<Draft, ImportError> {
    let mut draft = Draft::default();
    metrics(&run.table, files::open(&run.table)?, known, &mut draft)?;
    let folder = run.table.parent().unwrap_or(Path::new(""));
    let beside = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
    if let Some(path) = beside("logs.csv") {
        signals::logs(&path, files::open(&path)?, &mut draft)?;
    }
    match beside("traces.csv") {
        Some(path) => {
            signals::traces(&path, files::open(&path)?, &mut draft)?;
            draft.calls_from_spans();
        }
        None => draft.tally.count("cases without traces: their service map has no calls"),
    }
    draft.settle();
    let injected = injection(&run.table, &folder.join("inject_time.txt"), config)?;
    draft.truth = Some(truth(run, injected, &mut draft)?);
    Ok(draft)
}

fn metrics(
    path: &Path,
    bytes: impl Read,
    known: &BTreeSet<String>,
    draft: &mut Draft,
) -> Result<(), Flaw> {
    let mut table = Table::read(path, bytes, b',')?;
    let time = table.column("time")?;
    let wide = Wide::of(&table, time, known, draft);
    let mut clock = Clock::default();
    let mut rows = 0_u64;
    while let Some(row) = table.next()? {
        let at = clock.read(row.text(time)).map_err(|problem| row.flaw(time, &problem))?;
        for (column, series) in &wide.columns {
            draft.cell(at, *series, row.number(*column)?);
        }
        rows += 1;
    }
    match rows {
        0 => Err(Flaw::file(path, "expected rows below the header, found none")),
        _ if wide.columns.is_empty() => {
            Err(Flaw::line(path, 1, "expected columns <service>_<metric>, found none"))
        }
        _ => Ok(()),
    }
}

fn injection(table: &Path, file: &Path, config: &Config) -> Result<SimTime, Flaw> {
    let (place, text) = match config.inject_time {
        Some(given) => (table, given.to_string()),
        None => {
            let missing = |e| {
                let problem =
                    format!("expected the time of injection here ({e}), or `inject_time`");
                Flaw::file(file, problem)
            };
            (file, std::fs::read_to_string(file).map_err(missing)?)
        }
    };
    Clock::default().read(&text).map_err(|problem| Flaw::file(place, problem))
}

fn truth(run: &Run, injected: SimTime, draft: &mut Draft) -> Result<Truth, Flaw> {
    let window = draft.window().ok_or_else(|| Flaw::file(&run.table, "expected numbers"))?;
    let end = window.end + draft.step().unwrap_or(SimDuration::ZERO);
    if injected < window.start || injected >= end {
        let (start, end) = (window.start, window.end);
        let problem = format!(
            "expected an injection between {start} and {end}, where the table begins and ends, \
             found {injected}"
        );
        return Err(Flaw::file(&run.table, problem));
    }
    if draft.topology.find(&run.service).is_err() {
        draft.tally.count("root causes without any telemetry, added to the service map");
    }
    let root = draft.entity(&run.service, EntityKind::Service);
    let cause = cause(&run.fault);
    if cause.is_none() {
        draft.tally.say(format!("fault {:?} has no known cause", run.fault));
    }
    let incident = TrueIncident {
        id: "injection".to_owned(),
        window: Window { start: injected, end },
        onset: None,
        root_causes: vec![draft.topology.name(root).clone()],
        cause,
        acceptable: Vec::new(),
        forbidden: Vec::new(),
        tolerance_before: SimDuration::ZERO,
        tolerance_after: SimDuration::ZERO,
        alarm: Some(Alarm { time: injected, entity: None, metric: None }),
    };
    Ok(Truth { incidents: vec![incident], ignore: Vec::new() })
}

#[cfg(test)]
mod tests;
