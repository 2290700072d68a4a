//! Two goldens -> what differs, and one sentence that names cause and consequence.
//!
//! Lines are matched by what they are and of what, the first with the first and so on. The cause is
//! the earliest line that is missing, new, later, earlier or says something else; consequences are
//! the stages that moved, the acts that came or went, and the scores that changed.

use std::collections::{BTreeMap, BTreeSet};

use super::normal::{Golden, Line};
use crate::unit::SimTime;

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Consequence because of cause, in one sentence.
    pub summary: String,
    /// One difference a line, in time order, then scores.
    pub lines: Vec<String>,
}

/// One line of the journal that differs.
struct Change<'a> {
    at: SimTime,
    old: Option<&'a Line>,
    new: Option<&'a Line>,
}

/// Everything that differs from `old` to `new`.
#[must_use]
pub fn differ(old: &Golden, new: &Golden) -> Difference {
    let changes = changes(old, new);
    let mut lines: Vec<String> = changes.iter().map(|change| told(change)).collect();
    for name in keys(&old.stages, &new.stages) {
        lines.extend(stage(name, old.stages.get(name), new.stages.get(name)));
    }
    for name in keys(&old.scores, &new.scores) {
        lines.extend(score(name, old.scores.get(name), new.scores.get(name)));
    }
    if old.seed != new.seed {
        lines.push(format!("seed {} → {}", old.seed, new.seed));
    }
    let summary = summary(old, new, &changes);
    Difference { summary, lines }
}

fn keys<'a, T>(old: &'a BTreeMap<String, T>, new: &'a BTreeMap<String, T>) -> BTreeSet<&'a str> {
    old.keys().chain(new.keys()).map(String::as_str).collect()
}

fn changes<'a>(old: &'a Golden, new: &'a Golden) -> Vec<Change<'a>> {
    type Sides<'a> = (Vec<&'a Line>, Vec<&'a Line>);
    let mut groups: BTreeMap<(&str, &str), Sides<'_>> = BTreeMap::new();
    for line in &old.lines {
        groups.entry((&line.what, &line.of)).or_default().0.push(line);
    }
    for line in &new.lines {
        groups.entry((&line.what, &line.of)).or_default().1.push(line);
    }
    let mut found = Vec::new();
    for (before, after) in groups.values() {
        for index in 0..before.len().max(after.len()) {
            let (old, new) = (before.get(index).copied(), after.get(index).copied());
            if old == new {
                continue;
            }
            let at = old.into_iter().chain(new).map(|line| line.at).min();
            found.extend(at.map(|at| Change { at, old, new }));
        }
    }
    found.sort_by_key(|change| {
        let line = change.old.or(change.new);
        (change.at, line.map(|line| (rank(&line.what), line.of.clone())))
    });
    found
}

/// The order in which things follow from each other at one instant.
fn rank(what: &str) -> usize {
    const ORDER: [&str; 10] = [
        "signal",
        "incident",
        "diagnosis",
        "plan",
        "verdict",
        "ask",
        "answer",
        "act",
        "outcome",
        "verified",
    ];
    ORDER.iter().position(|known| *known == what).unwrap_or(ORDER.len())
}

