//! The story on a terminal: time order, hypotheses, stages, scorecard, violations, files.
//!
//! In: a `Story`. Out: text of at most `WIDTH` columns, coloured only if asked. Times are relative
//! to the first fault (or the first incident) and as UTC clock. Known limit: wide characters count
//! as one column.

mod dataset;
mod table;

pub use dataset::dataset;
pub(super) use table::columns;

use std::path::Path;

use super::story::{self, Case, Doing, Story, Tone, stage_name};
use serde::Serialize;

use super::summary::Summary;
use super::{format, write_text};
use crate::catalog::{self, Entry};
use crate::trial::Trial;

/// What the catalog says of it.
pub(super) const ENTRY: Entry<super::catalog::Build> = Entry {
    kind: "terminal",
    summary: "the story as plain text, 100 columns wide",
    help: "What the terminal shows, in report.txt: the story in time order, hypotheses with their \
           evidence, actions, stages, scorecard beside chance and safety violations.",
    source: "this crate",
    example: "terminal",
    schema: catalog::schema_of::<()>,
    build: |material, dir| {
        let path = dir.join("report.txt");
        write_text(&path, &trial(material.story, &[], Colour::Never))?;
        Ok(vec![path])
    },
};

/// Columns used.
pub const WIDTH: usize = 100;

/// Most lines of one entry.
const LINES: usize = 3;

/// Whether colour is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Never,
    /// ANSI colours.
    Always,
}

/// The whole report of a finished trial.
#[must_use]
pub fn story(finished: &Trial, document: &impl Serialize, colour: bool) -> String {
    let colour = if colour { Colour::Always } else { Colour::Never };
    match super::story_of(finished, document) {
        Ok(story) => trial(&story, &[], colour),
        Err(error) => format!("{error}\n"),
    }
}

/// The whole report of many trials, from the run's document.
#[must_use]
pub fn dataset_table(document: &impl Serialize) -> String {
    match serde_json::to_value(document) {
        Ok(document) => dataset(&Summary::read(&document)),
        Err(error) => format!("{error}\n"),
    }
}

/// The whole report of one trial, with the files that were written.
#[must_use]
pub fn trial(story: &Story, files: &[&Path], colour: Colour) -> String {
    let mut out = Page { text: String::new(), colour };
    head(&mut out, story);
    timeline(&mut out, story);
    if let Some(case) = story.main_case() {
        hypotheses(&mut out, case);
        actions(&mut out, case);
        stages(&mut out, story, case);
    }
    others(&mut out, story);
    scores(&mut out, story);
    twins(&mut out, story);
    if !files.is_empty() {
        out.heading("Files");
        for file in files {
            out.line(&format!("  {}", file.display()));
        }
    }
    out.text
}

fn twins(out: &mut Page, story: &Story) {
    let Some(twins) = &story.twins else { return };
    out.heading("Twins: the same seed with and without");
    for line in columns(&super::twins::RUNS, &super::twins::runs(twins), &[0]) {
        out.line(&line);
    }
    if !twins.actions.is_empty() {
        out.line("");
        for line in columns(&super::twins::ACTIONS, &super::twins::actions(twins), &[0, 1, 4]) {
            out.line(&line);
        }
    }
    out.line("");
    let mut said = vec![super::twins::sentence(twins)];
    said.extend(super::twins::remarks(twins));
    for text in said {
        for line in table::wrap(&text, WIDTH - 2) {
            out.line(&format!("  {line}"));
        }
    }
}

struct Page {
    text: String,
    colour: Colour,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let bold = self.paint(text, "1");
        self.text.push('\n');
        self.line(&bold);
    }

    fn paint(&self, text: &str, code: &str) -> String {
        match self.colour {
            Colour::Never => text.to_owned(),
            Colour::Always => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }

    fn tone(&self, text: &str, tone: Tone) -> String {
        match tone {
            Tone::Bad => self.paint(text, "31"),
            Tone::Warn => self.paint(text, "33"),
            Tone::Good => self.paint(text, "32"),
            Tone::Plain => text.to_owned(),
        }
    }
}

