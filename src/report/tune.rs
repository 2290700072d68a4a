//! What a tuning or a calibration says, for terminals, pull requests, spreadsheets and browsers.
//!
//! In: `Tuned` or `Calibrated`. Out: text, Markdown, CSV, and with the rows a folder `reports/tune`
//! with a page, the document and Parquet. All of them show the same tables. Absent is a dash.

mod tables;

use std::path::{Path, PathBuf};

use comfy_table::{Table, presets};

pub(super) use self::tables::Grid as Shown;
use self::tables::{Grid, beliefs, cases, groups, settings, transfers};
use super::{ReportError, html, make, write_text};
use crate::campaign::calibrate::Calibrated;
use crate::campaign::sweep::plan::Plan;
use crate::campaign::sweep::row::Row;
use crate::campaign::sweep::table;
use crate::campaign::tune::Tuned;

/// Settings shown to a person; the files hold all.
const SHOWN: usize = 24;

/// The tuning for a terminal.
#[must_use]
pub fn tune_text(tuned: &Tuned) -> String {
    let mut out = format!("{}\n", headline(tuned));
    for (title, grid) in sections(tuned) {
        out += &format!("\n{title}\n{}\n", plain(&grid));
    }
    for line in facts(tuned).iter().chain(&tuned.notes) {
        out += &format!("\n{line}");
    }
    out + "\n"
}

/// The tuning as Markdown.
#[must_use]
pub fn tune_markdown(tuned: &Tuned) -> String {
    let mut out = format!("### {}\n", headline(tuned));
    for (title, grid) in sections(tuned) {
        out += &format!("\n**{title}**\n\n{}", markdown(&grid));
    }
    out += "\n";
    for line in facts(tuned).iter().chain(&tuned.notes) {
        out += &format!("- {line}\n");
    }
    out
}

