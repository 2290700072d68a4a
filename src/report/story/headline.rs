//! The result in one sentence, and the key numbers beside it.
//!
//! Never claims more than the mode allows: in open loop no effect and no MTTR. Times count from the
//! onset, when users began to feel it; a stage that was not reached is absent, not 0.

use super::{Case, Doing, Fault, Told, Tone};
use crate::model::{AnswerKind, Body, Decision, SliSample, StageReached, Verb};
use crate::report::format::{self, ABSENT};
use crate::trial::Mode;
use crate::unit::{SimDuration, SimTime};

/// The result in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// How to take it.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
    /// What qualifies it.
    pub note: String,
}

/// One key number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// Its value, for a person.
    pub value: String,
    /// What it means or from when it counts.
    pub note: String,
}

/// The headline of a trial.
pub(super) fn headline(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> Headline {
    let (tone, text) = match (told.mode, told.truth.is_some(), faults.is_empty()) {
        (Mode::OpenLoop, ..) => open(told, faults, cases),
        (_, true, true) => control(cases),
        (_, false, _) => unlabelled(cases),
        _ => closed(told, faults, cases),
    };
    let note = match told.mode {
        Mode::OpenLoop => {
            "open loop: a recording cannot say what an action would have changed; \
                       its effect is unknown and MTTR is not claimed"
        }
        Mode::Counterfactual => "counterfactual: the effect of actions is modelled, not observed",
        Mode::ClosedLoop => "closed loop: actions change the telemetry that follows",
    };
    let labels = if told.truth.is_none() { "; no labels, so nothing is scored" } else { "" };
    Headline { tone, text, note: format!("{note}{labels}") }
}

fn closed(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> (Tone, String) {
    let done = effective(cases);
    let Some(case) = cases.iter().find(|c| c.at(StageReached::Recovered).is_some()) else {
        let felt = faults.iter().any(|f| f.onset.is_some());
        let start = faults.first().map_or(told.window.start, |f| f.window.start);
        return match (felt || !unharmed(told, start), served_at_end(told)) {
            (false, _) => unfelt(start, &done),
            (true, true) => served(cases, &done),
            (true, false) => ill(cases, &done),
        };
    };
    let took = format::short_or_absent(case.until(StageReached::Recovered));
    let recovered = case.at(StageReached::Recovered);
    let before = done.iter().filter(|d| d.acted <= recovered && d.action.incident == case.id);
    match before.clone().find(|d| d.healed == Some(true)).or_else(|| before.clone().next()) {
        Some(doing) => {
            let verb = format::words(doing.action.verb().as_str());
            (Tone::Good, format!("healed by {verb} of {} in {took}", doing.action.target))
        }
        None => (Tone::Warn, format!("recovered in {took}, without any action of the engine")),
    }
}

fn unfelt(start: SimTime, done: &[&Doing]) -> (Tone, String) {
    match done.first() {
        None => (Tone::Plain, "users never felt it; nothing was changed".to_owned()),
        Some(first) => {
            let after = first.acted.map(|at| at.since(start)).filter(|d| d.nanos() >= 0);
            let after = after.map(|d| format!(", {} after the fault began", format::short(d)));
            let text = format!("users never felt it: {}{}", texts(done), after.unwrap_or_default());
            (Tone::Good, text)
        }
    }
}

fn served(cases: &[Case], done: &[&Doing]) -> (Tone, String) {
    match (done.is_empty(), cases.is_empty()) {
        (false, _) => {
            (Tone::Good, format!("users are served again at the end, after {}", texts(done)))
        }
        (true, false) => {
            (Tone::Warn, "recovered by the end, without any action of the engine".to_owned())
        }
        (true, true) => (Tone::Warn, "recovered by the end, but nobody noticed".to_owned()),
    }
}

fn ill(cases: &[Case], done: &[&Doing]) -> (Tone, String) {
    let text = match (done.is_empty(), cases.is_empty()) {
        (false, _) => format!("not healed, although it did {}", texts(done)),
        (true, false) => "not healed: detected, but nothing was done that changed the fleet".into(),
        (true, true) => "not healed: not detected and nothing done".to_owned(),
    };
    (Tone::Bad, text)
}

/// Whether the record shows that no interval from `start` on missed the objective.
fn unharmed(told: &Told<'_>, start: SimTime) -> bool {
    let mut after = told.record.sli.iter().filter(|s| s.time > start).peekable();
    after.peek().is_some() && after.all(|s| within(told, &s))
}

/// Whether users were served in each of the last five minutes.
fn served_at_end(told: &Told<'_>) -> bool {
    let last = told.record.sli.last().map_or(told.window.end, |s| s.time);
    unharmed(told, last - SimDuration::from_secs(300))
}

fn within(told: &Told<'_>, sli: &SliSample) -> bool {
    told.record.objective.as_ref().is_some_and(|objective| {
        let limit = objective.latency_p99.secs_f64();
        sli.failed <= sli.requests * (1.0 - objective.availability)
            && sli.latency_p99_s.is_none_or(|p99| p99 <= limit)
    })
}

fn open(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> (Tone, String) {
    let labelled = told.truth.is_some();
    let Some(case) = cases.first() else {
        let (tone, text) = match (labelled, faults.is_empty()) {
            (true, true) => (Tone::Good, "nothing was wrong and no incident was opened"),
            (true, false) => (Tone::Bad, "missed: no incident was opened"),
            (false, _) => (Tone::Plain, "no incident was opened; nobody labelled what was wrong"),
        };
        return (tone, text.to_owned());
    };
    let false_alarms = format::count(cases.len(), "false alarm");
    if labelled && faults.is_empty() {
        return (Tone::Bad, format!("nothing was wrong, yet there was {false_alarms}"));
    }
    if !faults.is_empty() && case.at(StageReached::Onset).is_none() {
        return (Tone::Bad, format!("missed: no incident answers the fault; {false_alarms}"));
    }
    let touches = |d: &&Doing| d.action.verb().touches_fleet() && d.acted.is_some();
    let after = case.until(StageReached::Decided).filter(|t| t.nanos() >= 0).map(format::short);
    let after = after.map(|t| format!(", {t} after onset")).unwrap_or_default();
    let paged = |d: &Doing| d.action.verb() == Verb::PageOnCall && d.acted.is_some();
    let right = case.top().filter(|_| !faults.is_empty()).map(|h| {
        match faults.iter().any(|f| f.root_causes.contains(&h.entity)) {
            true => ", the labelled culprit",
            false => ", not the labelled culprit",
        }
    });
    let named = case.top().map_or_else(
        || "without a diagnosis".to_owned(),
        |h| format!("blaming {}{}", h.entity, right.unwrap_or_default()),
    );
    match case.actions.iter().find(touches) {
        Some(doing) => (Tone::Plain, format!("would have done: {}{after}, {named}", doing.text)),
        None if case.actions.iter().any(paged) => {
            (Tone::Plain, format!("would have paged a person{after}, {named}"))
        }
        None => (Tone::Warn, format!("detected, but nothing would have been done, {named}")),
    }
}

fn control(cases: &[Case]) -> (Tone, String) {
    let done = effective(cases);
    if !done.is_empty() {
        return (Tone::Bad, format!("nothing was wrong, yet it acted: {}", texts(&done)));
    }
    let all = cases.iter().flat_map(|c| &c.actions);
    let pages = all.filter(|d| d.action.verb() == Verb::PageOnCall && d.acted.is_some()).count();
    if pages > 0 {
        let pages = format::count(pages, "needless page");
        return (Tone::Warn, format!("nothing was wrong and nothing was changed; {pages}"));
    }
    (Tone::Good, "nothing was wrong and nothing was changed".to_owned())
}

fn unlabelled(cases: &[Case]) -> (Tone, String) {
    let done = effective(cases);
    let incidents = format::count(cases.len(), "incident");
    match done.is_empty() {
        true => (Tone::Plain, format!("{incidents}; nothing was changed")),
        false => (Tone::Plain, format!("{incidents}; it did {}", texts(&done))),
    }
}

fn effective(cases: &[Case]) -> Vec<&Doing> {
    let all = cases.iter().flat_map(|c| &c.actions);
    let done = all.filter(|d| d.action.verb().touches_fleet() && d.took_effect());
    let mut done: Vec<&Doing> = done.collect();
    done.sort_by_key(|d| d.acted);
    done
}

fn texts(doings: &[&Doing]) -> String {
    let texts: Vec<&str> = doings.iter().take(3).map(|d| d.text.as_str()).collect();
    let more = doings.len() - texts.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", texts.join(", then "))
}

/// The key numbers of a trial.
pub(super) fn numbers(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> Vec<Fact> {
    let case = cases.first();
    let mttr = match told.mode {
        Mode::OpenLoop => fact("time to recover", ABSENT.to_owned(), "not claimed in open loop"),
        _ => since(case, StageReached::Recovered, ["time to recover", "users served"]),
    };
    let tally = tally(told);
    let incidents = format!("in {}", format::count(cases.len(), "incident"));
    let pages = format!("{} acknowledged; {}", tally.seen, format::count(tally.notes, "notice"));
    vec![
        since(case, StageReached::Detected, ["time to detect", "first signal"]),
        since(case, StageReached::Decided, ["time to decide", "plan"]),
        mttr,
        culprit(faults, case),
        fact("signals", tally.signals.to_string(), &incidents),
        fact("guardrails refused", tally.refused.to_string(), "rulings that held an action back"),
        fact("pages", tally.pages.to_string(), &pages),
    ]
}

/// From onset to a stage; a stage reached before the onset came early, which is no negative time.
fn since(case: Option<&Case>, stage: StageReached, [name, what]: [&str; 2]) -> Fact {
    match case.and_then(|c| c.until(stage)) {
        Some(took) if took.nanos() < 0 => {
            let early = format!("{} early", format::short(SimDuration::ZERO - took));
            fact(name, early, &format!("{what} before users felt it"))
        }
        Some(took) => fact(name, format::short(took), &format!("onset to {what}")),
        None => fact(name, ABSENT.to_owned(), &format!("onset to {what}")),
    }
}

fn culprit(faults: &[Fault], case: Option<&Case>) -> Fact {
    let Some(top) = case.and_then(Case::top) else {
        return fact("named culprit", ABSENT.to_owned(), "no diagnosis");
    };
    let confidence = format::percent(top.confidence.get());
    let right = match faults.iter().any(|f| f.root_causes.contains(&top.entity)) {
        _ if faults.is_empty() => "no label to compare with",
        true => "the labelled root cause",
        false => "not the labelled root cause",
    };
    fact("named culprit", top.entity.to_string(), &format!("{confidence} sure; {right}"))
}

#[derive(Default)]
struct Tally {
    signals: usize,
    pages: usize,
    seen: usize,
    notes: usize,
    refused: usize,
}

fn tally(told: &Told<'_>) -> Tally {
    let mut tally = Tally::default();
    for line in told.journal.lines() {
        match &line.body {
            Body::Decision(Decision::Anomaly(_)) => tally.signals += 1,
            Body::Decision(Decision::Notify(_)) => tally.notes += 1,
            Body::Decision(Decision::Act(a)) if a.verb() == Verb::PageOnCall => tally.pages += 1,
            Body::Decision(Decision::Verdict(v)) if v.guardrail != "all" => {
                tally.refused += usize::from(v.ruling != crate::model::Ruling::Allow);
            }
            Body::Answer(answer) if answer.kind == AnswerKind::Acknowledged => tally.seen += 1,
            _ => {}
        }
    }
    tally
}

fn fact(name: &str, value: String, note: &str) -> Fact {
    Fact { name: name.to_owned(), value, note: note.to_owned() }
}
