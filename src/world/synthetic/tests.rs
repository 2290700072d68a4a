//! The 02:47 incident in closed loop, and what must hold for every fleet.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::truth::violates;
use super::*;
use crate::model::{Event, Outcome, Risk, Strategy, names};
use crate::unit::{ActionId, IncidentId, Name};

const SHOP: &str = include_str!("../../../scenarios/0247-memory-leak.yaml");

/// Everything that a run handed over.
#[derive(Default)]
struct Tape {
    frames: Vec<(SimTime, Vec<f64>)>,
    events: Vec<Event>,
    outcomes: Vec<Outcome>,
    answers: Vec<Answer>,
    logs: Vec<crate::model::LogRecord>,
    spans: Vec<crate::model::Span>,
}

/// The shop's spec without the keys that belong to the scenario file.
fn shop() -> SyntheticSpec {
    let mut file: BTreeMap<String, Value> = serde_saphyr::from_str(SHOP).unwrap();
    for key in ["version", "name", "description", "seed", "policy", "expect"] {
        file.remove(key).unwrap();
    }
    serde_json::from_value(serde_json::to_value(file).unwrap()).unwrap()
}

fn healthy() -> SyntheticSpec {
    SyntheticSpec { faults: Vec::new(), ..shop() }
}

fn with_fault(at: &str, kind: &str, params: Value) -> SyntheticSpec {
    let fault = serde_json::from_value(json!({ "at": at, kind: params })).unwrap();
    SyntheticSpec { faults: vec![fault], ..shop() }
}

fn at(clock: &str) -> SimTime {
    format!("2026-01-06T{clock}Z").parse().unwrap()
}

fn action(target: &str, operation: Operation) -> Action {
    Action {
        id: ActionId(1),
        incident: IncidentId(1),
        target: Name::from(target),
        operation,
        risk: Risk::Reversible,
        dry_run: false,
        reason: String::new(),
    }
}

fn rollback(strategy: Strategy) -> Operation {
    Operation::Rollback { version: None, strategy }
}

/// Runs to the end, applying each action at the first instant not before its time.
fn run(spec: SyntheticSpec, seed: u64, script: &[(&str, Action)]) -> (Synthetic, Tape) {
    let mut world = Synthetic::new(spec, seed).map_err(|p| format!("{p:?}")).unwrap();
    let (mut tape, mut batch) = (Tape::default(), Batch::default());
    let mut script = script.iter().map(|(clock, action)| (at(clock), action)).peekable();
    while let Some(now) = world.next() {
        batch.clear();
        world.advance(now, &mut batch).unwrap();
        while let Some((_, action)) = script.next_if(|(time, _)| *time <= now) {
            world.apply(now, action);
        }
        if batch.has_frame {
            tape.frames.push((now, batch.frame.values.clone()));
        }
        tape.events.append(&mut batch.events);
        tape.outcomes.append(&mut batch.outcomes);
        tape.answers.append(&mut batch.answers);
        tape.logs.append(&mut batch.logs);
        tape.spans.append(&mut batch.spans);
    }
    (world, tape)
}

/// Share of seconds between two clock times in which users got less than promised.
fn pain(world: &Synthetic, from: &str, to: &str) -> f64 {
    let objective = world.record().objective.clone().unwrap();
    let (from, to) = (at(from), at(to));
    let inside: Vec<_> =
        world.record().sli.iter().filter(|s| from <= s.time && s.time < to).collect();
    assert!(!inside.is_empty());
    let bad = inside.iter().filter(|s| violates(s, &objective)).count();
    bad as f64 / inside.len() as f64
}

/// Highest value of a metric over entities whose name begins with `prefix`, in a stretch.
fn peak(world: &Synthetic, tape: &Tape, prefix: &str, metric: &str, from: &str, to: &str) -> f64 {
    let wanted: Vec<usize> = world
        .series()
        .iter()
        .filter(|(_, meta)| {
            meta.metric == metric
                && world.topology().name(meta.entity).starts_with(prefix)
                && meta.stat().is_none_or(|stat| stat == "p99")
        })
        .map(|(id, _)| id.index())
        .collect();
    let (from, to) = (at(from), at(to));
    let inside = tape.frames.iter().filter(|(time, _)| from <= *time && *time < to);
    inside.flat_map(|(_, frame)| wanted.iter().map(|i| frame[*i])).fold(f64::NAN, f64::max)
}