fn clock(time: SimTime) -> String {
    let seconds = time.nanos().div_euclid(1_000_000_000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

/// "40s later" or "40s earlier".
fn moved(old: SimTime, new: SimTime) -> String {
    if new >= old {
        format!("{} later", new.since(old))
    } else {
        format!("{} earlier", old.since(new))
    }
}

fn told(change: &Change<'_>) -> String {
    let line = |line: &Line| {
        let said = if line.said.is_empty() { String::new() } else { format!(": {}", line.said) };
        format!("{} {} {}{said}", clock(line.at), line.what, line.of)
    };
    match (change.old, change.new) {
        (Some(old), None) => format!("- {}", line(old)),
        (None, Some(new)) => format!("+ {}", line(new)),
        (Some(old), Some(new)) if old.said == new.said => {
            format!("~ {}, now {} ({})", line(old), clock(new.at), moved(old.at, new.at))
        }
        (Some(old), Some(new)) => {
            let when =
                if old.at == new.at { String::new() } else { format!(" at {}", clock(new.at)) };
            format!("~ {}, now {}{when}", line(old), new.said)
        }
        (None, None) => String::new(),
    }
}

fn stage(name: &str, old: Option<&SimTime>, new: Option<&SimTime>) -> Option<String> {
    match (old, new) {
        (Some(old), Some(new)) if old == new => None,
        (Some(old), Some(new)) => {
            Some(format!("stage {name}: {} → {} ({})", clock(*old), clock(*new), moved(*old, *new)))
        }
        (Some(old), None) => Some(format!("stage {name}: {} → never", clock(*old))),
        (None, Some(new)) => Some(format!("stage {name}: never → {}", clock(*new))),
        (None, None) => None,
    }
}

fn score(name: &str, old: Option<&f64>, new: Option<&f64>) -> Option<String> {
    let shown = |value: Option<&f64>| value.map_or("absent".to_owned(), |v| number(*v));
    (old != new).then(|| format!("score {name}: {} → {}", shown(old), shown(new)))
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

fn summary(old: &Golden, new: &Golden, changes: &[Change<'_>]) -> String {
    let mut said = Vec::new();
    for name in ["detected", "decided", "applied", "recovered"] {
        let word = match name {
            "detected" => "detection",
            "decided" => "decision",
            "applied" => "remedy",
            _ => "recovery",
        };
        match (old.stages.get(name), new.stages.get(name)) {
            (Some(a), Some(b)) if a != b => said.push(format!("{word} {}", moved(*a, *b))),
            (Some(_), None) => said.push(format!("no {word} any more")),
            (None, Some(_)) => said.push(format!("now there is a {word}")),
            _ => {}
        }
    }
    said.extend(acts(changes));
    said.extend(score_words(old, new));
    let cause = changes.first().map(cause);
    match (said.is_empty(), cause) {
        (true, None) => "scores differ, the journal does not".to_owned(),
        (true, Some(cause)) => format!("{cause}; stages and scores are the same"),
        (false, None) => said.join("; "),
        (false, Some(cause)) => {
            let first = said.remove(0);
            let rest = said.iter().map(|text| format!("; {text}")).collect::<String>();
            format!("{first} because {cause}{rest}")
        }
    }
}

fn acts(changes: &[Change<'_>]) -> Vec<String> {
    let act = |line: &&Line| line.what == "act";
    let gone = changes.iter().filter(|c| c.new.is_none()).filter_map(|c| c.old).filter(act);
    let come = changes.iter().filter(|c| c.old.is_none()).filter_map(|c| c.new).filter(act);
    let gone = gone.map(|line| format!("no more {}", line.of));
    let come = come.map(|line| format!("new {}", line.of));
    let mut all: Vec<String> = gone.chain(come).collect();
    all.dedup();
    all.truncate(4);
    all
}

fn score_words(old: &Golden, new: &Golden) -> Vec<String> {
    let mut said = Vec::new();
    let delta = |name: &str| {
        let value = |golden: &Golden| golden.scores.get(name).copied();
        Some(value(new)? - value(old)?)
    };
    for (name, word) in [("bad_requests", "failed requests"), ("pages", "pages")] {
        if let Some(delta) = delta(name).filter(|delta| delta.abs() >= 0.5) {
            said.push(format!("{delta:+.0} {word}"));
        }
    }
    let counts = keys(&old.scores, &new.scores).into_iter();
    for name in counts.filter(|name| name.starts_with("violations.")) {
        let count = |golden: &Golden| golden.scores.get(name).copied().unwrap_or(0.0);
        let (before, after) = (count(old), count(new));
        if before.total_cmp(&after).is_ne() {
            let kind = name.trim_start_matches("violations.");
            said.push(format!("{:+.0} violations of {kind}", after - before));
        }
    }
    said
}

fn cause(change: &Change<'_>) -> String {
    let line = change.old.or(change.new);
    let Some(line) = line else { return String::new() };
    let at = clock(change.at);
    let of = &line.of;
    let gone = change.new.is_none();
    match (&*line.what, change.old, change.new) {
        ("signal", _, None) => {
            format!("detector `{}` no longer fires for {of} at {at}", line.said)
        }
        ("signal", None, Some(new)) => {
            format!("detector `{}` now fires for {of} at {at}", new.said)
        }
        ("signal", Some(old), Some(new)) if old.said != new.said => format!(
            "detector `{}` instead of `{}` fires for {of} at {}",
            new.said,
            old.said,
            clock(new.at)
        ),
        ("signal", Some(old), Some(new)) => format!(
            "detector `{}` fires for {of} {} (at {})",
            old.said,
            moved(old.at, new.at),
            clock(new.at)
        ),
        ("verdict", Some(old), Some(new)) => {
            format!("guardrail `{of}` rules {} instead of {} at {at}", new.said, old.said)
        }
        ("verdict", None, Some(new)) => format!("guardrail `{of}` now rules {} at {at}", new.said),
        ("verdict", ..) => format!("guardrail `{of}` no longer rules at {at}"),
        ("plan", Some(old), Some(new)) if old.said != new.said => {
            format!("the plan for {of} is {} instead of {} at {at}", new.said, old.said)
        }
        (what, Some(old), Some(new)) if old.said != new.said => {
            format!("{what} {of} is {} instead of {} at {at}", new.said, old.said)
        }
        (what, Some(old), Some(new)) => {
            format!("{what} {of} comes {} (at {})", moved(old.at, new.at), clock(new.at))
        }
        (what, ..) if gone => format!("{what} {of} is gone at {at}"),
        (what, ..) => format!("{what} {of} is new at {at}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, what: &str, of: &str, said: &str) -> Line {
        let own = str::to_owned;
        Line { at: SimTime::from_secs(at), what: own(what), of: own(of), said: own(said) }
    }

    fn golden(lines: Vec<Line>, stages: &[(&str, i64)], scores: &[(&str, f64)]) -> Golden {
        Golden {
            scenario: "x".to_owned(),
            seed: 1,
            stages: stages
                .iter()
                .map(|(name, at)| ((*name).to_owned(), SimTime::from_secs(*at)))
                .collect(),
            scores: scores.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            lines,
        }
    }

    #[test]
    fn a_lost_signal_is_the_cause_and_what_moved_the_consequence() {
        let old = golden(
            vec![
                line(52_410, "signal", "web p99", "latency-mad"),
                line(52_440, "signal", "web errors", "burn"),
                line(52_450, "act", "rollback web", ""),
            ],
            &[("detected", 52_410), ("applied", 52_500)],
            &[("bad_requests", 100.0)],
        );
        let new = golden(
            vec![
                line(52_450, "signal", "web errors", "burn"),
                line(52_490, "act", "rollback web", ""),
            ],
            &[("detected", 52_450), ("applied", 52_540)],
            &[("bad_requests", 410.0), ("violations.blast_radius", 1.0)],
        );
        let found = differ(&old, &new);
        assert_eq!(
            found.summary,
            "detection 40s later because detector `latency-mad` no longer fires for web p99 at \
             14:33:30; remedy 40s later; +310 failed requests; +1 violations of blast_radius"
        );
        assert_eq!(found.lines[0], "- 14:33:30 signal web p99: latency-mad");
        assert_eq!(found.lines.len(), 7);
        assert!(differ(&old, &old).lines.is_empty());
    }

    #[test]
    fn a_plan_that_says_something_else_is_named() {
        let plan = |said| golden(vec![line(60, "plan", "web/bad_deploy", said)], &[], &[]);
        let found = differ(&plan("rollback web"), &plan("restart web"));
        assert_eq!(
            found.summary,
            "the plan for web/bad_deploy is restart web instead of rollback web at 00:01:00; \
             stages and scores are the same"
        );
    }
}
