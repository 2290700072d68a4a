//! `windtunnel compare BASE HEAD`: two policies on a corpus, or two stored results.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::exit_code;
use super::failure::Failure;
use super::format::Format;
use super::progress::Progress;
use super::terminal::Terminal;
use crate::campaign::compare::{self, Sample, Tolerances, headline};
use crate::campaign::{CaseFailure, RunDocument, suite};
use crate::model::Policy;
use crate::report;
use crate::scenario::{Checked, load_policy};

/// What is compared and how.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// A policy file, a stored result.json, or a folder of reports.
    base: PathBuf,
    /// The same, after the change.
    #[arg(required_unless_present = "self_check")]
    head: Option<PathBuf>,
    /// Scenario files, or folders of them, for policies (default: scenarios).
    paths: Vec<PathBuf>,
    /// Only scenarios that fit; the filter of `windtunnel test`.
    #[arg(short = 'E', long = "filter", value_name = "FILTER")]
    filter: Option<String>,
    /// Seeds of each scenario, from its own up.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    seeds: u64,
    /// How much worse is no regression, e.g. mttr=30s; may be given more than once.
    #[arg(long, value_name = "MEASURE=VALUE")]
    max_regression: Vec<String>,
    /// Level of the test, after Holm's correction.
    #[arg(long, default_value_t = 0.05)]
    alpha: f64,
    /// Trials at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Compare BASE with itself on different seeds, so often, and say how often that is claimed
    /// to be a difference.
    #[arg(long, value_name = "TIMES")]
    self_check: Option<u64>,
}

/// One side.
enum Side {
    Policy(Box<Policy>),
    Stored(Vec<Sample>),
}

/// Compares.
///
/// # Errors
/// If a file cannot be used, or a trial does not end.
pub(super) fn run(args: &Compare, terminal: Terminal) -> Result<u8, Failure> {
    let allowed = Tolerances::read(&args.max_regression)
        .map_err(|e| Failure::usage(format!("--max-regression: {e}")))?;
    if !(args.alpha > 0.0 && args.alpha < 1.0) {
        return Err(Failure::usage(format!("expected 0 < --alpha < 1, found {}", args.alpha)));
    }
    if args.seeds == 0 {
        return Err(Failure::usage("expected at least 1 for --seeds, found 0"));
    }
    if let Some(times) = args.self_check {
        return self_check(args, times, terminal);
    }
    let head = args.head.as_deref().unwrap_or(&args.base);
    let (base, head) = match (side(&args.base)?, side(head)?) {
        (Side::Stored(base), Side::Stored(head)) => (base, head),
        (Side::Policy(base), Side::Policy(head)) => {
            let scenarios = scenarios(args)?;
            (
                run_side(args, &scenarios, &base, terminal)?,
                run_side(args, &scenarios, &head, terminal)?,
            )
        }
        _ => {
            return Err(Failure::usage(
                "expected two policies or two stored results, found one of each",
            ));
        }
    };
    let found = compare::compare(&base, &head, &allowed, args.alpha);
    if found.pairs == 0 {
        return Err(Failure::usage(headline(&found)));
    }
    let text = match args.format {
        Format::Text => report::compare::text(&found),
        Format::Json => {
            let mut json = serde_json::to_value(&found).unwrap_or_default();
            json["headline"] = headline(&found).into();
            serde_json::to_string_pretty(&json).unwrap_or_default()
        }
    };
    terminal.print_verdict(&text)?;
    let worse = found.differences.iter().any(|d| d.regression);
    Ok(if worse { exit_code::FAILED } else { exit_code::DONE })
}

fn side(path: &Path) -> Result<Side, Failure> {
    let json = path.extension().is_some_and(|e| e == "json");
    if !path.is_dir() && !json {
        return load_policy(path).map(|p| Side::Policy(Box::new(p))).map_err(Failure::Problems);
    }
    let mut files = Vec::new();
    if path.is_dir() {
        collect(path, &mut files)
    } else {
        files.push(path.to_owned())
    }
    files.sort();
    if files.is_empty() {
        let found = path.display();
        return Err(Failure::usage(format!(
            "{found}: expected result.json somewhere below, found none"
        )));
    }
    let mut samples = Vec::new();
    for file in files {
        let name = file.display();
        let text = std::fs::read_to_string(&file)
            .map_err(|e| Failure::usage(format!("{name}: cannot be read: {e}")))?;
        let document: RunDocument = serde_json::from_str(&text)
            .map_err(|e| Failure::usage(format!("{name}: no stored result: {e}")))?;
        samples.extend(Sample::all(&document));
    }
    Ok(Side::Stored(samples))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.file_name().is_some_and(|name| name == "result.json") {
            files.push(path);
        }
    }
}