fn head(out: &mut Page, story: &Story) {
    let title = out.paint(&story.title, "1");
    let room = WIDTH.saturating_sub(story.title.chars().count() + 2).max(40);
    let mut lines = table::wrap(&story.headline.text, room).into_iter();
    let first = lines.next().unwrap_or_default();
    out.line(&format!("{title}: {}", out.tone(&first, story.headline.tone)));
    for line in lines {
        out.line(&format!("  {}", out.tone(&line, story.headline.tone)));
    }
    for line in table::wrap(&story.headline.note, WIDTH) {
        out.line(&line);
    }
    let facts: Vec<String> = story.facts.iter().map(|(k, v)| format!("{k} {v}")).collect();
    for line in table::wrap(&facts.join(" · "), WIDTH) {
        out.line(&line);
    }
}

fn timeline(out: &mut Page, story: &Story) {
    out.heading("Story (offset from the first fault or incident, UTC clock)");
    for entry in &story.entries {
        let (first, rest) = entry_lines(entry, story);
        out.line(&out.tone(&first, entry.tone));
        for line in rest {
            out.line(&out.tone(&line, entry.tone));
        }
    }
    if story.entries.is_empty() {
        out.line("  nothing happened");
    }
}

fn entry_lines(entry: &story::Entry, story: &Story) -> (String, Vec<String>) {
    let offset = format::offset(entry.time, story.origin);
    let head = format!("{offset:>9}  {}  {:<9}  ", format::clock(entry.time), entry.lane.label());
    let margin = head.chars().count();
    let mut lines = table::wrap(&entry.text, WIDTH - margin);
    if lines.len() > LINES {
        lines.truncate(LINES);
        let last = lines[LINES - 1].clone();
        lines[LINES - 1] = format::cut(&format!("{last} …"), WIDTH - margin);
    }
    let first = if lines.is_empty() { String::new() } else { lines.remove(0) };
    let indent = " ".repeat(margin);
    (format!("{head}{first}"), lines.into_iter().map(|l| format!("{indent}{l}")).collect())
}

fn hypotheses(out: &mut Page, case: &Case) {
    out.heading(&format!("Why: hypotheses for {}, as acted upon", case.id));
    if case.hypotheses.is_empty() {
        out.line("  no diagnosis was made");
    }
    for (rank, hypothesis) in case.worthy().take(3).enumerate() {
        let cause = format::words(hypothesis.cause.as_str());
        let confidence = hypothesis.confidence.get();
        out.line(&format!(
            "  {}. {:<24} {:<20} {:>5}  {}",
            rank + 1,
            format::cut(&hypothesis.entity, 24),
            cause,
            format::percent(confidence),
            bar(confidence, 20),
        ));
        for evidence in hypothesis.evidence.iter().take(4) {
            let text = format!("{} ({})", evidence.text, evidence.method);
            out.line(&format!("     {:+.2}  {}", evidence.weight, format::cut(&text, WIDTH - 12)));
        }
    }
}

fn bar(share: f64, width: usize) -> String {
    let full = (share.clamp(0.0, 1.0) * width as f64).round() as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(width - full))
}