fn first(tape: &Tape, reason: &str) -> Option<SimTime> {
    tape.events.iter().find(|event| event.reason == reason).map(|event| event.time)
}

#[test]
fn a_leak_shows_as_memory_then_latency_then_kills_and_never_recovers() {
    let (world, tape) = run(shop(), 247, &[]);
    let memory = |from, to| peak(&world, &tape, "api-server-", names::MEMORY_UTILIZATION, from, to);
    let p99 = |from, to| peak(&world, &tape, "gateway", names::DURATION, from, to);
    assert!(memory("02:00:00", "02:32:00") < 0.4);
    assert!(memory("02:33:30", "02:34:30") > 0.7);
    assert!(p99("02:00:00", "02:32:00") < 0.6, "{}", p99("02:00:00", "02:32:00"));
    let killed = first(&tape, "OOMKilling").expect("a container is killed");
    assert!(at("02:34:00") < killed && killed < at("02:36:00"), "{killed}");
    assert!(p99("02:33:00", "02:36:00") > 0.8, "{}", p99("02:33:00", "02:36:00"));
    assert!(tape.logs.iter().any(|l| l.body.starts_with("java.lang.OutOfMemoryError")));
    let truth = world.truth().unwrap();
    let onset = truth.incidents[0].onset.expect("users feel it");
    assert!(at("02:33:00") < onset && onset < at("02:37:00"), "{onset}");
    assert_eq!(truth.incidents[0].window.end, world.window().end);
    assert_eq!(pain(&world, "02:00:00", "02:32:00"), 0.0);
    assert!(pain(&world, "02:40:00", "03:30:00") > 0.5);
    assert!(pain(&world, "03:20:00", "03:30:00") > 0.5, "not even at the end");
}

#[test]
fn zz_debug() {
    let (world, tape) = run(shop(), 247, &[("02:37:00", action("api-server", rollback(Strategy::Canary)))]);
    for e in &tape.events { println!("{} {:?} {} {:?}", e.time, e.entity, e.reason, e.attributes); }
    for s in world.record().sli.chunks(15).skip(100).take(160) { println!("{} {:?}", s[14].time, s[14]); }
    for l in tape.logs.iter().filter(|l| l.time > at("02:33:00")).step_by(40).take(60) { println!("{} {} {}", l.time, l.severity, l.body); }
    println!("{:?} logs {} spans {} series {}", world.record().deeds, tape.logs.len(), tape.spans.len(), world.series().len());
    println!("{:?}", world.truth());
}

#[test]
fn a_rollback_heals() {
    for strategy in [Strategy::Canary, Strategy::Rolling] {
        let script = [("02:37:00", action("api-server", rollback(strategy)))];
        let (world, tape) = run(shop(), 247, &script);
        let statuses: Vec<_> = tape.outcomes.iter().map(|o| o.status).collect();
        assert_eq!(statuses, [OutcomeStatus::Started, OutcomeStatus::Applied], "{strategy:?}");
        assert_eq!(pain(&world, "02:50:00", "03:30:00"), 0.0, "{strategy:?}");
        let deed = &world.record().deeds[0];
        assert!(deed.complete && deed.replicas_touched >= 4 && deed.replicas_down <= 1, "{deed:?}");
        let end = world.truth().unwrap().incidents[0].window.end;
        assert!(at("02:37:00") < end && end < at("02:50:00"), "{end}");
        let back = tape.events.iter().filter(|e| e.reason == "rollback").next_back().unwrap();
        assert_eq!(back.attributes["version"], "v2.4.0");
    }
}

#[test]
fn a_restart_helps_for_a_while_only() {
    let script = [("02:37:00", action("api-server", Operation::Restart))];
    let (world, tape) = run(shop(), 247, &script);
    assert!(tape.outcomes.last().unwrap().status.is_final());
    assert!(pain(&world, "03:00:00", "03:30:00") > 0.5);
}

#[test]
fn more_replicas_of_the_wrong_service_do_not_help() {
    let script = [("02:37:00", action("cart", Operation::ScaleOut { replicas: 4 }))];
    let (world, tape) = run(shop(), 247, &script);
    assert_eq!(tape.outcomes.last().unwrap().status, OutcomeStatus::Applied);
    assert!(pain(&world, "02:50:00", "03:30:00") > 0.5);
}
