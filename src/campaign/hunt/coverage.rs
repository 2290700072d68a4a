//! Which states of an engine a trial reached, as a set of short texts.
//!
//! In: a trial. Out: verdicts by guardrail and who stopped an action alone, actions by verb and
//! outcome, causes diagnosed, steps from one kind of decision to the next, answers, and what the
//! engine did to the fleet in steps: how much within a while, how often the same, how soon after
//! the last, on how little left, how unsure. Names of services are left out, so that a state
//! reached on one fleet is the same on another. Higher counts are states of their own, so that a
//! search climbs (Padhye et al., "FuzzFactory", OOPSLA 2019: maxima beside coverage).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Body, Decision, Deed, Ruling};
use crate::trial::Trial;
use crate::unit::{ActionId, IncidentId, SimDuration, SimTime};

/// The states that a trial reached.
pub(super) fn states(trial: &Trial) -> BTreeSet<String> {
    let mut reader = Reader::default();
    for line in trial.journal.lines() {
        reader.now = line.time;
        reader.read(&line.body);
    }
    for (what, count) in std::mem::take(&mut reader.counts) {
        let power = usize::BITS - count.leading_zeros();
        reader.found.insert(format!("count {what} 2^{power}"));
    }
    let mut found = reader.found;
    consequences(trial, &mut found);
    found
}

#[derive(Default)]
struct Reader {
    now: SimTime,
    found: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
    acts: Vec<(SimTime, String)>,
    sure: BTreeMap<IncidentId, f64>,
    stoppers: BTreeMap<ActionId, Vec<String>>,
    last: &'static str,
}

impl Reader {
    fn step(&mut self, to: &'static str) {
        if self.last != to {
            self.found.insert(format!("step {}>{to}", self.last));
            self.last = to;
        }
    }

    fn count(&mut self, what: String) {
        *self.counts.entry(what).or_default() += 1;
    }

    fn read(&mut self, body: &Body) {
        match body {
            Body::Decision(decision) => self.decision(decision),
            Body::Outcome(outcome) => {
                self.found.insert(format!("outcome {:?}", outcome.status));
                self.step("outcome");
            }
            Body::Answer(answer) => {
                self.found.insert(format!("answer {:?}", answer.kind));
                self.step("answer");
            }
            Body::EngineFailure(_) => self.step("engine failure"),
            Body::Event(_) | Body::Note(_) => {}
        }
    }

    fn decision(&mut self, decision: &Decision) {
        match decision {
            Decision::Anomaly(a) => {
                self.found.insert(format!("signal {} {:?}", a.detector, a.role));
                self.step("signal");
            }
            Decision::Resolved { .. } => {}
            Decision::Incident(incident) => {
                self.found.insert(format!("incident {:?}", incident.change));
                self.count(format!("incident {:?}", incident.change));
                self.step("incident");
            }
            Decision::Diagnosis(diagnosis) => {
                if let Some(top) = diagnosis.hypotheses.first() {
                    let tenth = (top.confidence.get() * 10.0).floor();
                    self.found.insert(format!("cause {} {tenth}", top.cause));
                    self.sure.insert(diagnosis.incident, top.confidence.get());
                }
                self.step("diagnosis");
            }
            Decision::Plan(plan) => {
                self.found.insert(format!("plan {} {}", plan.cause, plan.actions.len()));
                self.count("plan".to_owned());
                self.step("plan");
            }
            Decision::Verdict(v) if v.guardrail == "all" => {
                // Whoever stops an action alone is what stands between it and the fleet.
                let stopped = self.stoppers.remove(&v.action).unwrap_or_default();
                if let [alone] = stopped.as_slice() {
                    self.found.insert(format!("alone {alone} {:?}", v.ruling));
                }
                self.step("verdict");
            }
            Decision::Verdict(v) => {
                self.found.insert(format!("verdict {} {:?}", v.guardrail, v.ruling));
                if v.ruling != Ruling::Allow {
                    self.stoppers.entry(v.action).or_default().push(v.guardrail.clone());
                }
                self.step("verdict");
            }
            Decision::Ask(action) => {
                self.found.insert(format!("ask {}", action.verb()));
                self.step("ask");
            }
            Decision::Act(action) => self.act(action),
            Decision::Verified(verified) => {
                self.found.insert(format!("verified {}", verified.healed));
                self.step("verified");
            }
            Decision::Notify(_) => self.step("notify"),
        }
    }