/// The scenarios of the corpus, those that expect nothing too.
fn scenarios(args: &Compare) -> Result<Vec<Checked>, Failure> {
    let filter = args.filter.as_deref().map(suite::Filter::read).transpose();
    let filter = filter.map_err(|error| Failure::usage(error.to_string()))?;
    let default = [PathBuf::from("scenarios")];
    let paths = if args.paths.is_empty() { &default[..] } else { &args.paths[..] };
    let mut all = suite::find_all(paths, Path::new("")).map_err(Failure::Problems)?;
    if let Some(filter) = &filter {
        all.retain(|test| filter.fits(test));
    }
    if all.is_empty() {
        return Err(Failure::usage("no scenario fits"));
    }
    let mut names = std::collections::BTreeSet::new();
    for test in &all {
        if !names.insert(test.checked.file.name.as_str()) {
            let name = &test.checked.file.name;
            return Err(Failure::usage(format!("two scenarios are called {name:?}")));
        }
    }
    Ok(all.into_iter().map(|test| test.checked).collect())
}

fn run_side(
    args: &Compare,
    scenarios: &[Checked],
    policy: &Policy,
    terminal: Terminal,
) -> Result<Vec<Sample>, Failure> {
    let progress = Progress::new(terminal, "trials");
    let told = |done: usize, total: usize, name: &str| progress.set(done, total, name);
    let side = compare::run_side(scenarios, Some(policy), 0, args.seeds, args.jobs, &told);
    progress.finish();
    side.map_err(|failures| broken(&failures))
}

fn broken(failures: &[CaseFailure]) -> Failure {
    let line = |f: &CaseFailure| format!("{} seed {}: {}", f.name, f.seed, f.problems.join("; "));
    let text = failures.iter().map(line).collect::<Vec<_>>().join("\n  ");
    if failures.iter().any(|f| f.broken) { Failure::Broken(text) } else { Failure::Usage(text) }
}

fn self_check(args: &Compare, times: u64, terminal: Terminal) -> Result<u8, Failure> {
    let Side::Policy(policy) = side(&args.base)? else {
        return Err(Failure::usage("--self-check needs a policy"));
    };
    // Without a head, what stands in its place is the first path.
    let mut paths: Vec<PathBuf> = args.head.iter().cloned().collect();
    paths.extend(args.paths.iter().cloned());
    let args = &Compare {
        paths,
        base: args.base.clone(),
        head: None,
        filter: args.filter.clone(),
        max_regression: Vec::new(),
        ..*args
    };
    let scenarios = scenarios(args)?;
    let progress = Progress::new(terminal, "comparisons");
    let told = |done: usize, total: usize, name: &str| progress.set(done, total, name);
    let found = compare::calibrate(&scenarios, Some(&policy), times, args.seeds, args.alpha, &told);
    progress.finish();
    let found = found.map_err(|failures| broken(&failures))?;
    let share = |hits: u64, n: u64| {
        let span = crate::stats::interval::wilson(hits, n, 0.95);
        span.map_or("–".to_owned(), |span| {
            let percent = |x: f64| x * 100.0;
            format!(
                "{:.1} % [{:.1}, {:.1}]",
                percent(hits as f64 / n as f64),
                percent(span.low),
                percent(span.high)
            )
        })
    };
    let text = match args.format {
        Format::Json => json!({ "self_check": found, "alpha": args.alpha }).to_string(),
        Format::Text => format!(
            "{times} comparisons of {} with itself on different seeds ({} scenarios, {} seeds a \
             side), level {:.0} %\n  a difference claimed after Holm's correction: {} of {}, {}\n  \
             single questions below the level before it: {} of {}, {}",
            policy.name,
            scenarios.len(),
            args.seeds,
            args.alpha * 100.0,
            found.claimed,
            found.comparisons,
            share(found.claimed, found.comparisons),
            found.below,
            found.questions,
            share(found.below, found.questions),
        ),
    };
    terminal.print(&text)?;
    Ok(exit_code::DONE)
}
