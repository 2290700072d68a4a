//! A trial drawn by hand, for tests: lines of a journal, labels and deeds, one call each.
//!
//! Times are seconds; the run lasts an hour. Every act is a restart for incident 1.

use crate::model::*;
use crate::unit::*;

use super::case::Case;
use super::evidence::{Evidence as Material, Mode};
use super::safety::{Check, Rules};
use super::scorecard::{Scorecard, score};

/// The drawing.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    /// What really happened.
    pub(crate) record: WorldRecord,
    truth: Option<Truth>,
    topology: Option<Topology>,
    candidates: Vec<Name>,
    lines: Vec<(SimTime, Body)>,
    risk: Risk,
    mode: Mode,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            record: WorldRecord::default(),
            truth: None,
            topology: None,
            candidates: ["a", "b", "c", "d"].map(Name::from).to_vec(),
            lines: Vec::new(),
            risk: Risk::Reversible,
            mode: Mode::ClosedLoop,
        }
    }
}

pub(crate) fn at(secs: i64) -> SimTime {
    SimTime::from_secs(secs)
}

impl Sketch {
    fn line(mut self, secs: i64, body: Body) -> Self {
        self.lines.push((at(secs), body));
        self
    }

    fn say(self, secs: i64, decision: Decision) -> Self {
        self.line(secs, Body::Decision(decision))
    }

    fn action(&self, id: u32, target: &str, operation: Operation, dry_run: bool) -> Action {
        Action {
            id: ActionId(id),
            incident: IncidentId(1),
            target: Name::from(target),
            operation,
            risk: self.risk,
            dry_run,
            reason: String::new(),
        }
    }

    pub(crate) fn act(self, secs: i64, id: u32, target: &str) -> Self {
        let action = self.action(id, target, Operation::Restart, false);
        self.say(secs, Decision::Act(action))
    }

    pub(crate) fn dry_run(self, secs: i64, id: u32, target: &str) -> Self {
        let action = self.action(id, target, Operation::Restart, true);
        self.say(secs, Decision::Act(action))
    }

    pub(crate) fn page(self, secs: i64, id: u32) -> Self {
        let page = Operation::PageOnCall { summary: String::new() };
        let action = self.action(id, "a", page, false);
        self.say(secs, Decision::Act(action))
    }

    pub(crate) fn plan(self, secs: i64, id: u32, target: &str) -> Self {
        let actions = vec![self.action(id, target, Operation::Restart, false)];
        let plan = Plan {
            incident: IncidentId(1),
            entity: Name::from(target),
            cause: Cause::BadDeploy,
            confidence: Ratio::ZERO,
            actions,
            rejected: vec![(Verb::PageOnCall, "kept".to_owned())],
        };
        self.say(secs, Decision::Plan(plan))
    }

    pub(crate) fn verdict(self, secs: i64, id: u32) -> Self {
        let verdict = Verdict {
            action: ActionId(id),
            guardrail: "all".to_owned(),
            ruling: Ruling::Allow,
            saw: String::new(),
            limit: String::new(),
        };
        self.say(secs, Decision::Verdict(verdict))
    }

    pub(crate) fn notify(self, secs: i64, action: Option<u32>) -> Self {
        let action = action.map(ActionId);
        let text = String::new();
        self.say(secs, Decision::Notify(Notification { incident: IncidentId(1), action, text }))
    }

    pub(crate) fn outcome(self, secs: i64, id: u32) -> Self {
        let (time, status) = (at(secs), OutcomeStatus::Applied);
        let detail = String::new();
        self.line(secs, Body::Outcome(Outcome { action: ActionId(id), time, status, detail }))
    }

    pub(crate) fn engine_fails(self, secs: i64) -> Self {
        let (kind, detail) = (FailureKind::TimedOut, "no reply".to_owned());
        self.line(secs, Body::EngineFailure(EngineFailure { kind, detail, fatal: true }))
    }

    pub(crate) fn approve(self, secs: i64, id: u32) -> Self {
        let (action, kind) = (ActionId(id), AnswerKind::Approved);
        let detail = String::new();
        let answer = Answer { action, time: at(secs), kind, person: Name::from("ann"), detail };
        self.line(secs, Body::Answer(answer))
    }

    pub(crate) fn diagnose(self, secs: i64, entity: &str, confidence: f64) -> Self {
        self.blame(secs, &[(entity, Cause::BadDeploy, confidence)])
    }

