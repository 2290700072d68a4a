//! The page of a dataset: accuracy beside chance, and a table of all cases that can be sorted.
//!
//! In: a `Summary`. Out: one self-contained page. A case's own report is linked if it was written.

use minijinja::{Value, context};

use super::super::format;
use super::super::scores;
use super::super::summary::{Beside, CaseRow, Summary};
use super::svg::Drawing;
use super::{render, safe};

/// The page.
#[must_use]
pub fn index(summary: &Summary) -> String {
    render(
        include_str!("../assets/index.html"),
        context! {
            title => &summary.name,
            headline => headline(summary),
            recoveries => summary.cases.iter().any(|c| c.recovered.is_some()),
            mode => &summary.mode,
            facts => &summary.facts,
            cases => summary.cases.iter().map(row).collect::<Vec<_>>(),
            failures => &summary.failures,
            accuracy => safe(accuracy(&summary.accuracy())),
            scores => super::scores(&scores::rows(&summary.aggregate)),
        },
    )
}

/// How many cases, how many were seen and how often the right thing was blamed first.
fn headline(summary: &Summary) -> String {
    let mut text = format::count(summary.cases.len(), "case");
    let known: Vec<bool> = summary.cases.iter().filter_map(|c| c.detected).collect();
    if !known.is_empty() {
        let seen = known.iter().filter(|seen| **seen).count();
        text.push_str(&format!(", {seen} of {} detected", known.len()));
    }
    if let Some(first) = summary.accuracy().iter().find(|m| m.name == "ac@1") {
        let chance = first.chance.map(|c| format!(" (by chance {})", format::percent(c)));
        let share = format::percent(first.value);
        let chance = chance.unwrap_or_default();
        text.push_str(&format!(", right culprit first in {share}{chance}"));
    }
    if !summary.failures.is_empty() {
        text.push_str(&format!(", {} could not be run", summary.failures.len()));
    }
    text
}

fn row(case: &CaseRow) -> Value {
    let absent = || format::ABSENT.to_owned();
    let yes = |known: Option<bool>| known.map_or("–", |y| if y { "yes" } else { "no" });
    let secs = |d: Option<crate::unit::SimDuration>| d.map(|d| d.secs_f64());
    context! {
        name => &case.name,
        detected => yes(case.detected),
        detect => format::short_or_absent(case.time_to_detect),
        detect_s => secs(case.time_to_detect),
        rank => case.rank.map_or_else(absent, |r| r.to_string()),
        top => case.top.clone().unwrap_or_else(absent),
        cause => case.cause.as_deref().map_or_else(absent, format::words),
        confidence => case.confidence.map_or_else(absent, format::percent),
        sure => &case.confidence,
        cause_ok => yes(case.cause_ok),
        would_do => case.would_do.clone().unwrap_or_else(absent),
        recovered => format::short_or_absent(case.recovered),
        recovered_s => secs(case.recovered),
    }
}

fn accuracy(measures: &[Beside]) -> String {
    if measures.is_empty() {
        return String::new();
    }
    let height = 36.0 * measures.len() as f64 + 40.0;
    let mut out = Drawing::new(1000.0, height, "chart accuracy", "accuracy beside chance");
    let x = |share: f64| 150.0 + share.clamp(0.0, 1.0) * 640.0;
    for i in 0..=4 {
        let share = f64::from(i) / 4.0;
        out.line("grid", (x(share), 8.0), (x(share), height - 28.0));
        out.text("tick middle", (x(share), height - 10.0), &format::percent(share));
    }
    for (row, measure) in measures.iter().enumerate() {
        let y = 12.0 + 36.0 * row as f64;
        out.text("lane-name", (140.0, y + 18.0), &format::words(&measure.name));
        let n = measure.n.map(|n| format!(", n = {}", format::number(n))).unwrap_or_default();
        let title = format!("{} {}{n}", measure.name, format::number(measure.value));
        out.rect("bar plain", (x(0.0), y + 3.0), (x(measure.value) - x(0.0), 20.0), &title);
        if let Some((low, high)) = measure.interval {
            out.line("whisker", (x(low), y + 13.0), (x(high), y + 13.0));
            out.line("whisker", (x(low), y + 8.0), (x(low), y + 18.0));
            out.line("whisker", (x(high), y + 8.0), (x(high), y + 18.0));
        }
        if let Some(chance) = measure.chance {
            out.line("chance", (x(chance), y - 1.0), (x(chance), y + 27.0));
        }
        let chance = measure.chance.map(|c| format!(", chance {}", format::percent(c)));
        let value = format::percent(measure.value);
        out.text("tick", (802.0, y + 18.0), &format!("{value}{}{n}", chance.unwrap_or_default()));
    }
    out.finish()
}
