//! `windtunnel bench-accuracy DIR`: one table of how accurate an engine is on recorded incidents.
//!
//! In: a folder whose subfolders are datasets, or recordings named after their import format
//! (`petshop`, `nezha`, `rcaeval`). Out: rows by set, group and arrangement with n, 95 % interval,
//! wall time and peak memory. The figures are the same for any number of jobs; the times are not.

mod left_out;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Map;

use super::exit_code;
use super::failure::Failure;
use super::format::Format;
use super::progress::Progress;
use super::terminal::Terminal;
use crate::campaign::accuracy::{self, Arrangement, Row};
use crate::engine::diagnose;
use crate::import::{self, Request};
use crate::model::Policy;
use crate::referee::Estimate;
use crate::scenario::{default_policy, load_policy, of_timeline};
use crate::timeline::Dataset;

/// What to measure.
#[derive(Debug, Args)]
pub(super) struct BenchAccuracy {
    /// A folder of datasets, or of recordings named after their format.
    source: PathBuf,
    /// The engine (default: the built-in policy).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Which arrangements.
    #[arg(long, value_enum, default_value_t = Part::All)]
    part: Part,
    /// Methods that are measured alone, by kind; `all` for each there is.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', default_value = "all")]
    methods: Vec<String>,
    /// Only these sets, by the name of their folder.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    sets: Vec<String>,
    /// Cases at the same time (default: one a processor). Shows in no figure but the times.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Which arrangements are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Everything below.
    All,
    /// End to end, told of the alarm, told late and early.
    Protocols,
    /// Told of the alarm, with something withheld.
    Ablation,
    /// Told of the alarm, each method alone.
    Methods,
    /// Chosen on all systems but one, measured on that one; a table of its own, not in `all`.
    LeftOut,
}

/// A row with what it cost.
#[derive(Debug, Serialize)]
struct Measured {
    #[serde(flatten)]
    row: Row,
    /// Wall time of the arrangement on the whole set, in seconds.
    wall_s: f64,
    /// Peak memory of the process so far, in MB; absent where the system does not say.
    peak_mb: Option<f64>,
}

/// Recordings that carry root causes.
const FORMATS: [&str; 3] = ["nezha", "petshop", "rcaeval"];

/// Measures and prints.
///
/// # Errors
/// If nothing can be measured or a recording cannot be read.
pub(super) fn run(args: &BenchAccuracy, terminal: Terminal) -> Result<u8, Failure> {
    let policy = args.policy.as_deref().map(load_policy).transpose().map_err(Failure::Problems)?;
    let policy = policy.unwrap_or_else(default_policy);
    let work = std::env::temp_dir().join(format!("windtunnel-accuracy-{}", std::process::id()));
    let text = if args.part == Part::LeftOut {
        left_out::measure(args, &policy, &work, terminal)
    } else {
        let rows = all_sets(args, &arrangements(args, &policy)?, &work, terminal);
        rows.map(|rows| match args.format {
            Format::Json => json(&rows),
            Format::Text => table(&rows),
        })
    };
    let _ = std::fs::remove_dir_all(&work);
    let text = text?;
    terminal.print(&text)?;
    Ok(exit_code::DONE)
}

fn json<T: Serialize>(rows: &[T]) -> String {
    format!("{}\n", serde_json::to_string_pretty(rows).expect("plain data"))
}

fn arrangements(args: &BenchAccuracy, policy: &Policy) -> Result<Vec<Arrangement>, Failure> {
    let known: Vec<&str> = diagnose::catalog::ALL.iter().map(|entry| entry.kind).collect();
    let all = args.methods.iter().any(|m| m == "all");
    let chosen: Vec<&str> = if all {
        known.into_iter().filter(|kind| *kind != diagnose::ENSEMBLE).collect()
    } else {
        let mut chosen = Vec::new();
        for method in &args.methods {
            let entry = crate::catalog::find("diagnosis method", diagnose::catalog::ALL, method);
            chosen.push(entry.map_err(|error| Failure::usage(error.to_string()))?.kind);
        }
        chosen
    };
    let part = |one| args.part == Part::All || args.part == one;
    let mut all = Vec::new();
    if part(Part::Protocols) {
        all.extend(accuracy::protocols(policy));
    }
    if part(Part::Ablation) {
        all.extend(accuracy::ablations(policy));
    }
    if part(Part::Methods) {
        all.extend(accuracy::methods(policy, &chosen));
    }
    Ok(all)
}

fn all_sets(
    args: &BenchAccuracy,
    arrangements: &[Arrangement],
    work: &Path,
    terminal: Terminal,
) -> Result<Vec<Measured>, Failure> {
    let mut rows = Vec::new();
    for set in sets(args)? {
        let dataset = open(args, &set, work, terminal)?;
        let Some(dataset) = dataset else { continue };
        for arrangement in arrangements {
            let progress = Progress::new(terminal, "cases");
            #[expect(clippy::disallowed_methods, reason = "what it costs is asked for")]
            let begun = Instant::now();
            let told = |done, total, name: &str| progress.set(done, total, name);
            let (found, failures) = accuracy::measure(&dataset, arrangement, args.jobs, &told);
            progress.finish();
            if let Some(failure) = failures.first() {
                let why = failure.problems.join("; ");
                return Err(Failure::usage(format!("{set}/{}: {why}", failure.name)));
            }
            let (wall_s, peak_mb) = (begun.elapsed().as_secs_f64(), peak_mb());
            rows.extend(found.into_iter().map(|row| Measured { row, wall_s, peak_mb }));
        }
    }
    if rows.is_empty() {
        let expected = FORMATS.join(", ");
        let found = args.source.display();
        return Err(Failure::usage(format!(
            "{found} holds no dataset and no recording (expected a subfolder of {expected})"
        )));
    }
    Ok(rows)
}