fn actions(out: &mut Page, case: &Case) {
    if case.actions.is_empty() {
        return;
    }
    out.heading(&format!("Actions for {}", case.id));
    let rows = case.actions.iter().map(|doing| {
        let (verdict, outcome) = said_of(doing);
        vec![format::cut(&doing.text, 44), verdict, outcome, format::cut(&doing.reason, 40)]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    for line in table::columns(&["action", "verdict", "outcome", "reason"], &rows, &[0, 1, 2, 3]) {
        out.line(&format::cut(&line, WIDTH));
    }
}

/// The verdict and the outcome of an action in a word each.
pub(super) fn said_of(doing: &Doing) -> (String, String) {
    use crate::model::{OutcomeStatus, Ruling};
    let verdict = match doing.ruling {
        Some(Ruling::Allow) => "allow",
        Some(Ruling::DryRun) => "dry run",
        Some(Ruling::Recommend) => "recommend",
        Some(Ruling::NeedsApproval) => "needs approval",
        Some(Ruling::Deny) => "deny",
        None => format::ABSENT,
    };
    let outcome = match doing.outcome {
        Some(OutcomeStatus::Started) => "under way",
        Some(OutcomeStatus::Applied) if doing.healed == Some(true) => "applied, worked",
        Some(OutcomeStatus::Applied) if doing.healed == Some(false) => "applied, no help",
        Some(OutcomeStatus::Applied) => "applied",
        Some(OutcomeStatus::Partial) => "in part",
        Some(OutcomeStatus::Failed) => "failed",
        Some(OutcomeStatus::NotApplicable) => "not applicable",
        Some(OutcomeStatus::Unknown) => "effect unknown",
        None if doing.acted.is_none() => "not done",
        None => format::ABSENT,
    };
    (verdict.to_owned(), outcome.to_owned())
}

fn stages(out: &mut Page, story: &Story, case: &Case) {
    out.heading(&format!("Stages of {}", case.id));
    let rows = case.stages.iter().map(|stage| {
        let at = stage.at.map_or(format::ABSENT.to_owned(), format::clock);
        let offset = stage.at.map(|t| format::offset(t, story.origin));
        let offset = offset.unwrap_or_else(|| format::ABSENT.to_owned());
        let took = format::short_or_absent(stage.took);
        vec![stage_name(stage.stage).to_owned(), at, offset, took]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    for line in table::columns(&["stage", "clock", "offset", "took"], &rows, &[0]) {
        out.line(&line);
    }
}

fn others(out: &mut Page, story: &Story) {
    let rest = story.cases.iter().skip(1);
    if rest.len() == 0 {
        return;
    }
    out.heading("Further incidents (more in the HTML report)");
    for case in rest.take(8) {
        let opened = format::offset(case.opened, story.origin);
        let signals = format::count(case.signals, "signal");
        let top = case.top().map(|h| {
            let cause = format::words(h.cause.as_str());
            format!(", blames {} ({cause}, {})", h.entity, format::percent(h.confidence.get()))
        });
        let done: Vec<&str> = case.actions.iter().map(|d| d.text.as_str()).collect();
        let done = if done.is_empty() { "no plan".to_owned() } else { done.join(", ") };
        let top = top.unwrap_or_default();
        let text = format!("  {} at {opened}: {signals}{top}; {done}", case.id);
        out.line(&format::cut(&text, WIDTH));
    }
    if story.cases.len() > 9 {
        out.line(&format!("  and {} more", story.cases.len() - 9));
    }
}

fn scores(out: &mut Page, story: &Story) {
    out.heading("Scorecard");
    if story.scores.is_empty() {
        out.line("  nothing is scored");
        return;
    }
    for line in score_table(&story.scores) {
        out.line(&line);
    }
    let violations = match story.violations.is_empty() {
        true => out.tone("safety violations: none", Tone::Good),
        false => {
            let kinds = story.violations.iter();
            let kinds = kinds.map(|(k, n)| format!("{} ×{n}", format::words(k)));
            let text = format!("safety violations: {}", kinds.collect::<Vec<_>>().join(", "));
            out.tone(&text, Tone::Bad)
        }
    };
    out.line(&violations);
}

/// The scorecard's rows as aligned lines; those without a value are counted, not shown.
pub(super) fn score_table(scores: &[super::scores::ScoreRow]) -> Vec<String> {
    let (known, absent): (Vec<_>, Vec<_>) =
        scores.iter().filter(|r| r.name != "violations").partition(|r| r.value.is_some());
    let rows = known.into_iter().map(|row| {
        vec![
            row.section.clone(),
            row.label(),
            row.shown(),
            row.by_chance(),
            row.cases(),
            row.interval(),
            format::cut(&row.rest(), 24),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let head = ["section", "measure", "value", "chance", "n", "interval", ""];
    let lines = table::columns(&head, &rows, &[0, 1, 6]);
    let mut lines: Vec<String> = lines.into_iter().map(|line| format::cut(&line, WIDTH)).collect();
    if !absent.is_empty() {
        let rows = format::count(absent.len(), "measure");
        lines.push(format!("  {rows} without a value here: see the HTML report"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_0247_story_reads_in_time_order() {
        let text =
            trial(&fixture::leak().story(), &[Path::new("reports/a/report.html")], Colour::Never);
        assert!(text.lines().all(|l| l.chars().count() <= WIDTH), "{text}");
        insta::assert_snapshot!(text);
    }

    #[test]
    fn open_loop_claims_no_recovery() {
        let mut fixture = fixture::leak();
        fixture.mode = crate::trial::Mode::OpenLoop;
        fixture.healed = false;
        let text = trial(&fixture.story(), &[], Colour::Never);
        assert!(text.contains("would have done: rollback api-server"), "{text}");
        assert!(!text.contains("healed by"), "{text}");
    }

    #[test]
    fn colour_comes_only_if_asked() {
        let story = fixture::leak().story();
        assert!(!trial(&story, &[], Colour::Never).contains('\u{1b}'));
        assert!(trial(&story, &[], Colour::Always).contains("\u{1b}[32m"));
    }
}
