//! A test run as Markdown, for a pull request or a job summary.
//!
//! The verdict first, then a table of what did not pass, then each failure folded away. Text that
//! comes from files is escaped, so that no name can break the page.

use super::{Counts, Told, junit, rows};
use crate::campaign::suite::{Outcome, Status};
use crate::report::format;

/// The page.
#[must_use]
pub fn markdown(all: &[Told]) -> String {
    let counts = Counts::of(all.iter().map(|told| &told.outcome));
    let good = counts.failed + counts.broken == 0;
    let verdict = if good { "✅" } else { "❌" };
    let mut text = format!("### {verdict} windtunnel: {}\n\n", sentence(&counts));
    let failed: Vec<&Told> = all.iter().filter(|told| !fine(&told.outcome)).collect();
    if !failed.is_empty() {
        text += "| scenario | seed | why | stage |\n|---|---:|---|---|\n";
        for told in &failed {
            let outcome = &told.outcome;
            let stage = outcome.blame.as_ref().map_or(format::ABSENT, |blame| &blame.stage);
            text += &format!(
                "| `{}` | {} | {} | {stage} |\n",
                cell(&outcome.id),
                outcome.seed,
                cell(&format::cut(&junit::first_line(told), 160)),
            );
        }
        text.push('\n');
    }
    for told in failed {
        text += &details(told);
    }
    text
}

fn fine(outcome: &Outcome) -> bool {
    matches!(outcome.status, Status::Passed | Status::NotRun)
}

fn sentence(counts: &Counts) -> String {
    let mut parts =
        vec![format!("{} of {} passed", counts.passed, format::count(counts.tests, "test"))];
    for (count, word) in
        [(counts.failed, "failed"), (counts.broken, "broken"), (counts.not_run, "not run")]
    {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.join(", ")
}

fn details(told: &Told) -> String {
    let mut text = format!("<details><summary>{}</summary>\n\n", html(&told.outcome.id));
    let mut block = String::new();
    for (label, lines) in rows(told) {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label.as_str() } else { "" };
            block += &format!("{label:<10}{line}\n");
        }
    }
    // A fence longer than any run of backticks inside cannot be closed from inside.
    let fence = "`".repeat(3.max(longest_run(&block) + 1));
    text += &format!("{fence}text\n{block}{fence}\n\n</details>\n\n");
    text
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn cell(text: &str) -> String {
    html(text).replace('|', "\\|").replace('`', "'").replace('\n', " ")
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
