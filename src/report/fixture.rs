//! A hand-built 02:47 memory leak, for the tests of every renderer.

use std::collections::BTreeMap;

use super::story::{StageTimes, Story, Told, TrackView};
use crate::model::*;
use crate::trial::{Mode, Trial};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimDuration, SimTime, Window};

/// Owns what `Told` borrows.
pub(super) struct Fixture {
    pub(super) journal: Journal,
    pub(super) truth: Option<Truth>,
    pub(super) record: WorldRecord,
    pub(super) topology: Topology,
    pub(super) mode: Mode,
    pub(super) healed: bool,
    pub(super) culprit: String,
}

fn zero() -> SimTime {
    "2026-01-06T02:30:00Z".parse().expect("a time")
}

/// Seconds from the start of the trial.
pub(super) fn at(secs: i64) -> SimTime {
    zero() + SimDuration::from_secs(secs)
}

const EDGES: [(&str, &str); 10] = [
    ("gateway", "api-server"),
    ("gateway", "web"),
    ("web", "catalog"),
    ("api-server", "cart"),
    ("api-server", "orders"),
    ("orders", "payment"),
    ("orders", "orders-db"),
    ("cart", "cache"),
    ("catalog", "catalog-db"),
    ("payment", "bank"),
];

/// The incident: deploy at 02:41, felt from 02:47, rolled back and healed by 02:53:12.
pub(super) fn leak() -> Fixture {
    leak_of("api-server")
}

/// The same with another name for the culprit.
pub(super) fn leak_of(culprit: &str) -> Fixture {
    let mut topology = Topology::default();
    for (caller, callee) in EDGES {
        let rename = |n: &str| if n == "api-server" { culprit.to_owned() } else { n.to_owned() };
        let (a, b) = (topology.service(&rename(caller)), topology.service(&rename(callee)));
        topology.call(a, b);
    }
    let truth = TrueIncident {
        id: "leak".into(),
        window: Window { start: at(660), end: at(3600) },
        onset: Some(at(1020)),
        root_causes: vec![culprit.into()],
        cause: Some(Cause::BadDeploy),
        acceptable: vec![Verb::Rollback],
        forbidden: vec![],
        tolerance_before: SimDuration::ZERO,
        tolerance_after: SimDuration::ZERO,
        alarm: None,
    };
    Fixture {
        journal: journal(culprit),
        truth: Some(Truth { incidents: vec![truth], ignore: vec![] }),
        record: record(culprit),
        topology,
        mode: Mode::ClosedLoop,
        healed: true,
        culprit: culprit.to_owned(),
    }
}

fn anomaly(id: u32, entity: &str, signal: &str, role: Role, t: i64, seen: (f64, f64)) -> Anomaly {
    Anomaly {
        id,
        detector: "mad".into(),
        class: SignalClass::Metric,
        entity: entity.into(),
        instance: None,
        signal: signal.into(),
        role,
        since: at(t - 30),
        raised: at(t),
        score: 2.0 + f64::from(id),
        direction: Direction::Up,
        observed: Some(seen.0),
        expected: Some(seen.1),
        unit: if role == Role::Memory { "By" } else { "s" }.into(),
    }
}

fn deploy(culprit: &str) -> Event {
    Event::new(at(660), EventKind::Deploy, Some(culprit.into()), "deploy")
        .with("version", "v2.4.1")
        .with("previous_version", "v2.4.0")
}

fn action(id: u32, culprit: &str, operation: Operation, risk: Risk) -> Action {
    Action {
        id: ActionId(id),
        incident: IncidentId(1),
        target: culprit.into(),
        operation,
        risk,
        dry_run: false,
        reason: "bad deploy of the culprit, 94 % sure".into(),
    }
}

fn actions(culprit: &str) -> Vec<Action> {
    let back = Operation::Rollback { version: Some("v2.4.0".into()), strategy: Strategy::Canary };
    let summary = "api-server v2.4.1 leaks memory; rolled back".to_owned();
    vec![
        action(1, culprit, back, Risk::Risky),
        action(2, culprit, Operation::ScaleOut { replicas: 6 }, Risk::Reversible),
        action(3, culprit, Operation::PageOnCall { summary }, Risk::Safe),
    ]
}

