//! The result in one sentence, and the key numbers beside it.
//!
//! Never claims more than the mode allows: in open loop no effect and no MTTR. Times count from the
//! onset, when users began to feel it; a stage that was not reached is absent, not 0.

use super::{Case, Doing, Fault, Told, Tone};
use crate::model::{AnswerKind, Body, Decision, SliSample, StageReached, Verb};
use crate::report::format::{self, ABSENT};
use crate::trial::Mode;
use crate::unit::SimTime;

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
        (Mode::OpenLoop, ..) => open(cases),
        (_, true, true) => control(cases),
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
    let Some(case) = cases.iter().find(|c| c.at(StageReached::Recovered).is_some()) else {
        let done = effective(cases);
        if faults.first().is_some_and(|f| unharmed(told, f.window.start)) {
            let what = if done.is_empty() { "nothing".to_owned() } else { texts(&done) };
            let text = format!("users stayed within the objective; the engine did: {what}");
            return (if done.is_empty() { Tone::Plain } else { Tone::Good }, text);
        }
        let tried = match done.is_empty() {
            true => "nothing was done that changed the fleet".to_owned(),
            false => format!("although it did: {}", texts(&done)),
        };
        let detected = if cases.is_empty() { "not detected, " } else { "" };
        return (Tone::Bad, format!("not healed: {detected}{tried}"));
    };
    let took = format::short_or_absent(case.until(StageReached::Recovered));
    let recovered = case.at(StageReached::Recovered);
    let done = effective(std::slice::from_ref(case));
    let before = done.iter().filter(|d| d.acted <= recovered);
    match before.clone().find(|d| d.healed == Some(true)).or_else(|| before.clone().next()) {
        Some(doing) => {
            let verb = format::words(doing.action.verb().as_str());
            (Tone::Good, format!("healed by {verb} of {} in {took}", doing.action.target))
        }
        None => (Tone::Warn, format!("recovered in {took}, without any action of the engine")),
    }
}

/// Whether the record shows that no interval from `start` on missed the objective.
fn unharmed(told: &Told<'_>, start: SimTime) -> bool {
    let Some(objective) = &told.record.objective else { return false };
    let limit = objective.latency_p99.secs_f64();
    let good = |s: &SliSample| {
        s.failed <= s.requests * (1.0 - objective.availability)
            && s.latency_p99_s.is_none_or(|p99| p99 <= limit)
    };
    let mut after = told.record.sli.iter().filter(|s| s.time > start).peekable();
    after.peek().is_some() && after.all(good)
}

fn open(cases: &[Case]) -> (Tone, String) {
    let Some(case) = cases.first() else {
        return (Tone::Bad, "no incident was opened".to_owned());
    };
    let touches = |d: &&Doing| d.action.verb().touches_fleet() && d.acted.is_some();
    let after = case.until(StageReached::Decided).map(format::short);
    let after = after.map(|t| format!(", decided {t} after onset")).unwrap_or_default();
    match case.actions.iter().find(touches) {
        Some(doing) => (Tone::Plain, format!("would have done: {}{after}", doing.text)),
        None if case.actions.iter().any(|d| d.action.verb() == Verb::PageOnCall) => {
            let named = case.top().map(super::phrases::hypothesis).unwrap_or_default();
            (Tone::Plain, format!("would have paged a person ({named}){after}"))
        }
        None => (Tone::Warn, "an incident was opened; nothing would have been done".to_owned()),
    }
}

fn control(cases: &[Case]) -> (Tone, String) {
    let done = effective(cases);
    if done.is_empty() {
        return (Tone::Good, "nothing was wrong and nothing was changed".to_owned());
    }
    (Tone::Bad, format!("nothing was wrong, yet it acted: {}", texts(&done)))
}

fn effective(cases: &[Case]) -> Vec<&Doing> {
    let all = cases.iter().flat_map(|c| &c.actions);
    all.filter(|d| d.action.verb().touches_fleet() && d.took_effect()).collect()
}

fn texts(doings: &[&Doing]) -> String {
    let texts: Vec<&str> = doings.iter().take(3).map(|d| d.text.as_str()).collect();
    texts.join(", ")
}

/// The key numbers of a trial.
pub(super) fn numbers(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> Vec<Fact> {
    let case = cases.first();
    let since_onset = |stage| format::short_or_absent(case.and_then(|c| c.until(stage)));
    let mttr = match told.mode {
        Mode::OpenLoop => fact("time to recover", ABSENT.to_owned(), "not claimed in open loop"),
        _ => fact("time to recover", since_onset(StageReached::Recovered), "onset to users served"),
    };
    let (signals, pages, refused) = tally(told);
    vec![
        fact("time to detect", since_onset(StageReached::Detected), "onset to first signal"),
        fact("time to decide", since_onset(StageReached::Decided), "onset to plan"),
        mttr,
        culprit(faults, case),
        fact(
            "signals",
            signals.to_string(),
            &format!("in {}", format::count(cases.len(), "incident")),
        ),
        fact("guardrails refused", refused.to_string(), "rulings that held an action back"),
        fact("pages", pages.0.to_string(), &format!("{} acknowledged", pages.1)),
    ]
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

fn tally(told: &Told<'_>) -> (usize, (usize, usize), usize) {
    let (mut signals, mut pages, mut seen, mut refused) = (0, 0, 0, 0);
    for line in told.journal.lines() {
        match &line.body {
            Body::Decision(Decision::Anomaly(_)) => signals += 1,
            Body::Decision(Decision::Act(a)) if a.verb() == Verb::PageOnCall => pages += 1,
            Body::Decision(Decision::Verdict(v)) if v.guardrail != "all" => {
                refused += usize::from(v.ruling != crate::model::Ruling::Allow);
            }
            Body::Answer(answer) if answer.kind == AnswerKind::Acknowledged => seen += 1,
            _ => {}
        }
    }
    (signals, (pages, seen), refused)
}

fn fact(name: &str, value: String, note: &str) -> Fact {
    Fact { name: name.to_owned(), value, note: note.to_owned() }
}