/// Subfolders that can be measured, in order of their names.
fn sets(args: &BenchAccuracy) -> Result<BTreeSet<String>, Failure> {
    let fail = |e: std::io::Error| Failure::usage(format!("{}: {e}", args.source.display()));
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(&args.source).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let usable = Dataset::is_at(&entry.path()) || FORMATS.contains(&name.as_str());
        if usable {
            found.insert(name);
        }
    }
    let known = || found.iter().map(String::as_str).collect::<Vec<_>>();
    let unknown = args.sets.iter().filter(|name| !found.contains(*name)).map(|name| {
        let near = crate::catalog::did_you_mean(crate::catalog::nearest(name, known()));
        format!("no set {name:?} in {}{near}", args.source.display())
    });
    let unknown: Vec<String> = unknown.collect();
    if !unknown.is_empty() {
        return Err(Failure::usage(unknown.join("; ")));
    }
    found.retain(|name| args.sets.is_empty() || args.sets.contains(name));
    Ok(found)
}

fn open(
    args: &BenchAccuracy,
    name: &str,
    work: &Path,
    terminal: Terminal,
) -> Result<Option<Dataset>, Failure> {
    let path = &args.source.join(name);
    let target = if Dataset::is_at(path) {
        path.to_owned()
    } else {
        let target = work.join(name);
        std::fs::create_dir_all(work)
            .map_err(|e| Failure::usage(format!("{}: {e}", work.display())))?;
        let progress = Progress::new(terminal, "cases imported");
        let mut told = |done: usize, total: usize, name: &str| progress.set(done, total, name);
        // Rows of normal periods are what specificity is measured on.
        let mut params = Map::new();
        if name != "rcaeval" && args.part != Part::LeftOut {
            params.insert("normal_cases".to_owned(), true.into());
        }
        let mut request = Request {
            source: path,
            target: &target,
            params: &params,
            overwrite: true,
            progress: &mut told,
        };
        let imported = import::import(name, &mut request);
        progress.finish();
        imported.map_err(|error| Failure::usage(error.to_string()))?;
        target
    };
    Dataset::open(&target).map(Some).map_err(|all| Failure::Problems(of_timeline(&all)))
}

/// Peak memory as the system tells it.
fn peak_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

fn table(rows: &[Measured]) -> String {
    let head = [
        "set",
        "arrangement",
        "n",
        "AC@1 (95 %)",
        "AC@3",
        "AC@5",
        "chance",
        "cause",
        "recall",
        "false/day",
        "specificity",
        "normal/day",
        "ECE",
        "wall",
        "peak",
    ];
    let mut cells: Vec<Vec<String>> = vec![head.map(str::to_owned).to_vec()];
    for Measured { row, wall_s, peak_mb } in rows {
        let set = row.group.as_ref().map_or(row.set.clone(), |g| format!("{}/{g}", row.set));
        let whole = row.group.is_none();
        cells.push(vec![
            set,
            row.arrangement.clone(),
            row.cases.to_string(),
            ranged(row.ac_1.as_ref()),
            plain(row.ac_3.as_ref()),
            plain(row.ac_5.as_ref()),
            number(row.ac_1.and_then(|e| e.chance)),
            plain(row.cause.as_ref()),
            plain(row.recall.as_ref()),
            plain(row.false_alarms.as_ref()),
            ranged(row.specificity.as_ref()),
            plain(row.false_in_normal.as_ref()),
            number(row.ece),
            if whole { format!("{wall_s:.1} s") } else { String::new() },
            peak_mb.filter(|_| whole).map_or(String::new(), |mb| format!("{mb:.0} MB")),
        ]);
    }
    aligned(&cells)
}

/// Cells under each other, the first two columns to the left.
fn aligned(cells: &[Vec<String>]) -> String {
    let width = |i: usize| cells.iter().map(|row| row[i].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells.first().map_or(0, Vec::len)).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).enumerate().map(|(i, (cell, w))| {
            if i < 2 { format!("{cell:<w$}") } else { format!("{cell:>w$}") }
        });
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    cells.iter().map(line).collect()
}

const ABSENT: &str = "–";

fn number(value: Option<f64>) -> String {
    value.map_or(ABSENT.to_owned(), |v| format!("{v:.2}"))
}

fn plain(estimate: Option<&Estimate>) -> String {
    number(estimate.and_then(|e| e.value))
}

fn ranged(estimate: Option<&Estimate>) -> String {
    let Some(estimate) = estimate else { return ABSENT.to_owned() };
    match (estimate.value, estimate.low, estimate.high) {
        (Some(value), Some(low), Some(high)) => format!("{value:.2} [{low:.2}, {high:.2}]"),
        (value, ..) => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_is_a_dash_and_an_interval_is_told() {
        assert_eq!((number(None), ranged(None)), ("–".to_owned(), "–".to_owned()));
        let half = Estimate::proportion(5, 10);
        assert!(ranged(Some(&half)).starts_with("0.50 [0.2"), "{}", ranged(Some(&half)));
    }
}