fn hypotheses(culprit: &str) -> Vec<Hypothesis> {
    let evidence = |method: &str, text: &str, weight: f64| Evidence {
        method: method.into(),
        text: text.into(),
        weight,
        time: None,
    };
    let one = |entity: &str, cause, confidence: f64, evidence| Hypothesis {
        entity: entity.into(),
        cause,
        confidence: Ratio::clamped(confidence),
        evidence,
    };
    let strong = vec![
        evidence("change_proximity", "deploy v2.4.1 6m00s before the first symptom", 0.62),
        evidence("baro", "memory is the signal that changed most of 41", 0.21),
        evidence("topology", "callees are healthy, the only caller is sick", 0.14),
        evidence("random_walk", "a second service is visited as often", -0.05),
    ];
    let weak = vec![evidence("baro", "memory rises to the limit", 0.3)];
    vec![
        one(culprit, Cause::BadDeploy, 0.94, strong),
        one(culprit, Cause::ResourceExhaustion, 0.03, weak),
        one("gateway", Cause::TrafficSurge, 0.01, vec![]),
    ]
}

fn tree(culprit: &str) -> CauseNode {
    let node = |t: i64, text: String, entity: &str, children| CauseNode {
        time: at(t),
        text,
        entity: Some(Name::from(entity)),
        children,
    };
    let felt = node(1080, "gateway p99 up to 1.9 s".into(), "gateway", vec![]);
    let errors = node(1110, "gateway errors up to 8 %".into(), "gateway", vec![]);
    let oom = node(1090, format!("OOMKilled ×4 of {culprit}"), culprit, vec![errors]);
    let memory = node(1050, format!("memory of {culprit} up 340 %"), culprit, vec![felt, oom]);
    node(660, format!("deploy {culprit} v2.4.1"), culprit, vec![memory])
}

fn journal(culprit: &str) -> Journal {
    let mut log = Journal::default();
    let engine = |log: &mut Journal, t: i64, decision: Decision| {
        log.push(at(t), Source::Engine, Body::Decision(decision));
    };
    log.push(at(660), Source::World, Body::Event(deploy(culprit)));
    let first =
        anomaly(1, culprit, "container.memory.working_set", Role::Memory, 1050, (1.8e9, 4.1e8));
    engine(&mut log, 1050, Decision::Anomaly(first.clone()));
    let mut all = vec![first];
    for id in 2..9 {
        let seen = anomaly(
            id,
            "gateway",
            "http.server.request.duration p99",
            Role::Latency,
            1080,
            (1.9, 0.21),
        );
        engine(&mut log, 1080, Decision::Anomaly(seen.clone()));
        all.push(seen);
    }
    let incident = Incident {
        id: IncidentId(1),
        change: IncidentChange::Opened,
        other: None,
        opened: at(1080),
        since: at(1020),
        anomalies: all,
        changes: vec![deploy(culprit)],
        reason: "caller of the culprit; within 2m".into(),
    };
    engine(&mut log, 1080, Decision::Incident(incident.clone()));
    for t in [1090, 1120, 1150, 1170] {
        let kill = Event::new(at(t), EventKind::Kubernetes, Some(culprit.into()), "OOMKilling");
        log.push(at(t), Source::World, Body::Event(kill));
    }
    let diagnosis = Diagnosis {
        incident: IncidentId(1),
        hypotheses: hypotheses(culprit),
        tree: Some(tree(culprit)),
        summary: format!("v2.4.1 of {culprit} leaks memory until its replicas are OOMKilled"),
    };
    engine(&mut log, 1170, Decision::Diagnosis(diagnosis));
    decide(&mut log, culprit);
    engine(&mut log, 1390, Decision::Resolved { anomaly: 1, at: at(1390) });
    let seen =
        Verification { action: ActionId(1), healed: true, checked: "8 of 8 signals normal".into() };
    engine(&mut log, 1400, Decision::Verified(seen));
    let closed = Incident { change: IncidentChange::Closed, ..incident };
    engine(&mut log, 1410, Decision::Incident(closed));
    let text = "incident-1 is over: rolled back to v2.4.0".to_owned();
    let told = Notification { incident: IncidentId(1), action: Some(ActionId(1)), text };
    engine(&mut log, 1410, Decision::Notify(told));
    log
}