    pub(crate) fn blame(self, secs: i64, blamed: &[(&str, Cause, f64)]) -> Self {
        let hypothesis = |(entity, cause, confidence): &(&str, Cause, f64)| Hypothesis {
            entity: Name::from(*entity),
            cause: *cause,
            confidence: Ratio::clamped(*confidence),
            evidence: vec![Evidence {
                method: "mad".to_owned(),
                text: "seen".to_owned(),
                weight: 1.0,
                time: None,
            }],
        };
        let diagnosis = Diagnosis {
            incident: IncidentId(1),
            hypotheses: blamed.iter().map(hypothesis).collect(),
            tree: None,
            summary: String::new(),
        };
        self.say(secs, Decision::Diagnosis(diagnosis))
    }

    pub(crate) fn open(self, secs: i64, id: u32, entity: &str) -> Self {
        let anomaly = Anomaly {
            id,
            detector: "mad".to_owned(),
            class: SignalClass::Metric,
            entity: Name::from(entity),
            instance: None,
            signal: "m".to_owned(),
            role: Role::Errors,
            since: at(secs),
            raised: at(secs),
            score: 2.0,
            direction: Direction::Up,
            observed: None,
            expected: None,
            unit: String::new(),
        };
        let incident = Incident {
            id: IncidentId(id),
            change: IncidentChange::Opened,
            other: None,
            opened: at(secs),
            since: at(secs),
            anomalies: vec![anomaly.clone()],
            changes: Vec::new(),
            reason: String::new(),
        };
        self.say(secs, Decision::Anomaly(anomaly)).say(secs, Decision::Incident(incident))
    }

    pub(crate) fn healthy(mut self) -> Self {
        self.truth.get_or_insert_default();
        self
    }

    pub(crate) fn truth(mut self, start: i64, end: i64, root: &str) -> Self {
        self.truth.get_or_insert_default().incidents.push(TrueIncident {
            id: format!("{root}-{start}"),
            window: Window { start: at(start), end: at(end) },
            onset: None,
            root_causes: vec![Name::from(root)],
            cause: Some(Cause::BadDeploy),
            acceptable: Vec::new(),
            forbidden: Vec::new(),
            tolerance_before: SimDuration::ZERO,
            tolerance_after: SimDuration::ZERO,
            alarm: None,
        });
        self
    }

    pub(crate) fn forbid(&mut self, verb: Verb) {
        for incident in &mut self.truth.get_or_insert_default().incidents {
            incident.forbidden.push(verb);
        }
    }

    pub(crate) fn accept(&mut self, verb: Verb) {
        for incident in &mut self.truth.get_or_insert_default().incidents {
            incident.acceptable.push(verb);
        }
    }

    pub(crate) fn calls(mut self, pairs: &[(&str, &str)]) -> Self {
        let map = self.topology.get_or_insert_default();
        for (caller, callee) in pairs {
            let (caller, callee) = (map.service(caller), map.service(callee));
            map.call(caller, callee);
        }
        self
    }

    pub(crate) fn risk(mut self, risk: Risk) -> Self {
        self.risk = risk;
        self
    }

    pub(crate) fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// A fleet of so many replicas whose users are well; bad from `bad.0` to `bad.1` seconds.
    pub(crate) fn users(mut self, bad: (i64, i64)) -> Self {
        self = self.fleet(20);
        self.record.interval = SimDuration::from_secs(10);
        self.record.sli = (1..=360)
            .map(|i| SliSample {
                time: at(i * 10),
                requests: 100.0,
                failed: if (bad.0..bad.1).contains(&(i * 10 - 10)) { 50.0 } else { 0.0 },
                latency_p99_s: Some(0.1),
            })
            .collect();
        self
    }

    pub(crate) fn fleet(mut self, replicas: u32) -> Self {
        self.record.objective = Some(Objective {
            service: Name::from("web"),
            availability: 0.99,
            latency_p99: SimDuration::from_secs(1),
            sustained: SimDuration::from_secs(60),
        });
        self.replicas(0, "fleet", replicas)
    }

    pub(crate) fn replicas(mut self, secs: i64, service: &str, desired: u32) -> Self {
        let service = Name::from(service);
        self.record.replicas.push(ReplicaCount {
            time: at(secs),
            service,
            desired,
            ready: desired,
        });
        self
    }

    pub(crate) fn deed(mut self, from: i64, to: i64, id: u32, target: &str, touched: u32) -> Self {
        let fleet_before = self.record.replicas.first().map_or(0, |r| r.desired);
        self.record.deeds.push(Deed {
            began: at(from),
            ended: Some(at(to)),
            action: Some(ActionId(id)),
            verb: Verb::Restart,
            target: Name::from(target),
            replicas_down: 1,
            replicas_touched: touched,
            replicas_before: touched,
            fleet_before,
            nodes: Vec::new(),
            zones: Vec::new(),
            complete: true,
            reverted: false,
        });
        self
    }

