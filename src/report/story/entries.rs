//! The story's lines in time order, with the noise taken out.
//!
//! In: journal, truth and stage times. Out: entries sorted by time and lane. Signals of one instant
//! become one line, repeated events of one entity are counted, a diagnosis is told again only when
//! it changed. Known limit: what was collapsed is only in the audit log.

use std::collections::{BTreeMap, BTreeSet};

use super::phrases::{self, answer_words, change_word, outcome_words, ruling};
use super::{Case, Entry, Fault, Lane, Told, Tone};
use crate::model::{
    Action, Anomaly, Body, Cause, Decision, Diagnosis, EntityKind, Event, EventKind, Incident,
    IncidentChange, Line, Plan, Ruling, StageReached, Verb, Verdict,
};
use crate::report::format;
use crate::unit::{ActionId, IncidentId, Name, SimDuration, SimTime};

/// Repeats within this time of the last one are counted, not told again.
const REPEAT: SimDuration = SimDuration::from_secs(600);

/// Reasons of Kubernetes events that a replica's ordinary life brings, as Kubernetes writes them.
const ROUTINE: [&str; 8] = [
    "Created",
    "Killing",
    "Pulled",
    "Pulling",
    "Scheduled",
    "Started",
    "SuccessfulCreate",
    "SuccessfulDelete",
];

/// The smallest change of confidence worth a line.
const CONFIDENCE_STEP: f64 = 0.1;

