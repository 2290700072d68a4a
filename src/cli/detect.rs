//! `windtunnel detect PATH`: one detector over single series, row by row, and how well it did.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit_code;
use super::failure::{Failure, count};
use super::import::parameters;
use super::progress::Progress;
use super::staging::{MARKER, Staging};
use super::terminal::Terminal;
use crate::campaign::{self, Rows};
use crate::catalog::{Spec, find};
use crate::engine::detect::catalog;
use crate::import::{LabelledSeries, read_labelled};
use crate::referee::series::{Measure, Scored, SeriesReport, Value};
use crate::scenario::kinds::Shelf;

/// Which series, which detector, and what is wanted.
#[derive(Debug, Args)]
pub(super) struct Detect {
    /// A CSV file with a time and a value column, or a directory of such files.
    path: PathBuf,
    /// The detector, as `windtunnel list detector` names it.
    #[arg(long, value_name = "NAME", default_value = "rarity")]
    detector: String,
    /// A parameter of the detector; `windtunnel explain NAME` lists them.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Write `timestamp,value,anomaly_score` of each series below this directory.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Compare alerts with the labels.
    #[arg(long, value_enum)]
    score: Option<Scoring>,
    /// From this anomaly score on a row is an alert (0.5 is the detector's nominal threshold).
    #[arg(long, value_name = "SCORE", default_value_t = 0.5)]
    threshold: f64,
    /// NAB's windows (default: labels/combined_windows.json beside or above the series).
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Series at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// How the scores are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How alerts and labels are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scoring {
    /// Numenta Anomaly Benchmark, standard profile.
    Nab,
    /// F1 of labelled stretches and runs of false alerts.
    Point,
    /// F1 of range-based precision and recall.
    Range,
}

/// What `detect` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person.
    Text,
    /// One JSON document.
    Json,
}

/// Scores every series, writes and compares as asked.
///
/// # Errors
/// If a file, the detector or a parameter cannot be used, or nothing be written.
pub(super) fn run(args: &Detect, terminal: Terminal) -> Result<u8, Failure> {
    if args.out.is_none() && args.score.is_none() {
        return Err(Failure::usage("expected --out DIR, --score MEASURE or both, found neither"));
    }
    if !(0.0..=1.0).contains(&args.threshold) {
        let found = args.threshold;
        return Err(Failure::usage(format!("expected 0 to 1 for --threshold, found {found}")));
    }
    let detector = spec(args)?;
    let series = read_labelled(&args.path, args.labels.as_deref()).map_err(|flaws| {
        let lines: Vec<String> = flaws.iter().map(ToString::to_string).collect();
        Failure::usage(lines.join("\n       "))
    })?;
    let scores = score(args, &detector, &series, terminal)?;
    if scores.iter().flatten().all(|score| *score == 0.0) {
        let kind = &args.detector;
        terminal.note(&format!("note: {kind} says nothing of these series (all scores are 0)"));
    }
    let report = args.score.map(|scoring| judge(args, scoring, &series, &scores)).transpose()?;
    if let Some(target) = &args.out {
        write(target, args, &series, &scores, report.as_ref())?;
        terminal.note(&format!("{}: {}", target.display(), count(series.len(), "file")));
    }
    match (&report, args.format) {
        (Some(report), Format::Text) => terminal.print(&text(args, report))?,
        (Some(report), Format::Json) => terminal.print(&json(args, Some(report))?)?,
        (None, _) => {}
    }
    Ok(exit_code::DONE)
}

fn spec(args: &Detect) -> Result<Spec, Failure> {
    let entry = find("detector", catalog::ALL, &args.detector)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let params = parameters(&args.set, &(entry.schema)().to_value())?;
    let slips = Shelf::of("detector", catalog::ALL).check_params(&args.detector, &params);
    if !slips.is_empty() {
        return Err(Failure::usage(slips.join("\n       ")));
    }
    Ok(Spec { kind: args.detector.clone(), params })
}