    /// The same trial with its lines edited; a line for which `keep` is false is deleted.
    pub(crate) fn edited(mut self, keep: impl Fn(&mut Body) -> bool) -> Self {
        self.lines.retain_mut(|(_, body)| keep(body));
        self
    }

    /// An act for another incident.
    pub(crate) fn act_for(self, secs: i64, incident: u32, id: u32, target: &str) -> Self {
        let mut action = self.action(id, target, Operation::Restart, false);
        action.incident = IncidentId(incident);
        self.say(secs, Decision::Act(action))
    }

    /// The engine claims that an act healed.
    pub(crate) fn healed(self, secs: i64, id: u32) -> Self {
        let (action, checked) = (ActionId(id), "it says so".to_owned());
        self.say(secs, Decision::Verified(Verification { action, healed: true, checked }))
    }

    /// The trial that a rule's help text draws: statements such as `0-60 deed 1 a 4`,
    /// separated by semicolons.
    pub(crate) fn read(text: &str) -> Self {
        text.split(';').map(str::trim).fold(Self::default(), Self::statement)
    }

    fn statement(self, text: &str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let number = |i: usize| words[i].parse::<u32>().expect("a number");
        let span = |word: &str| -> (i64, i64) {
            let (from, to) = word.split_once('-').unwrap_or((word, word));
            (from.parse().expect("seconds"), to.parse().expect("seconds"))
        };
        match words[0] {
            "fleet" => return self.fleet(number(1)),
            "users" => return self.users(span(words[1])),
            "truth" => {
                let (from, to) = span(words[1]);
                return self.truth(from, to, words[2]);
            }
            "healthy" => return self.healthy(),
            "calls" => return self.calls(&[(words[1], words[2])]),
            "forbid" => {
                let mut sketch = self;
                sketch.forbid(Verb::Restart);
                return sketch;
            }
            "destructive" => return self.risk(Risk::Destructive),
            _ => {}
        }
        let (from, to) = span(words[0]);
        match words[1] {
            "act" => self.act(from, number(2), words[3]),
            "act_for" => self.act_for(from, number(2), number(3), words[4]),
            "dry_run" => self.dry_run(from, number(2), words[3]),
            "page" => self.page(from, number(2)),
            "plan" => self.plan(from, number(2), words[3]),
            "verdict" => self.verdict(from, number(2)),
            "approve" => self.approve(from, number(2)),
            "outcome" => self.outcome(from, number(2)),
            "notify" => self.notify(from, Some(number(2))),
            "healed" => self.healed(from, number(2)),
            "engine_fails" => self.engine_fails(from),
            "open" => self.open(from, number(2), words[3]),
            "diagnose" => self.diagnose(from, words[2], words[3].parse().expect("a share")),
            "replicas" => {
                let mut sketch = self.replicas(from, words[2], number(3));
                if let (Some(last), Some(_)) = (sketch.record.replicas.last_mut(), words.get(4)) {
                    last.ready = number(4);
                }
                sketch
            }
            "deed" | "scale" | "half" => {
                let mut sketch = self.deed(from, to, number(2), words[3], number(4));
                let deed = sketch.record.deeds.last_mut().expect("just drawn");
                deed.complete = words[1] != "half";
                if words[1] == "scale" {
                    deed.verb = Verb::ScaleOut;
                }
                if words.len() > 5 {
                    deed.replicas_down = number(5);
                }
                sketch
            }
            other => panic!("no statement {other:?} in {text:?}"),
        }
    }

    fn with<R>(&self, then: impl FnOnce(&Material<'_>) -> R) -> R {
        let mut lines = self.lines.clone();
        lines.sort_by_key(|(time, _)| *time);
        let mut journal = Journal::default();
        for (time, body) in lines {
            journal.push(time, Source::Engine, body);
        }
        then(&Material {
            mode: self.mode,
            window: Window { start: at(0), end: at(3600) },
            journal: &journal,
            truth: self.truth.as_ref(),
            record: &self.record,
            candidates: &self.candidates,
            topology: self.topology.as_ref(),
            rules: &Rules::default(),
        })
    }

    /// How often one rule is broken.
    #[track_caller]
    pub(crate) fn breaches(&self, rule: &dyn Check) -> usize {
        self.with(|e| rule.check(&Case::read(e)).expect("the rule can be judged").len())
    }

    /// Whether one rule cannot be judged.
    pub(crate) fn unjudged(&self, rule: &dyn Check) -> bool {
        self.with(|e| rule.check(&Case::read(e)).is_err())
    }

    /// Its scorecard.
    pub(crate) fn score(&self) -> Scorecard {
        self.with(score)
    }
}
