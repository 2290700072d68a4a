//! A test run on a terminal: a line a test, and what a failure needs to be understood.
//!
//! In: what is told of each test. Out: text of at most `WIDTH` columns, coloured only if asked.

use super::{Counts, Told};
use crate::campaign::suite::{Blame, Outcome, Status};
use crate::report::format;
use crate::report::terminal::{Colour, WIDTH, wrap};

/// Width of the labels of a failure.
const LABEL: usize = 10;

/// The line of a test, and below it why it failed.
#[must_use]
pub fn line(told: &Told, verbose: bool, colour: Colour) -> String {
    let (word, code) = word(told.outcome.status);
    let word = match colour {
        Colour::Never => format!("{word:<7}"),
        Colour::Always => format!("\u{1b}[{code}m{word:<7}\u{1b}[0m"),
    };
    let mut text = format!("{word} {}", told.outcome.id);
    if let Some(headline) = &told.headline {
        text += &format!(": {headline}");
    }
    text.push('\n');
    let failed = !matches!(told.outcome.status, Status::Passed | Status::NotRun);
    if failed {
        for (label, lines) in rows(told) {
            text += &row(&label, &lines);
        }
    } else {
        text += &notes(&told.outcome, verbose);
    }
    text
}

fn notes(outcome: &Outcome, verbose: bool) -> String {
    let mut text = String::new();
    if let Some(golden) = outcome.golden.as_ref().filter(|golden| golden.blessed) {
        text += &row("blessed", std::slice::from_ref(&golden.file));
    }
    if verbose {
        for judged in &outcome.expectations {
            text += &row("met", &[format!("{} (saw {})", judged.expectation, judged.saw)]);
        }
    }
    text
}

/// What is told of a failure: label and lines.
#[must_use]
pub fn rows(told: &Told) -> Vec<(String, Vec<String>)> {
    let outcome = &told.outcome;
    let mut rows = Vec::new();
    let mut say = |label: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            rows.push((label.to_owned(), lines));
        }
    };
    say("problem", outcome.problems.clone());
    for judged in outcome.failures() {
        say("expected", vec![judged.expectation.clone()]);
        say("happened", vec![judged.saw.clone()]);
    }
    say("stage", outcome.blame.iter().map(blamed).collect());
    say("policy", outcome.policy_changes.clone());
    if let Some(golden) = &outcome.golden
        && let Some(summary) = &golden.summary
    {
        say("golden", vec![summary.clone()]);
        let more = golden.differences.len().saturating_sub(6);
        let mut lines: Vec<String> = golden.differences.iter().take(6).cloned().collect();
        if more > 0 {
            lines.push(format!("… {more} more"));
        }
        say("differs", lines);
        say("from", vec![format!("{} (--bless accepts what is new)", golden.file)]);
    }
    say("story", told.story.clone());
    say("again", vec![told.again.clone()]);
    say("report", told.report.iter().cloned().collect());
    rows
}

fn blamed(blame: &Blame) -> String {
    let at = blame.at.map(|at| format!(" at {}", format::clock(at))).unwrap_or_default();
    format!("{}{at}: {}", blame.stage, format::stamps(&blame.what, false))
}

fn row(label: &str, lines: &[String]) -> String {
    let margin = 8 + LABEL;
    let mut text = String::new();
    let (label_of, mut label) = (label, label);
    for line in lines {
        // A command or a path is copied: it is never broken.
        let parts = match label_of {
            "again" | "report" | "from" => vec![line.clone()],
            // Columns stay columns.
            "story" | "differs" => vec![format::cut(line, WIDTH - margin)],
            _ => wrap(line, WIDTH - margin),
        };
        for (index, part) in parts.iter().enumerate() {
            let indent = if index == 0 { "" } else { "  " };
            text += &format!("{:8}{label:<LABEL$}{indent}{part}\n", "");
            label = "";
        }
    }
    text
}

/// How many tests ended in each way.
#[must_use]
pub fn summary(outcomes: &[Outcome], colour: Colour) -> String {
    let counts = Counts::of(outcomes);
    let tests = format::count(counts.tests, "test");
    let mut parts = vec![format!("{} passed", counts.passed)];
    for (count, word) in
        [(counts.failed, "failed"), (counts.broken, "broken"), (counts.not_run, "not run")]
    {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let trials = format::count(usize::try_from(counts.trials).unwrap_or(usize::MAX), "trial");
    let text = format!("{tests}: {} ({trials})", parts.join(", "));
    let code = if counts.failed + counts.broken > 0 { "31" } else { "32" };
    match colour {
        Colour::Never => format!("{text}\n"),
        Colour::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m\n"),
    }
}

/// The word for a status, and its colour.
const fn word(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Passed => ("PASS", "32"),
        Status::Failed => ("FAIL", "31"),
        Status::TimedOut => ("TIMEOUT", "31"),
        Status::Unusable => ("ERROR", "31"),
        Status::Broken => ("BROKEN", "31;1"),
        Status::NotRun => ("SKIP", "33"),
    }
}