fn decide(log: &mut Journal, culprit: &str) {
    let todo = actions(culprit);
    let plan = Plan {
        incident: IncidentId(1),
        entity: culprit.into(),
        cause: Cause::BadDeploy,
        confidence: Ratio::clamped(0.94),
        actions: todo.clone(),
        rejected: vec![(Verb::Restart, "the leak would come back".into())],
    };
    let mut engine = |t: i64, decision| log.push(at(t), Source::Engine, Body::Decision(decision));
    engine(1180, Decision::Plan(plan));
    for (id, guardrail, ruling, saw, limit) in [
        (1, "blast_radius", Ruling::Allow, "20 % of the fleet", "at most 25 %"),
        (1, "confidence_floor", Ruling::Allow, "confidence 0.94", "at least 0.85"),
        (1, "all", Ruling::Allow, "2 of 2 agree", "all must agree"),
        (2, "replica_bounds", Ruling::Deny, "6 replicas", "at most 5"),
        (2, "all", Ruling::Deny, "1 of 2 agrees", "all must agree"),
    ] {
        let (action, guardrail) = (ActionId(id), guardrail.to_owned());
        let (saw, limit) = (saw.to_owned(), limit.to_owned());
        engine(1180, Decision::Verdict(Verdict { action, guardrail, ruling, saw, limit }));
    }
    engine(1180, Decision::Act(todo[0].clone()));
    engine(1180, Decision::Act(todo[2].clone()));
    let outcome = |id: u32, t: i64, status, detail: &str| {
        let (action, time) = (ActionId(id), at(t));
        Body::Outcome(Outcome { action, time, status, detail: detail.into() })
    };
    log.push(at(1180), Source::World, outcome(1, 1180, OutcomeStatus::Started, ""));
    let seen = Answer {
        action: ActionId(3),
        time: at(1270),
        kind: AnswerKind::Acknowledged,
        person: "dana".into(),
        detail: String::new(),
    };
    log.push(at(1270), Source::People, Body::Answer(seen));
    let done = outcome(1, 1310, OutcomeStatus::Applied, "4 of 4 replicas on v2.4.0");
    log.push(at(1310), Source::World, done);
}

/// How sick the fleet is, 0..=1, `secs` into the trial.
fn sickness(secs: i64, healed: bool) -> f64 {
    let end = if healed { 1310.0 } else { 1e9 };
    let s = secs as f64;
    let up = ((s - 1000.0) / 120.0).clamp(0.0, 1.0);
    let down = (1.0 - (s - end) / 70.0).clamp(0.0, 1.0);
    up * down
}

fn record(culprit: &str) -> WorldRecord {
    let interval = SimDuration::from_secs(15);
    let objective = Objective {
        service: "gateway".into(),
        availability: 0.99,
        latency_p99: SimDuration::from_millis(500),
        sustained: SimDuration::from_secs(60),
    };
    let sli = (1..160).map(|i| {
        let secs = i * 15;
        let wave = ((i * 37) % 11) as f64 / 11.0;
        let sick = sickness(secs, true);
        SliSample {
            time: at(secs),
            requests: 3600.0 + 200.0 * wave,
            failed: 4.0 + 290.0 * sick,
            latency_p99_s: Some(0.2 + 0.03 * wave + 1.7 * sick),
        }
    });
    let count = |t: i64, ready: u32| {
        let service = Name::from(culprit);
        ReplicaCount { time: at(t), service, desired: 4, ready }
    };
    let replicas =
        vec![count(0, 4), count(1090, 3), count(1150, 2), count(1250, 3), count(1310, 4)];
    WorldRecord {
        objective: Some(objective),
        interval,
        sli: sli.collect(),
        deeds: vec![],
        replicas,
    }
}

impl Fixture {
    fn stages(&self) -> StageTimes {
        use StageReached::*;
        let mut stages: StageTimes = BTreeMap::from([
            (Onset, at(1020)),
            (Detected, at(1050)),
            (Correlated, at(1080)),
            (Diagnosed, at(1170)),
            (Decided, at(1180)),
            (Approved, at(1180)),
        ]);
        if self.healed {
            stages.extend([(Applied, at(1310)), (Verified, at(1400)), (Recovered, at(1392))]);
        }
        stages
    }

    fn tracks(&self) -> Vec<TrackView> {
        let track = |metric: &str, unit: &str, role, value: &dyn Fn(i64) -> f64| TrackView {
            entity: self.culprit.as_str().into(),
            metric: metric.into(),
            stat: String::new(),
            unit: unit.into(),
            role,
            points: (1..160).map(|i| (at(i * 15), value(i * 15))).collect(),
        };
        let leak = |s: i64| if (660..1310).contains(&s) { (s - 660) as f64 * 2.9e6 } else { 0.0 };
        vec![
            track(names::MEMORY_WORKING_SET, "By", Role::Memory, &|s| 4.1e8 + leak(s) % 1.5e9),
            track(names::CPU_UTILIZATION, "1", Role::Cpu, &|s| {
                0.4 + 0.4 * sickness(s, self.healed)
            }),
            track(names::RESTARTS, "{restart}", Role::Restarts, &|s| {
                ((s - 1060) / 30).clamp(0, 4) as f64
            }),
        ]
    }

