//! A trial without what does not matter: no ids, no evidence, no values beyond six digits.
//!
//! In: a trial. Out: stages of the main incident, scores, and one line for each signal, incident,
//! diagnosis that changed its mind, plan, ruling of a guardrail that held something back, order,
//! outcome, answer and page. Times are of day in whole seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::campaign::incidents;
use crate::campaign::judge::main_incident;
use crate::model::{Body, Decision, Diagnosis, Incident, IncidentChange, Ruling};
use crate::trial::Trial;
use crate::unit::{IncidentId, SimTime};

/// What a trial came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Golden {
    /// The scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// When the main incident reached each stage.
    pub stages: BTreeMap<String, SimTime>,
    /// Numbers of the scorecard that are there.
    pub scores: BTreeMap<String, f64>,
    /// What was said and done, in order.
    pub lines: Vec<Line>,
}

/// One thing that was said or done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// When, in whole seconds.
    pub at: SimTime,
    /// What sort: signal, incident, diagnosis, plan, verdict, act, ask, outcome, answer, verified.
    pub what: String,
    /// Of what; equal subjects are the same thing.
    pub of: String,
    /// What was said of it.
    pub said: String,
}

/// Scores that are kept: name and place on the scorecard.
const SCORES: [(&str, &str); 12] = [
    ("ac@1", "/localization/ac@1/value"),
    ("acts", "/safety/acts"),
    ("bad_minutes", "/impact/bad_minutes/value"),
    ("bad_requests", "/impact/bad_requests/value"),
    ("cause_accuracy", "/localization/cause_accuracy/value"),
    ("extra_replica_hours", "/impact/extra_replica_hours/value"),
    ("false_alarms_per_day", "/detection/false_alarms_per_day/value"),
    ("mttd_s", "/timing/mttd_s/mean"),
    ("mttr_s", "/timing/mttr_s/mean"),
    ("not_recovered", "/timing/not_recovered/value"),
    ("pages", "/impact/pages/value"),
    ("recall", "/detection/recall/value"),
];

impl Golden {
    /// The golden of a trial.
    #[must_use]
    pub fn of(trial: &Trial) -> Self {
        let incidents = incidents::read(trial);
        let stages = main_incident(&incidents).map(|main| main.stages.in_order());
        let name = |stage| match serde_json::to_value(stage) {
            Ok(Value::String(name)) => name,
            _ => String::new(),
        };
        let stages = stages.into_iter().flatten();
        let stages = stages.filter_map(|(stage, at)| Some((name(stage), whole(at?)))).collect();
        let card = trial.scorecard.clone().without_findings();
        let card = serde_json::to_value(card).expect("plain data serialises");
        let mut scores: BTreeMap<String, f64> = SCORES
            .iter()
            .filter_map(|(name, at)| Some(((*name).to_owned(), card.pointer(at)?.as_f64()?)))
            .collect();
        let violations = card.pointer("/safety/violations").and_then(Value::as_object);
        for (kind, count) in violations.into_iter().flatten() {
            if let Some(count) = count.as_f64().filter(|count| *count > 0.0) {
                scores.insert(format!("violations.{kind}"), count);
            }
        }
        scores.values_mut().for_each(|value| *value = rounded(*value));
        let mut reader = Reader::default();
        trial.journal.lines().iter().for_each(|line| reader.read(line.time, &line.body));
        Self { scenario: trial.name.clone(), seed: trial.seed, stages, scores, lines: reader.lines }
    }
}

/// Six significant digits: what differs less differs by rounding.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn whole(time: SimTime) -> SimTime {
    SimTime::from_secs(time.nanos().div_euclid(1_000_000_000))
}

#[derive(Default)]
struct Reader {
    lines: Vec<Line>,
    blamed: BTreeMap<IncidentId, String>,
    names: BTreeMap<u32, String>,
}

impl Reader {
    fn say(&mut self, at: SimTime, what: &str, of: String, said: String) {
        self.lines.push(Line { at: whole(at), what: what.to_owned(), of, said });
    }

    fn read(&mut self, at: SimTime, body: &Body) {
        match body {
            Body::Decision(decision) => self.decision(at, decision),
            Body::Outcome(outcome) if outcome.status.is_final() => {
                let of = self.name(outcome.action.0);
                self.say(at, "outcome", of, format!("{:?}", outcome.status).to_lowercase());
            }
            Body::Answer(answer) => {
                let of = self.name(answer.action.0);
                self.say(at, "answer", of, format!("{:?}", answer.kind).to_lowercase());
            }
            Body::EngineFailure(failure) => {
                let said = format!("{:?}", failure.kind).to_lowercase();
                self.say(at, "engine failure", "the engine".to_owned(), said);
            }
            Body::Outcome(_) | Body::Event(_) | Body::Note(_) => {}
        }
    }

    fn name(&self, action: u32) -> String {
        self.names.get(&action).cloned().unwrap_or_else(|| "an unknown action".to_owned())
    }

    fn decision(&mut self, at: SimTime, decision: &Decision) {
        match decision {
            Decision::Anomaly(a) => {
                let signal: String = a.signal.chars().take(80).collect();
                self.say(at, "signal", format!("{} {signal}", a.entity), a.detector.clone());
            }
            Decision::Incident(incident) => self.incident(at, incident),
            Decision::Diagnosis(diagnosis) => self.diagnosis(at, diagnosis),
            Decision::Plan(plan) => {
                for action in &plan.actions {
                    self.names.insert(action.id.0, format!("{} {}", action.verb(), action.target));
                }
                let steps: Vec<String> =
                    plan.actions.iter().map(|a| format!("{} {}", a.verb(), a.target)).collect();
                let of = format!("{}/{}", plan.entity, plan.cause);
                self.say(at, "plan", of, steps.join(", "));
            }
            Decision::Verdict(v) if v.ruling != Ruling::Allow || v.guardrail == "all" => {
                let said = format!("{:?}", v.ruling).to_lowercase();
                let of = format!("{} of {}", v.guardrail, self.name(v.action.0));
                self.say(at, "verdict", of, said);
            }
            Decision::Ask(action) | Decision::Act(action) => {
                let of = format!("{} {}", action.verb(), action.target);
                self.names.insert(action.id.0, of.clone());
                let what = if matches!(decision, Decision::Ask(_)) { "ask" } else { "act" };
                let said = if action.dry_run { "dry run" } else { "" };
                self.say(at, what, of, said.to_owned());
            }
            Decision::Verified(verified) => {
                let of = self.name(verified.action.0);
                let said = if verified.healed { "worked" } else { "no help" };
                self.say(at, "verified", of, said.to_owned());
            }
            _ => {}
        }
    }

    fn incident(&mut self, at: SimTime, incident: &Incident) {
        if incident.change == IncidentChange::Grew {
            return;
        }
        let entity = incident.anomalies.first().map_or("", |a| a.entity.as_str());
        let said = format!("{:?}", incident.change).to_lowercase();
        self.say(at, "incident", format!("around {entity}"), said);
    }

    fn diagnosis(&mut self, at: SimTime, diagnosis: &Diagnosis) {
        let Some(top) = diagnosis.hypotheses.first() else { return };
        let said = format!("{}/{} {}", top.entity, top.cause, top.confidence);
        let named = format!("{}/{}", top.entity, top.cause);
        if self.blamed.insert(diagnosis.incident, said.clone()).as_ref() != Some(&said) {
            self.say(at, "diagnosis", named, top.confidence.to_string());
        }
    }
}
