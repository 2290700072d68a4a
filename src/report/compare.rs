//! A comparison as a person reads it: the sentence, then what got worse and better, with intervals.
//!
//! In: a `Comparison`. Out: text. Seconds are durations; a difference keeps its sign. Measures in
//! which nothing differs are left out.

use super::format;
use super::terminal::columns;
use crate::campaign::compare::{ALL, Comparison, Difference, Scope, headline};
use crate::unit::SimDuration;

/// Most lines of scenarios that are shown.
const MOST: usize = 40;

/// The whole text.
#[must_use]
pub fn text(found: &Comparison) -> String {
    let mut text = format!("{}\n", headline(found));
    let how = if found.same_seeds {
        "paired on scenario and seed"
    } else {
        "no seed is shared: paired by rank"
    };
    let pairs = format::count(found.pairs, "pair");
    let scenarios = format::count(found.scenarios, "scenario");
    text += &format!("{pairs} of {scenarios}, {how}");
    if found.unpaired > 0 {
        text += &format!("; {} without a partner", format::count(found.unpaired, "trial"));
    }
    text.push('\n');
    let moved: Vec<&Difference> =
        found.differences.iter().filter(|d| d.better + d.worse > 0).collect();
    if moved.is_empty() {
        return text;
    }
    let mut order: Vec<&&Difference> = moved.iter().collect();
    order.sort_by_key(|d| (!d.regression, !d.improvement, d.scope.clone()));
    let rows: Vec<Vec<String>> = order.iter().take(MOST).map(|d| row(d)).collect();
    let head =
        ["", "scenario", "measure", "base", "head", "change", "95 % interval", "n", "p (Holm)"];
    text.push('\n');
    for line in columns(&head, &rows, &[0, 1, 2]) {
        text += &format!("{line}\n");
    }
    if order.len() > MOST {
        text += &format!("  … {} more differences\n", order.len() - MOST);
    }
    for (scenario, kind) in &found.new_violations {
        text += &format!("  new violation in {scenario}: {}\n", format::words(kind));
    }
    let alpha = format::percent(found.alpha);
    text += &format!(
        "\nworse: beyond what is tolerated, and at {alpha} after Holm's correction{}\n",
        if found.same_seeds { " or on every seed that differs" } else { "" }
    );
    text
}

fn row(d: &Difference) -> Vec<String> {
    let word = match (d.regression, d.improvement) {
        (true, _) => "worse",
        (_, true) => "better",
        _ => "",
    };
    let scope = match &d.scope {
        Scope::Overall => "(all)".to_owned(),
        Scope::Scenario(name) => format::cut(name, 32),
    };
    let seconds = ALL.iter().any(|m| m.name == d.measure && m.seconds);
    let value = |v: f64| {
        if seconds { format::short(SimDuration::from_secs_f64(v)) } else { format::number(v) }
    };
    let signed = |v: f64| if v > 0.0 { format!("+{}", value(v)) } else { value(v) };
    let interval = d.interval.map_or_else(
        || format::ABSENT.to_owned(),
        |(l, h)| format!("{} … {}", signed(l), signed(h)),
    );
    vec![
        word.to_owned(),
        scope,
        d.measure.to_owned(),
        value(d.base),
        value(d.head),
        signed(d.mean),
        interval,
        d.n.to_string(),
        format!("{:.3}", d.adjusted),
    ]
}
