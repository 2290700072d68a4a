//! The twins of a trial, and of a directory of scenarios, as text.
//!
//! In: `Twins` in its stable JSON form (from the run's document), or a `Overview`. Out: rows
//! for the terminal and the HTML page, and the table over scenarios. Absent is `–`. Minutes saved
//! are signed: below 0 the engine caused them.

use serde_json::Value;

use super::format;
use super::terminal::columns;
use crate::campaign::overview::{Overview, OverviewRow};
use crate::campaign::twins::{ActionEffect, TwinKind, Twins};
use crate::referee::Estimate;
use crate::unit::SimDuration;

/// Head of the table of runs.
pub const RUNS: [&str; 6] =
    ["on the same seed", "bad minutes", "bad requests", "MTTR", "acts", "violations"];
/// Head of the table of actions.
pub const ACTIONS: [&str; 5] = ["action", "at", "minutes", "requests", "class"];

/// The twins of the first trial of a run's document, if there are any.
#[must_use]
pub fn read(document: &Value) -> Option<Twins> {
    let twins = document.pointer("/trials/0/twins").filter(|twins| !twins.is_null())?;
    serde_json::from_value(twins.clone()).ok()
}

/// One row a run.
#[must_use]
pub fn runs(twins: &Twins) -> Vec<Vec<String>> {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| format::ABSENT.to_owned(), |v| format!("{v:.digits$}"))
    };
    let row = |row: &crate::campaign::twins::TwinRow| {
        let mttr = match (row.mttr_s, row.not_recovered) {
            (_, Some(lost)) if lost > 0.0 => "not recovered".to_owned(),
            (Some(seconds), _) => format::short(SimDuration::from_secs_f64(seconds)),
            _ => format::ABSENT.to_owned(),
        };
        vec![
            words(row.twin).to_owned(),
            number(row.bad_minutes, 1),
            number(row.bad_requests, 0),
            mttr,
            row.acts.to_string(),
            row.violations.map_or_else(|| format::ABSENT.to_owned(), |n| n.to_string()),
        ]
    };
    twins.rows.iter().map(row).collect()
}

/// What a twin is, for a person.
#[must_use]
pub const fn words(twin: TwinKind) -> &'static str {
    match twin {
        TwinKind::Engine => "the engine",
        TwinKind::None => "no automation",
        TwinKind::L0 => "L0: probes only",
        TwinKind::L1 => "L1: thresholds, autoscaler",
        TwinKind::Oracle => "the oracle",
    }
}

/// One row an action.
#[must_use]
pub fn actions(twins: &Twins) -> Vec<Vec<String>> {
    let row = |effect: &ActionEffect| {
        let held = if effect.held_back { " (held back)" } else { "" };
        vec![
            format!("{} of {}{held}", format::words(effect.verb.as_str()), effect.target),
            format::clock(effect.time),
            signed(effect.saved_minutes),
            format!("{:+.0}", effect.saved_requests),
            format::words(effect.class.as_str()),
        ]
    };
    twins.actions.iter().map(row).collect()
}

/// The sum of it in one sentence.
#[must_use]
pub fn sentence(twins: &Twins) -> String {
    let against = |name: &str, saved: Option<f64>| match saved {
        Some(minutes) if minutes < 0.0 => format!("caused {:.1} against {name}", -minutes),
        Some(minutes) => format!("saved {minutes:.1} against {name}"),
        None => format!("unknown against {name}"),
    };
    let regret = twins
        .regret_minutes
        .map_or(String::new(), |regret| format!("; {regret:.1} more than the oracle"));
    format!(
        "Bad minutes: {}, {}, {}{regret}.",
        against("no automation", twins.saved_against_none),
        against("L0", twins.saved_against_l0),
        against("L1", twins.saved_against_l1),
    )
}

/// Remarks on how the runs went.
#[must_use]
pub fn remarks(twins: &Twins) -> Vec<String> {
    let mut all: Vec<String> = twins.oracle.iter().map(|what| format!("oracle: {what}")).collect();
    if twins.oracle.is_empty() {
        all.push("oracle: nothing is better than anything it could do".to_owned());
    }
    if !twins.faithful {
        all.push("the replay of the trial's own actions differs from the trial".to_owned());
    }
    if twins.left_out > 0 {
        all.push(format!("{} further actions were not judged", twins.left_out));
    }
    all
}

fn signed(minutes: f64) -> String {
    if minutes == 0.0 { "0.0".to_owned() } else { format!("{minutes:+.1}") }
}

/// The table over scenarios.
#[must_use]
pub fn corpus(document: &Overview) -> String {
    let head = ["scenario", "MTTR", "none", "L0", "L1", "regret", "classes", "violations"];
    let rows: Vec<Vec<String>> = document.scenarios.iter().map(corpus_row).collect();
    let mut text = String::new();
    for line in columns(&head, &rows, &[0, 6, 7]) {
        text += &format!("{line}\n");
    }
    text += "  none, L0, L1: bad minutes saved against that twin (below 0: caused); regret: bad \
             minutes more than\n  the oracle's; classes: R right, N needless, W wrong target, O \
             over-scoped, M made it worse,\n  br/bw blocked rightly/wrongly\n";
    if let Some(summary) = &document.summary {
        let mean = |name: &str, estimate: &Estimate| match (estimate.value, estimate.low) {
            (Some(value), Some(low)) => {
                let high = estimate.high.unwrap_or(value);
                format!("{name} {value:+.2} ({low:+.2} to {high:+.2})")
            }
            (Some(value), None) => format!("{name} {value:+.2}"),
            _ => format!("{name} {}", format::ABSENT),
        };
        let all = [
            mean("none", &summary.saved_against_none),
            mean("L0", &summary.saved_against_l0),
            mean("L1", &summary.saved_against_l1),
            mean("regret", &summary.regret_minutes),
        ];
        let n = format::count(document.scenarios.len(), "scenario");
        text += &format!("\nMean bad minutes over {n} (95 % interval): {}\n", all.join(", "));
        let classes = summary.classes.iter().map(|(c, n)| format!("{} {n}", format::words(c)));
        text += &format!("Actions: {}\n", or_none(classes.collect::<Vec<_>>().join(", ")));
    }
    text
}

fn or_none(text: String) -> String {
    if text.is_empty() { "none".to_owned() } else { text }
}

fn corpus_row(row: &OverviewRow) -> Vec<String> {
    let twins = &row.twins;
    let minutes = |value: Option<f64>| value.map_or_else(|| format::ABSENT.to_owned(), signed);
    let engine = runs(twins).swap_remove(0);
    let short = [
        ("right", "R"),
        ("needless", "N"),
        ("wrong_target", "W"),
        ("over_scoped", "O"),
        ("made_it_worse", "M"),
        ("blocked_rightly", "br"),
        ("blocked_wrongly", "bw"),
    ];
    let classes = short.iter().filter_map(|(class, letter)| {
        twins.classes.get(*class).map(|count| format!("{count}{letter}"))
    });
    let classes: Vec<String> = classes.collect();
    let violations: Vec<String> =
        row.violations.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    vec![
        format::cut(&row.name, 30),
        engine[3].replace("not recovered", "never"),
        minutes(twins.saved_against_none),
        minutes(twins.saved_against_l0),
        minutes(twins.saved_against_l1),
        minutes(twins.regret_minutes),
        or_dash(classes.join(" ")),
        or_dash(violations.join(", ")),
    ]
}

fn or_dash(text: String) -> String {
    if text.is_empty() { format::ABSENT.to_owned() } else { text }
}
