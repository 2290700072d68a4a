//! The first line of a comparison: what the change did, in one sentence.

use super::weigh::{Comparison, Difference, Scope};

/// The sentence.
#[must_use]
pub fn headline(found: &Comparison) -> String {
    if found.pairs == 0 {
        return "nothing to compare: no scenario stands on both sides".to_owned();
    }
    let none = found.differences.iter().all(|d| d.better + d.worse == 0);
    if none {
        return match found.other_digest {
            0 => "no difference".to_owned(),
            _ if !found.same_seeds => "no difference in any measure".to_owned(),
            n => format!("no difference in any measure, though {n} trials went another way"),
        };
    }
    let bad = parts(found, true);
    let good = parts(found, false);
    match (bad.is_empty(), good.is_empty()) {
        (false, true) => opening(&bad),
        (false, false) if is_verb(&good[0]) => {
            format!("{}; it also {}", opening(&bad), join(&good))
        }
        (false, false) => format!("{}; besides, {}", opening(&bad), join(&good)),
        (true, false) => format!("{}; no regression", opening(&good)),
        (true, true) if found.same_seeds => {
            "no regression: all differences are tolerated".to_owned()
        }
        (true, true) => "no regression: no difference beyond chance".to_owned(),
    }
}

/// Parts that say what the change did, or what is so after it.
fn opening(parts: &[String]) -> String {
    let first = if is_verb(&parts[0]) { "this change" } else { "after this change" };
    format!("{first} {}", join(parts))
}

fn is_verb(part: &str) -> bool {
    ["made", "raised", "lowered"].iter().any(|verb| part.starts_with(verb))
}

fn parts(found: &Comparison, bad: bool) -> Vec<String> {
    let counts = |d: &&Difference| {
        let wanted = if bad { d.regression } else { d.improvement };
        wanted && d.scope != Scope::Overall
    };
    let mut parts = Vec::new();
    for measure in super::ALL {
        let mine: Vec<&Difference> =
            found.differences.iter().filter(|d| d.measure == measure.name).filter(counts).collect();
        if !mine.is_empty() {
            parts.push(part(found, measure.name, &mine, bad));
        }
    }
    if parts.is_empty() {
        let overall = found.differences.iter().filter(|d| d.scope == Scope::Overall);
        let counted = overall.filter(|d| if bad { d.regression } else { d.improvement });
        parts.extend(counted.map(|d| {
            let more = if d.mean > 0.0 { "raised" } else { "lowered" };
            format!("{more} {} by {} on average", d.measure, number(d.mean.abs()))
        }));
    }
    // Time first, as a person tells it; breaches are added to it.
    parts.sort_by_key(|part| !part.starts_with("made"));
    parts
}

fn part(found: &Comparison, measure: &str, mine: &[&Difference], bad: bool) -> String {
    let n = mine.len();
    let sizes: Vec<f64> = mine.iter().map(|d| d.mean.abs()).collect();
    let largest = sizes.iter().copied().fold(0.0, f64::max);
    let alike = sizes.iter().all(|size| largest - size < 1.0);
    let up_to = if alike { "" } else { "up to " };
    let scenarios = if n == 1 { "1 scenario".to_owned() } else { format!("{n} scenarios") };
    let few = if n == 1 { "one".to_owned() } else { n.to_string() };
    let s = if n == 1 { "s" } else { "" };
    let size = number(largest);
    match (measure, bad) {
        ("mttr", true) => format!("made {scenarios} slower by {up_to}{size} s"),
        ("mttr", false) => format!("made {scenarios} faster by {up_to}{size} s"),
        ("mttd", true) => format!("made {scenarios} detected {up_to}{size} s later"),
        ("mttd", false) => format!("made {scenarios} detected {up_to}{size} s earlier"),
        ("violations", true) => {
            format!("{few} breach{} {}", if n == 1 { "es" } else { "" }, kinds(found, mine))
        }
        ("violations", false) => format!("{few} breach{} less", if n == 1 { "es" } else { "" }),
        ("recovered", true) => format!("{few} no longer recover{s}"),
        ("recovered", false) => format!("{few} now recover{s}"),
        ("bad_requests", true) => format!("{few} fail{s} {up_to}{size} more requests"),
        ("bad_requests", false) => format!("{few} fail{s} {up_to}{size} fewer requests"),
        ("diagnosis", true) => format!("{few} {} diagnosed worse", be(n)),
        ("diagnosis", false) => format!("{few} {} diagnosed better", be(n)),
        ("right_action", true) => format!("{few} act{s} wrongly"),
        ("right_action", false) => format!("{few} act{s} more rightly"),
        ("pages", true) => format!("{few} page{s} more"),
        ("pages", false) => format!("{few} page{s} less"),
        (_, true) => format!("{few} no longer meet{s} what is expected"),
        (_, false) => format!("{few} now meet{s} what is expected"),
    }
}

const fn be(n: usize) -> &'static str {
    if n == 1 { "is" } else { "are" }
}

fn kinds(found: &Comparison, mine: &[&Difference]) -> String {
    let of = |name: &String| mine.iter().any(|d| d.scope == Scope::Scenario(name.clone()));
    let mut kinds: Vec<String> = found
        .new_violations
        .iter()
        .filter(|(name, _)| of(name))
        .map(|(_, kind)| kind.replace('_', " "))
        .collect();
    kinds.sort();
    kinds.dedup();
    join(&kinds)
}

fn number(value: f64) -> String {
    if value >= 10.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn join(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}
