//! Which states of an engine a trial reached, as a set of short texts.
//!
//! In: a trial. Out: verdicts by guardrail, actions by verb and outcome, causes diagnosed, steps
//! from one kind of decision to the next, answers, and counts by power of two: twice as many
//! actions on one target is another state. Names of services are left out, so that a state reached
//! on one fleet is the same on another.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Body, Decision};
use crate::trial::Trial;

/// The states that a trial reached.
pub(super) fn states(trial: &Trial) -> BTreeSet<String> {
    let mut reader = Reader::default();
    trial.journal.lines().iter().for_each(|line| reader.read(&line.body));
    for (what, count) in std::mem::take(&mut reader.counts) {
        let power = usize::BITS - count.leading_zeros();
        reader.found.insert(format!("count {what} 2^{power}"));
    }
    if let Some(most) = reader.targets.values().max() {
        reader.found.insert(format!("the same act {most} times"));
    }
    let deeds = &trial.record.deeds;
    for deed in deeds {
        let share = f64::from(deed.replicas_touched) / f64::from(deed.fleet_before.max(1));
        let complete = deed.complete;
        reader.found.insert(format!("deed {} {:.0}/10 {complete}", deed.verb, share * 10.0));
    }
    reader.found
}

#[derive(Default)]
struct Reader {
    found: BTreeSet<String>,
    counts: BTreeMap<String, usize>,
    targets: BTreeMap<String, usize>,
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
                }
                self.step("diagnosis");
            }
            Decision::Plan(plan) => {
                self.found.insert(format!("plan {} {}", plan.cause, plan.actions.len()));
                self.count("plan".to_owned());
                self.step("plan");
            }
            Decision::Verdict(v) => {
                self.found.insert(format!("verdict {} {:?}", v.guardrail, v.ruling));
                self.step("verdict");
            }
            Decision::Ask(action) => {
                self.found.insert(format!("ask {}", action.verb()));
                self.step("ask");
            }
            Decision::Act(action) => {
                self.found.insert(format!("act {} {:?}", action.verb(), action.risk));
                self.count(format!("act {}", action.verb()));
                self.targets
                    .entry(format!("{} {}", action.verb(), action.target))
                    .and_modify(|n| *n += 1)
                    .or_insert(1);
                self.step("act");
            }
            Decision::Verified(verified) => {
                self.found.insert(format!("verified {}", verified.healed));
                self.step("verified");
            }
            Decision::Notify(_) => self.step("notify"),
        }
    }
}
