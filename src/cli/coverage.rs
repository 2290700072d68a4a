//! `windtunnel coverage DIR...`: every family of faults, its faults, scenarios, and what they show.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit_code;
use super::failure::Failure;
use super::progress::Progress;
use super::terminal::Terminal;
use crate::campaign::coverage::{Row, coverage};
use crate::campaign::suite;
use crate::scenario::Checked;

/// What to look through.
#[derive(Debug, Args)]
pub(super) struct Coverage {
    /// Scenario files, or directories of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Scenarios at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Markdown)]
    format: Format,
}

/// What `coverage` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for a person or a document.
    Markdown,
    /// One JSON array of rows.
    Json,
}

/// Runs one scenario of each fault unattended and prints the table.
///
/// # Errors
/// If a scenario cannot be read.
pub(super) fn run(args: &Coverage, terminal: Terminal) -> Result<u8, Failure> {
    let found = suite::find_all(&args.paths, Path::new("")).map_err(Failure::Problems)?;
    let corpus: Vec<Checked> = found.into_iter().map(|test| test.checked).collect();
    let progress = Progress::new(terminal, "faults");
    let rows = coverage(&corpus, args.jobs, &|done, total, name| progress.set(done, total, name));
    progress.finish();
    match args.format {
        Format::Json => terminal.print(
            &serde_json::to_string_pretty(&rows)
                .map_err(|error| Failure::usage(error.to_string()))?,
        )?,
        Format::Markdown => terminal.print(&table(&rows))?,
    }
    let bare: Vec<&str> =
        rows.iter().filter(|row| row.scenario.is_none()).map(|row| row.fault).collect();
    if !bare.is_empty() {
        terminal.note(&format!("no scenario has: {}", bare.join(", ")));
    }
    Ok(exit_code::DONE)
}

fn table(rows: &[Row]) -> String {
    let mut text = "| family | maps to | fault | scenario | what the fleet showed, unattended |\n\
                    |---|---|---|---|---|\n"
        .to_owned();
    let mut last = "";
    for row in rows {
        let family = if row.family == last { "" } else { row.family };
        let maps_to = if row.family == last { "" } else { row.maps_to };
        last = row.family;
        let scenario = row.scenario.as_deref().unwrap_or("–");
        let shown = row.shown.as_deref().unwrap_or("–");
        let fault = row.fault;
        text += &format!("| {family} | {maps_to} | `{fault}` | {scenario} | {shown} |\n");
    }
    text
}
