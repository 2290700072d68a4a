//! `windtunnel score --answers FILE DATASET`: ranked root causes produced elsewhere, scored.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use comfy_table::{Table, presets};

use super::exit_code;
use super::failure::{Failure, count};
use super::terminal::Terminal;
use crate::campaign::answers::{AnswersDocument, ScoredAnswer, score_file};
use crate::report::scores::{ScoreRow, rows};
use crate::scenario::of_timeline;
use crate::timeline::Dataset;

/// What to score.
#[derive(Debug, Args)]
pub(super) struct Score {
    /// The directory of a dataset with labels.
    dataset: PathBuf,
    /// JSON lines: {"case": "x", "ranked": ["cart", {"entity": "web", "cause": "bad_deploy"}]}.
    #[arg(long, value_name = "FILE")]
    answers: PathBuf,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What `score` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person.
    Text,
    /// One JSON document; `windtunnel schema answers` describes it.
    Json,
}

/// Scores a file of answers.
///
/// # Errors
/// If the dataset or the file cannot be used.
pub(super) fn run(args: &Score, terminal: Terminal) -> Result<u8, Failure> {
    let dataset =
        Dataset::open(&args.dataset).map_err(|all| Failure::Problems(of_timeline(&all)))?;
    let document = score_file(&args.answers, &dataset).map_err(Failure::Problems)?;
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&document).expect("plain data serialises"),
        Format::Text => text(&document),
    };
    terminal.print(&text)?;
    Ok(exit_code::DONE)
}

fn text(document: &AnswersDocument) -> String {
    let incidents = count(document.incidents.len(), "labelled incident");
    let mut text = format!("{}: {incidents}", document.dataset);
    match document.missing.as_slice() {
        [] => text += ", all answered",
        missing => text += &format!(", {} without an answer (a miss each)", missing.len()),
    }
    if !document.unlabelled.is_empty() {
        text += &format!("; {} without a label", count(document.unlabelled.len(), "case"));
    }
    text += &format!("\n\n{}\n", lines(&incident_table(&document.incidents)));
    let scores = serde_json::json!({ "localization": document.localization });
    text += &format!("\n{}\n", lines(&score_table(&rows(&scores))));
    text
}

fn incident_table(incidents: &[ScoredAnswer]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["case", "root cause", "answered", "rank"]);
    for incident in incidents {
        let roots: Vec<&str> = incident.root_causes.iter().map(|name| name.as_str()).collect();
        let rank = |rank: &Option<u64>| rank.map_or("–".to_owned(), |rank| rank.to_string());
        let ranks: Vec<String> = incident.found.ranks.iter().map(rank).collect();
        let first = incident.answered_first.as_ref().map_or("–", |name| name.as_str());
        table.add_row([incident.case.as_str(), &roots.join(", "), first, &ranks.join(", ")]);
    }
    table
}

fn score_table(rows: &[ScoreRow]) -> Table {
    let number = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.3}"));
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(["measure", "value", "chance", "n", "95 %"]);
    for row in rows.iter().filter(|row| row.name != "latest_ac@1") {
        let span = match (row.low, row.high) {
            (Some(low), Some(high)) => format!("{low:.3} … {high:.3}"),
            _ => "–".to_owned(),
        };
        let n = row.n.map_or("–".to_owned(), |n| format!("{n:.0}"));
        table.add_row([row.name.clone(), number(row.value), number(row.chance), n, span]);
    }
    table
}

fn lines(table: &Table) -> String {
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