    fn act(&mut self, action: &Action) {
        self.found.insert(format!("act {} {:?}", action.verb(), action.risk));
        self.count(format!("act {}", action.verb()));
        if action.verb().touches_fleet() && !action.dry_run {
            let sure = self.sure.get(&action.incident).copied().unwrap_or(0.0);
            let hour = self.now.hour_of_day() as u32 / 4;
            self.found.insert(format!("act sure {:.0}", (sure * 20.0).floor()));
            self.found.insert(format!("act {:?} at {hour}", action.risk));
            self.acts.push((self.now, format!("{} {}", action.verb(), action.target)));
            let near: Vec<&str> = self
                .acts
                .iter()
                .filter(|(time, _)| self.now.since(*time) < HOUR)
                .map(|(_, what)| what.as_str())
                .collect();
            let same = near.iter().filter(|what| Some(**what) == near.last().copied()).count();
            self.found.insert(format!("acts within 1h {}", near.len()));
            self.found.insert(format!("the same act within 1h {same}"));
        }
        self.step("act");
    }
}

const HOUR: SimDuration = SimDuration::from_secs(3600);

/// What was done to the fleet, in steps.
fn consequences(trial: &Trial, found: &mut BTreeSet<String>) {
    let record = &trial.record;
    let mut deeds: Vec<&Deed> = record.deeds.iter().filter(|d| d.action.is_some()).collect();
    deeds.sort_by_key(|deed| deed.began);
    for (index, deed) in deeds.iter().enumerate() {
        let share = |n: u32, of: u32| (f64::from(n) / f64::from(of.max(1)) * 10.0).floor();
        let left =
            share(deed.replicas_before.saturating_sub(deed.replicas_down), deed.replicas_before);
        found.insert(format!("deed {} complete {}", deed.verb, deed.complete));
        found.insert(format!("deed leaves {left}/10"));
        let before = &deeds[..index];
        let near = before.iter().filter(|d| deed.began.since(d.began) < HOUR);
        let touched: u32 = near.map(|d| d.replicas_touched).sum::<u32>() + deed.replicas_touched;
        found.insert(format!("touched within 1h {}/10", share(touched, deed.fleet_before)));
        for earlier in before {
            let same = earlier.target == deed.target;
            match earlier.ended {
                Some(end) if end <= deed.began => {
                    let minutes = deed.began.since(end).secs_f64() / 60.0;
                    let power = minutes.max(1.0).log2().floor();
                    found.insert(format!("deed after 2^{power}m same {same}"));
                }
                _ => {
                    found.insert(format!("deeds overlap same {same}"));
                }
            }
        }
        found.insert(format!("world at deed {}", world_at(trial, deed.began)));
    }
    for service in record.replicas.iter().map(|count| &count.service).collect::<BTreeSet<_>>() {
        let mut sizes = record.replicas.iter().filter(|count| count.service == *service);
        let first = sizes.next().map_or(1, |count| count.desired);
        let most = sizes.map(|count| count.desired).max().unwrap_or(first);
        let added = u32::BITS - most.saturating_sub(first).leading_zeros();
        found.insert(format!("replicas added 2^{added}"));
    }
}

/// How much of the fleet is ready and whether users are served, at an instant.
fn world_at(trial: &Trial, time: SimTime) -> String {
    let mut last = BTreeMap::new();
    for count in trial.record.replicas.iter().filter(|count| count.time <= time) {
        last.insert(&count.service, (count.ready, count.desired));
    }
    let (ready, wanted) = last.values().fold((0, 0), |(r, w), (a, b)| (r + a, w + b));
    let tenths = u64::from(ready) * 10 / u64::from(wanted.max(1));
    let sli = trial.record.sli.iter().rfind(|sample| sample.time <= time);
    let failing = sli.map_or(0.0, |s| s.failed / s.requests.max(1.0));
    format!("ready {tenths}/10 failing {}", failing > 0.01)
}