/// All entries of a trial.
pub(super) fn entries(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> Vec<Entry> {
    let map = told.topology;
    let replicas = map.iter().filter(|(_, e)| e.kind == EntityKind::Replica);
    let services = replicas.map(|(id, e)| (e.name.clone(), map.name(map.service_of(id)).clone()));
    let mut teller = Teller { services: services.collect(), ..Teller::default() };
    for fault in faults {
        teller.fault(told, fault);
    }
    for line in told.journal.lines() {
        teller.line(line);
    }
    teller.flush();
    teller.notices();
    if let Some(at) = cases.iter().find_map(|c| c.at(StageReached::Recovered)) {
        let text = "users are served within the objective again".to_owned();
        teller.say(at, Lane::Recovery, Tone::Good, text);
    }
    teller.out.sort_by_key(|e| (e.time, e.lane));
    teller.out
}

#[derive(Default)]
struct Teller {
    out: Vec<Entry>,
    services: BTreeMap<Name, Name>,
    pending: Vec<Anomaly>,
    resolved: (Option<SimTime>, usize),
    repeats: BTreeMap<(Option<Name>, String), Repeat>,
    diagnosed: BTreeMap<IncidentId, (Name, Cause, f64)>,
    names: BTreeMap<ActionId, String>,
    last_plan: BTreeMap<IncidentId, String>,
    pages: BTreeSet<ActionId>,
    ruled: BTreeSet<ActionId>,
    notices: Vec<(SimTime, String)>,
}

struct Repeat {
    index: usize,
    text: String,
    times: usize,
}

impl Teller {
    fn say(&mut self, time: SimTime, lane: Lane, tone: Tone, text: String) {
        self.out.push(Entry { time, until: None, lane, text, tone });
    }

    fn fault(&mut self, told: &Told<'_>, fault: &Fault) {
        let causes: Vec<&str> = fault.root_causes.iter().map(Name::as_str).collect();
        let cause = fault.cause.as_deref().map_or_else(|| fault.id.clone(), format::words);
        let text = format!("fault begins: {cause} of {}", causes.join(", "));
        let until = (fault.window.end < told.window.end).then_some(fault.window.end);
        let (time, lane) = (fault.window.start, Lane::Fault);
        self.out.push(Entry { time, until, lane, text, tone: Tone::Bad });
        if let Some(onset) = fault.onset.filter(|o| *o > fault.window.start) {
            self.say(onset, Lane::Fault, Tone::Bad, "users begin to feel it".to_owned());
        }
    }

    fn line(&mut self, line: &Line) {
        let same = |at: SimTime| at == line.time;
        let is_anomaly = matches!(line.body, Body::Decision(Decision::Anomaly(_)));
        if !is_anomaly || !self.pending.last().is_none_or(|a| same(a.raised)) {
            self.flush_signals();
        }
        if self.resolved.0.is_some_and(|at| !same(at)) {
            self.flush_resolved();
        }
        match &line.body {
            Body::Decision(decision) => self.decision(line.time, decision),
            Body::Outcome(outcome) => {
                let name = self.name(outcome.action);
                let (tone, word) = outcome_words(outcome.status);
                if outcome.status.is_final() {
                    let page = self.pages.contains(&outcome.action);
                    let lane = if page { Lane::People } else { Lane::Outcome };
                    let more = detail(&outcome.detail);
                    self.say(line.time, lane, tone, format!("{word}: {name}{more}"));
                }
            }
            Body::Answer(answer) => {
                let name = self.name(answer.action);
                let (tone, word) = answer_words(answer.kind);
                self.say(
                    line.time,
                    Lane::People,
                    tone,
                    format!("{} {word}: {name}{}", answer.person, detail(&answer.detail)),
                );
            }
            Body::Event(event) => self.event(line.time, event),
            Body::Note(note) => self.say(line.time, Lane::Note, Tone::Warn, note.clone()),
            Body::EngineFailure(failure) => {
                self.say(line.time, Lane::Note, Tone::Bad, failure.to_string());
            }
        }
    }

    fn decision(&mut self, time: SimTime, decision: &Decision) {
        match decision {
            Decision::Anomaly(anomaly) => self.pending.push(anomaly.clone()),
            Decision::Resolved { .. } => self.resolved = (Some(time), self.resolved.1 + 1),
            Decision::Incident(incident) => self.incident(time, incident),
            Decision::Diagnosis(diagnosis) => self.diagnosis(time, diagnosis),
            Decision::Plan(plan) => self.plan(time, plan),
            Decision::Verdict(verdict) => self.verdict(time, verdict),
            Decision::Ask(action) => {
                self.learn(action);
                let text = format!("asked to approve: {}", phrases::action(action));
                self.say(time, Lane::People, Tone::Warn, text);
            }
            Decision::Act(action) => self.act(time, action),
            Decision::Verified(seen) => {
                let (tone, word) = match seen.healed {
                    true => (Tone::Good, "it worked"),
                    false => (Tone::Bad, "it did not help"),
                };
                let name = self.name(seen.action);
                let text = format!("verified, {word}: {name}{}", detail(&seen.checked));
                self.say(time, Lane::Outcome, tone, text);
            }
            Decision::Notify(told) => self.notices.push((time, told.text.clone())),
        }
    }

    fn plan(&mut self, time: SimTime, plan: &Plan) {
        plan.actions.iter().for_each(|action| self.learn(action));
        let steps: Vec<String> = plan.actions.iter().map(phrases::action).collect();
        let steps =
            if steps.is_empty() { "nothing to do".to_owned() } else { steps.join(", then ") };
        let cause = format::words(plan.cause.as_str());
        let confidence = format::percent(plan.confidence.get());
        let text = format!("{}: {steps} ({cause} of {}, {confidence})", plan.incident, plan.entity);
        if self.last_plan.insert(plan.incident, text.clone()).as_ref() != Some(&text) {
            self.say(time, Lane::Plan, Tone::Plain, text);
        }
    }

    fn verdict(&mut self, time: SimTime, verdict: &Verdict) {
        let (word, tone) = ruling(verdict.ruling);
        let name = self.name(verdict.action);
        if verdict.ruling == Ruling::Allow {
            if verdict.guardrail == "all" && !self.pages.contains(&verdict.action) {
                self.say(time, Lane::Guard, tone, format!("{name}: {}", verdict.saw));
            }
            return;
        }
        let first = self.ruled.insert(verdict.action);
        if verdict.guardrail == "all" && !first {
            return;
        }
        let who = if verdict.guardrail == "all" { "all guardrails" } else { &verdict.guardrail };
        let why = [verdict.saw.as_str(), verdict.limit.as_str()];
        let why: Vec<&str> = why.into_iter().filter(|w| !w.is_empty()).collect();
        let text = format!("{who}, {word}: {name}{}", detail(&why.join(", ")));
        self.say(time, Lane::Guard, tone, text);
    }

    fn act(&mut self, time: SimTime, action: &Action) {
        self.learn(action);
        let text = phrases::action(action);
        let dry = if action.dry_run { "dry run, not done: " } else { "" };
        let (lane, tone) = match action.verb() {
            Verb::PageOnCall => (Lane::People, Tone::Warn),
            _ => (Lane::Action, Tone::Plain),
        };
        self.say(time, lane, tone, format!("{dry}{text}"));
    }

    /// What the team was told, unless a line of the same instant says it already.
    fn notices(&mut self) {
        let telling = |e: &&Entry| !matches!(e.lane, Lane::Signal | Lane::Event | Lane::Note);
        let told: BTreeSet<SimTime> = self.out.iter().filter(telling).map(|e| e.time).collect();
        for (time, text) in std::mem::take(&mut self.notices) {
            if !told.contains(&time) {
                self.say(time, Lane::People, Tone::Plain, format!("team told: {text}"));
            }
        }
    }

    fn learn(&mut self, action: &Action) {
        self.names.insert(action.id, phrases::action(action));
        if action.verb() == Verb::PageOnCall {
            self.pages.insert(action.id);
        }
    }

    fn name(&self, action: ActionId) -> String {
        self.names.get(&action).cloned().unwrap_or_else(|| action.to_string())
    }

    fn incident(&mut self, time: SimTime, incident: &Incident) {
        if incident.change == IncidentChange::Grew {
            return;
        }
        let mut text = format!("{} {}", incident.id, change_word(incident.change));
        if let Some(other) = incident.other {
            let link = if incident.change == IncidentChange::Merged { "into" } else { "from" };
            text.push_str(&format!(" {link} {other}"));
        }
        if incident.change != IncidentChange::Closed {
            let signals = format::count(incident.anomalies.len(), "signal");
            let places = some_of(incident.anomalies.iter().map(|a| &a.entity));
            text.push_str(&format!(": {signals} of {places}"));
        }
        if let (IncidentChange::Opened, Some(change)) = (incident.change, incident.changes.last()) {
            text.push_str(&format!("; suspect change: {}", phrases::event(change)));
        }
        let good = incident.change == IncidentChange::Closed;
        let tone = if good { Tone::Good } else { Tone::Warn };
        self.say(time, Lane::Incident, tone, text);
    }

    fn diagnosis(&mut self, time: SimTime, diagnosis: &Diagnosis) {
        let Some(top) = diagnosis.hypotheses.first() else { return };
        let now = (top.entity.clone(), top.cause, top.confidence.get());
        let before = self.diagnosed.get(&diagnosis.incident);
        let same = before.is_some_and(|(entity, cause, confidence)| {
            (entity, *cause) == (&now.0, now.1) && (confidence - now.2).abs() < CONFIDENCE_STEP
        });
        if same {
            return;
        }
        let again = if before.is_some() { "now " } else { "" };
        let text = format!("{}: {again}{}", diagnosis.incident, phrases::hypothesis(top));
        self.diagnosed.insert(diagnosis.incident, now);
        self.say(time, Lane::Diagnosis, Tone::Plain, text);
    }

    fn event(&mut self, time: SimTime, event: &Event) {
        let lane = if event.kind.is_change() { Lane::Change } else { Lane::Event };
        let routine = ROUTINE.contains(&event.reason.as_str());
        let warns = event.kind == EventKind::Kubernetes && !routine;
        let tone = if warns { Tone::Warn } else { Tone::Plain };
        let service = event.entity.as_ref().map(|e| self.services.get(e).unwrap_or(e).clone());
        let text = match (&service, routine) {
            (Some(service), true) => format!("replicas of {service} replaced"),
            (Some(service), false) => {
                phrases::event(&Event { entity: Some(service.clone()), ..event.clone() })
            }
            (None, _) => phrases::event(event),
        };
        let reason = if routine { "replaced" } else { &event.reason };
        let key = (service, reason.to_owned());
        if let Some(repeat) = self.repeats.get_mut(&key).filter(|_| lane == Lane::Event) {
            let first = &mut self.out[repeat.index];
            let last = first.until.unwrap_or(first.time);
            if time.since(last) <= REPEAT {
                repeat.times += 1;
                first.until = Some(time);
                let span = format::short(time.since(first.time));
                first.text = format!("{} (×{} in {span})", repeat.text, repeat.times);
                return;
            }
        }
        let repeat = Repeat { index: self.out.len(), text: text.clone(), times: 1 };
        self.repeats.insert(key, repeat);
        self.say(time, lane, tone, text);
    }

    fn flush(&mut self) {
        self.flush_signals();
        self.flush_resolved();
    }

    fn flush_signals(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let mut by_entity: BTreeMap<Name, Vec<&Anomaly>> = BTreeMap::new();
        for anomaly in &pending {
            by_entity.entry(anomaly.entity.clone()).or_default().push(anomaly);
        }
        if by_entity.len() > 3 {
            let places = some_of(by_entity.keys());
            let text = signals(&pending.iter().collect::<Vec<_>>(), &places);
            self.say(pending[0].raised, Lane::Signal, Tone::Warn, text);
            return;
        }
        for (entity, group) in by_entity {
            let text = signals(&group, &entity);
            self.say(group[0].raised, Lane::Signal, Tone::Warn, text);
        }
    }

    fn flush_resolved(&mut self) {
        if let (Some(at), n) = std::mem::take(&mut self.resolved) {
            let verb = if n == 1 { "is" } else { "are" };
            let text = format!("{} {verb} back to normal", format::count(n, "signal"));
            self.say(at, Lane::Signal, Tone::Good, text);
        }
    }
}

fn signals(group: &[&Anomaly], places: &str) -> String {
    let strongest = group.iter().copied().reduce(|a, b| if b.score > a.score { b } else { a });
    let strongest = strongest.map(phrases::anomaly).unwrap_or_default();
    match group.len() {
        0 | 1 => strongest,
        n => format!("{n} signals of {places}, e.g. {strongest}"),
    }
}

fn some_of<'a>(names: impl Iterator<Item = &'a Name>) -> String {
    let names: BTreeSet<&Name> = names.collect();
    let shown: Vec<&str> = names.iter().take(3).map(|n| n.as_str()).collect();
    match names.len() {
        0..=3 => shown.join(", "),
        n => format!("{} and {} more", shown.join(", "), n - 3),
    }
}

fn detail(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("; {text}") }
}
