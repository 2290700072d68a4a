//! What `run` prints and writes.

use std::path::PathBuf;

use super::super::exit_code;
use super::super::failure::{Failure, count};
use super::super::staging::{MARKER, Staging};
use super::super::terminal::Terminal;
use super::Format;
use crate::campaign::{CaseFailure, RunDocument, results};
use crate::report;
use crate::trial::Trial;

/// The report of one trial, complete or not there.
pub(in crate::cli) fn report(
    staging: Option<Staging>,
    trial: &Trial,
    document: &RunDocument,
) -> Result<Vec<PathBuf>, Failure> {
    let Some(staging) = staging else { return Ok(Vec::new()) };
    report::write_reports(staging.path(), trial, document)
        .map_err(|error| Failure::usage(error.to_string()))?;
    finish(staging, document)
}

/// The tables of many trials, complete or not there.
pub(super) fn tables(
    staging: Option<Staging>,
    document: &RunDocument,
) -> Result<Vec<PathBuf>, Failure> {
    let Some(staging) = staging else { return Ok(Vec::new()) };
    report::write_dataset(staging.path(), document)
        .map_err(|error| Failure::usage(error.to_string()))?;
    finish(staging, document)
}

fn finish(staging: Staging, document: &RunDocument) -> Result<Vec<PathBuf>, Failure> {
    let folder = staging.path();
    let file = folder.join(MARKER);
    std::fs::write(&file, json(document))
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", file.display())))?;
    results::write(&results::rows(document), &folder.join("results.parquet"))
        .map_err(|error| Failure::usage(error.to_string()))?;
    let target = staging.finish()?;
    let entries = std::fs::read_dir(&target).map_err(|e| Failure::usage(e.to_string()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// Prints the result in the wanted form.
pub(super) fn print(
    format: Format,
    trials: &[Trial],
    document: &RunDocument,
    files: &[PathBuf],
    terminal: Terminal,
) -> Result<(), Failure> {
    files.iter().for_each(|file| terminal.detail(&format!("wrote {}", file.display())));
    let text = match format {
        Format::Json => {
            told(files).iter().for_each(|line| terminal.note(line));
            json(document)
        }
        Format::Text => text(trials, document, files, terminal),
    };
    Ok(terminal.print(&text)?)
}

fn text(trials: &[Trial], document: &RunDocument, files: &[PathBuf], terminal: Terminal) -> String {
    let mut text = match trials {
        [trial] => report::terminal::story(trial, document, terminal.color),
        _ => report::terminal::dataset_table(document),
    };
    text += &expectations(document);
    if trials.len() > 1 {
        text += &breakdown(document);
    }
    if let Some(line) = told(files) {
        text += &format!("\n{line}\n");
    }
    text
}

/// Where the report is.
fn told(files: &[PathBuf]) -> Option<String> {
    let folder = files.first()?.parent()?;
    Some(format!("Report: {} ({})", folder.display(), count(files.len(), "file")))
}

fn expectations(document: &RunDocument) -> String {
    let mut text = String::new();
    for trial in &document.trials {
        for judged in &trial.expectations {
            let word = if judged.met { "met" } else { "NOT MET" };
            let seed = trial.seed;
            text +=
                &format!("  {word:<8}{} (saw {}; seed {seed})\n", judged.expectation, judged.saw);
        }
    }
    if text.is_empty() { text } else { format!("\nExpectations\n{text}") }
}

#[cfg(feature = "analysis")]
fn breakdown(document: &RunDocument) -> String {
    use comfy_table::{Table, presets};

    use crate::campaign::analysis::{By, breakdown};

    let rows = results::rows(document);
    let share = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.2}"));
    let mut text = String::new();
    for (title, by) in [("By cause", By::Cause), ("By root cause", By::Entity)] {
        let groups = breakdown(&rows, by);
        if groups.is_empty() {
            continue;
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_header(["", "n", "AC@1", "cause", "confidence"]);
        for group in groups {
            let [ac_1, cause, sure] =
                [group.ac_1, group.cause_accuracy, group.confidence].map(share);
            table.add_row([group.key, group.n.to_string(), ac_1, cause, sure]);
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        text += &format!("\n{title}\n{}\n", lines.join("\n"));
    }
    text
}

#[cfg(not(feature = "analysis"))]
fn breakdown(_: &RunDocument) -> String {
    String::new()
}

fn json(document: &RunDocument) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("plain data serialises");
    text.push('\n');
    text
}

/// Says which cases could not be run.
pub(super) fn failures(failures: &[CaseFailure], terminal: Terminal) {
    for failure in failures {
        terminal.error(&format!("error: {}: {}", failure.name, failure.problems.join("; ")));
    }
}

/// How the run ended, but for expectations: a bug of ours outweighs bad input.
pub(super) fn exit_code(failures: &[CaseFailure]) -> u8 {
    match failures {
        [] => exit_code::DONE,
        some if some.iter().any(|failure| failure.broken) => exit_code::BROKEN,
        _ => exit_code::BAD_INPUT,
    }
}

/// No case could be run.
pub(super) fn nothing_ran(failures: &[CaseFailure]) -> Failure {
    let mut lines = vec!["nothing could be run".to_owned()];
    for failure in failures {
        lines.push(format!("  {}: {}", failure.name, failure.problems.join("; ")));
    }
    let text = lines.join("\n");
    let broken = exit_code(failures) == exit_code::BROKEN;
    if broken { Failure::Broken(text) } else { Failure::Usage(text) }
}