/// Every setting with every number, for a spreadsheet.
#[must_use]
pub fn tune_csv(tuned: &Tuned) -> String {
    let grid = tables::csv(tuned);
    let quoted = |cell: &String| {
        let special = cell.contains([',', '"', '\n']);
        if special { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
    };
    let line = |cells: &Vec<String>| cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\n";
    line(&grid.head) + &grid.rows.iter().map(line).collect::<String>()
}

/// The calibration for a terminal.
#[must_use]
pub fn calibration_text(found: &Calibrated) -> String {
    let map = &found.calibration;
    let mut out = format!(
        "{} calibration of {} answers from {} groups of scenario and fault; shapes by Brier score \
         on unseen answers: {}\n",
        map.shape,
        map.answers,
        map.groups,
        found
            .unseen_brier
            .iter()
            .map(|(s, b)| format!("{s} {b:.4}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let grid = beliefs(&[("raw", &found.before), ("calibrated, unseen", &found.after)]);
    out += &format!("\nCan it be believed?\n{}\n", plain(&grid));
    for (title, belief) in [("raw", &found.before), ("calibrated, unseen", &found.after)] {
        out += &format!("\nReliability, {title}\n{}\n", plain(&tables::bins(belief)));
    }
    if let (Some(before), Some(after)) = (found.before.all.brier, found.after.all.brier)
        && after >= before
    {
        out += &format!(
            "\nOn faults that the fit did not see it does not help: Brier {before:.3} raw, \
             {after:.3} calibrated.\n"
        );
    }
    out + "\nwhat a raw confidence is worth: "
        + &[0.3, 0.5, 0.7, 0.85, 0.95]
            .map(|raw| format!("{raw} is {:.2}", map.apply(raw)))
            .join(", ")
        + "\n"
}

/// Writes page, document, tables and rows into a folder.
///
/// # Errors
/// If a file cannot be written; the folder may then hold some of them.
pub fn write_tune(
    dir: &Path,
    tuned: &Tuned,
    plan: &Plan,
    rows: &[Row],
) -> Result<Vec<PathBuf>, ReportError> {
    make(dir)?;
    let mut files = Vec::new();
    for (name, text) in [
        ("index.html", html::tune(tuned)),
        ("report.md", tune_markdown(tuned)),
        ("settings.csv", tune_csv(tuned)),
        ("result.json", serde_json::to_string_pretty(tuned)? + "\n"),
    ] {
        let path = dir.join(name);
        write_text(&path, &text)?;
        files.push(path);
    }
    let path = dir.join("trials.parquet");
    let bytes = table::encode(plan, &tuned.sweep, rows)
        .map_err(|problem| ReportError::Draw { path: path.clone(), problem })?;
    std::fs::write(&path, bytes).map_err(|source| ReportError::write(&path, source))?;
    files.push(path);
    Ok(files)
}

/// The recommendation, or why there is none.
#[must_use]
pub(super) fn headline(tuned: &Tuned) -> String {
    match (&tuned.recommendation, tuned.notes.last()) {
        (Some(found), _) => found.reason.clone(),
        (None, Some(why)) if tuned.promise.is_some() => why.clone(),
        _ => "Nothing can be recommended: no setting has a known cost.".to_owned(),
    }
}

/// The tables with their titles.
#[must_use]
pub(super) fn sections(tuned: &Tuned) -> Vec<(String, Grid)> {
    let mut all = vec![
        (
            "Settings (* recommended, = today, + on the Pareto front)".to_owned(),
            settings(tuned, SHOWN),
        ),
        ("By cause, at the recommended setting".to_owned(), groups(tuned, &tuned.by_cause)),
        ("By first remedy".to_owned(), groups(tuned, &tuned.by_remedy)),
        ("Can the confidence be believed?".to_owned(), beliefs(&[("today", &tuned.belief)])),
    ];
    if let Some(held) = &tuned.held_out {
        let n = held.scenarios.len();
        all.push((format!("On {n} scenarios that the choice did not see"), cases(tuned, held)));
    }
    if !tuned.transfer.is_empty() {
        let title = "On recordings, in open loop: no effect is claimed".to_owned();
        all.push((title, transfers(&tuned.transfer)));
    }
    all
}

/// What it rests on, in lines.
#[must_use]
pub(super) fn facts(tuned: &Tuned) -> Vec<String> {
    let basis = &tuned.basis;
    let kinds: Vec<String> = basis.kinds.iter().map(|(k, n)| format!("{k} {n}")).collect();
    let mut lines = vec![
        format!(
            "Rests on {} scenarios x {} seeds; {} trials, {} run, {} failed; corpus {}, sweep {}, \
             policy {}, windtunnel {}.",
            basis.scenarios,
            basis.seeds,
            basis.trials,
            basis.ran,
            basis.failed,
            tuned.corpus,
            tuned.sweep,
            tuned.policy,
            tuned.windtunnel
        ),
        format!("Scenarios by kinds of faults: {}.", kinds.join(", ")),
    ];
    if let Some(given) = &tuned.promise {
        let kept = given.kept.iter().filter(|kept| **kept).count();
        lines.push(format!(
            "Promise {}: {kept} of {} settings keep it on {} scenarios (fixed sequence from the \
             highest floor down).",
            given.promise,
            given.kept.len(),
            given.units
        ));
    }
    if let Some(found) = &tuned.recommendation {
        let own: Vec<String> = found.per_cause.iter().map(|(c, f)| format!("{c} {f}")).collect();
        let own = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        lines.push(format!("Floors of single causes above it: {own}."));
        let alike = found.alike.len();
        if alike > 1 {
            lines.push(format!("{alike} settings come to the very same on this corpus."));
        }
    }
    lines
}

fn plain(grid: &Grid) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(&grid.head);
    grid.rows.iter().for_each(|row| {
        table.add_row(row);
    });
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn markdown(grid: &Grid) -> String {
    let line = |cells: &[String]| {
        let safe: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", safe.join(" | "))
    };
    let rule: Vec<String> = grid.head.iter().map(|_| "---".to_owned()).collect();
    line(&grid.head) + &line(&rule) + &grid.rows.iter().map(|row| line(row)).collect::<String>()
}