fn score(
    args: &Detect,
    detector: &Spec,
    series: &[LabelledSeries],
    terminal: Terminal,
) -> Result<Vec<Vec<f64>>, Failure> {
    let names: Vec<String> = series.iter().map(|one| one.path.display().to_string()).collect();
    let rows: Vec<Rows<'_>> = series
        .iter()
        .zip(&names)
        .map(|(one, name)| Rows { name, times: &one.times, values: &one.values })
        .collect();
    let progress = Progress::new(terminal, "series");
    let told = |done: usize, total: usize, name: &str| progress.set(done, total, name);
    let scores = campaign::detect(&rows, detector, args.jobs, &told);
    progress.finish();
    scores.map_err(|error| Failure::usage(error.to_string()))
}

fn judge(
    args: &Detect,
    scoring: Scoring,
    series: &[LabelledSeries],
    scores: &[Vec<f64>],
) -> Result<SeriesReport, Failure> {
    let unlabelled: Vec<String> = series
        .iter()
        .filter(|one| one.stretches.is_none())
        .map(|one| one.path.display().to_string())
        .collect();
    if let Some(first) = unlabelled.first() {
        return Err(Failure::usage(format!(
            "expected labels for --score (a Label column, or --labels FILE), found none for {} of \
             {}, the first is {first}",
            unlabelled.len(),
            count(series.len(), "series file"),
        )));
    }
    let all: Vec<Scored> = series
        .iter()
        .zip(scores)
        .map(|(one, scores)| Scored {
            scores: scores.clone(),
            stretches: one.stretches.clone().unwrap_or_default(),
        })
        .collect();
    let measure = match scoring {
        Scoring::Nab => Measure::Nab,
        Scoring::Point => Measure::Point,
        Scoring::Range => Measure::Range,
    };
    Ok(measure.report(&all, args.threshold))
}

fn write(
    target: &Path,
    args: &Detect,
    series: &[LabelledSeries],
    scores: &[Vec<f64>],
    report: Option<&SeriesReport>,
) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        Failure::usage(format!("cannot write {}: {error}", path.display()))
    };
    let staging = Staging::begin(target)?;
    for (one, scores) in series.iter().zip(scores) {
        let path = staging.path().join(&one.path).with_extension("csv");
        let folder = path.parent().unwrap_or(staging.path());
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let mut text = String::from("timestamp,value,anomaly_score\n");
        for ((time, value), score) in one.texts.iter().zip(scores) {
            text += &format!("{time},{value},{score:.6}\n");
        }
        std::fs::write(&path, text).map_err(|error| failed(&path, error))?;
    }
    let marker = staging.path().join(MARKER);
    std::fs::write(&marker, json(args, report)?).map_err(|error| failed(&marker, error))?;
    staging.finish()?;
    Ok(())
}

fn json(args: &Detect, report: Option<&SeriesReport>) -> Result<String, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let document = serde_json::json!({
        "format": 1, "version": version, "detector": args.detector, "set": args.set,
        "score": report,
    });
    serde_json::to_string_pretty(&document).map_err(|error| Failure::Broken(error.to_string()))
}

fn text(args: &Detect, report: &SeriesReport) -> String {
    let measure = match report.measure {
        Measure::Nab => "NAB standard profile",
        Measure::Point => "point F1",
        Measure::Range => "range F1",
    };
    let digits = if report.measure == Measure::Nab { 1 } else { 3 };
    let number =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |v| format!("{v:.digits$}"));
    let value = |value: &Value| match (value.low, value.high) {
        (Some(low), Some(high)) => {
            format!("{} [{low:.digits$}, {high:.digits$}]", number(value.value))
        }
        _ => number(value.value),
    };
    let mut text = format!(
        "{}, {measure}: {}, {} rows, {} labelled\n",
        args.detector,
        count(report.series, "file"),
        report.rows,
        count(report.stretches, "stretch").replace("stretchs", "stretches"),
    );
    let (at, fit) = (value(&report.at_threshold), value(&report.at_fitted));
    text += &format!("  at threshold {:<8} {at}  (95 % interval over files)\n", report.threshold);
    text += &format!(
        "  best threshold {:<6.4} {fit}  (fitted on these files: in-sample)\n",
        report.fitted
    );
    let left = number(report.left_out);
    text +=
        &format!("  left-out fit          {left}  (each file at the threshold of the others)\n");
    for (name, counted) in &report.counts {
        text += &format!("  {name:<21} {}\n", (counted * 100.0).round() / 100.0);
    }
    for baseline in &report.baselines {
        let shown = number(baseline.value);
        text += &format!("  baseline {:<12} {shown}\n", baseline.name);
    }
    text
}