    /// The fixture as a report is told it.
    pub(super) fn told(&self) -> Told<'_> {
        let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Told {
            name: "0247-memory-leak",
            facts: vec![
                fact("source", "scenarios/0247-memory-leak.yaml (synthetic)"),
                fact("seed", "247"),
                fact("policy", "default, hash 5f0c77aa"),
                fact("windtunnel", "0.1.0"),
                fact("digest", "8d4f0be6c1"),
            ],
            mode: self.mode,
            window: Window { start: at(0), end: at(3600) },
            journal: &self.journal,
            truth: self.truth.as_ref(),
            record: &self.record,
            topology: &self.topology,
            tracks: self.tracks(),
            scorecard: scorecard(),
            stages: BTreeMap::from([(IncidentId(1), self.stages())]),
            twins: None,
        }
    }

    /// The same as a trial, scored by the referee.
    pub(super) fn trial(&self) -> Trial {
        let told = self.told();
        let names = self.topology.suspects().map(|id| self.topology.name(id).clone());
        let scorecard = crate::referee::score(&crate::referee::Evidence {
            mode: self.mode,
            window: told.window,
            journal: &self.journal,
            truth: self.truth.as_ref(),
            record: &self.record,
            candidates: &names.collect::<Vec<_>>(),
            topology: Some(&self.topology),
            rules: &crate::trial::Rules::default(),
        });
        Trial {
            name: told.name.to_owned(),
            seed: 247,
            digest: crate::trial::digest(&self.journal, &self.record),
            mode: self.mode,
            window: told.window,
            journal: self.journal.clone(),
            truth: self.truth.clone(),
            record: self.record.clone(),
            scorecard,
            tracks: None,
            topology: self.topology.clone(),
        }
    }

    /// Its story.
    pub(super) fn story(&self) -> Story {
        Story::tell(&self.told())
    }
}

/// A scorecard of one case.
pub(super) fn scorecard() -> serde_json::Value {
    let one = |value: f64, chance: f64| {
        let (low, high) = (0.05, 1.0);
        serde_json::json!({"value": value, "n": 1, "low": low, "high": high, "chance": chance})
    };
    serde_json::json!({
        "detection": {"precision": one(1.0, 0.5), "recall": one(1.0, 0.5)},
        "correlation": {"signals_per_incident": {"value": 8.0, "n": 1}},
        "localization": {"ac@1": one(1.0, 0.1), "ac@3": one(1.0, 0.3), "mrr": one(1.0, 0.29)},
        "timing": {"mttd_s": {"mean": 30.0, "median": 30.0, "p95": null, "n": 1},
                   "mttr_s": {"mean": 372.0, "median": 372.0, "p95": null, "n": 1}},
        "safety": {"violations": {"blast_radius": 0, "dry_run_leak": 0}},
        "confidence": {"brier": {"value": 0.0036, "n": 1}},
        "impact": {"bad_requests": {"value": 4120.0, "n": 1}, "budget_minutes": null},
    })
}

/// A run's document of two cases: the leak, and a healthy control.
pub(super) fn document() -> serde_json::Value {
    let mut card = scorecard();
    card["findings"] = serde_json::json!([{
        "detection": {"answered": 1, "missed": 0, "times_s": [30.0]},
        "localization": [{"ranks": [1]}],
        "confidence": [{"cause_right": true}],
        "opened": [{"id": 1, "answers": []}, {"id": 2, "answers": ["leak"]}],
    }]);
    let mut aggregate = scorecard();
    aggregate["confidence"]["bins"] = serde_json::json!([
        {"confidence": 0.3, "accuracy": 0.25, "n": 12},
        {"confidence": 0.62, "accuracy": 0.7, "n": 12},
        {"confidence": 0.93, "accuracy": 0.83, "n": 12},
    ]);
    serde_json::json!({
        "windtunnel": "0.1.0", "mode": "open_loop", "seed": 7, "policy": "default",
        "policy_hash": "5f0c77aa", "failures": [],
        "source": {"kind": "dataset", "path": "data/two-cases", "provenance": "recorded"},
        "trials": [
            {"name": "leak", "scorecard": card, "incidents": [
                {"id": 1, "hypotheses": [], "actions": []},
                {"id": 2,
                 "stages": {"onset": at(1020), "recovered": at(1392)},
                 "hypotheses": [
                    {"entity": "api-server", "cause": "bad_deploy", "confidence": 0.94}],
                 "actions": [{"verb": "rollback", "verdict": "allow"}]},
            ]},
            {"name": "control", "incidents": [], "scorecard": {
                "findings": [{"detection": {"answered": 0, "missed": 0, "times_s": []}}]}},
        ],
        "aggregate": aggregate,
    })
}
