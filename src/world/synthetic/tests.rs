//! The 02:47 incident in closed loop, and what must hold for every fleet.

mod behaviour;
mod in_step;
mod properties;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::truth::violates;
use super::*;
use crate::model::{
    AnswerKind, Event, Operation, Outcome, OutcomeStatus, Risk, Strategy, Verb, names,
};
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
    assert!(memory("02:00:00", "02:32:00") < 0.4);
    assert!(memory("02:33:30", "02:34:30") > 0.7);
    let p99 = |from: SimTime, to: SimTime| {
        let inside = world.record().sli.iter().filter(|s| from <= s.time && s.time < to);
        inside.filter_map(|s| s.latency_p99_s).fold(0.0, f64::max)
    };
    let killed = first(&tape, "OOMKilling").expect("a container is killed");
    assert!(at("02:34:00") < killed && killed < at("02:36:00"), "{killed}");
    let before = p99(at("02:00:00"), at("02:32:00"));
    let pressed = p99(at("02:33:30"), killed);
    assert!(before < 0.4 && pressed > 1.5 * before, "{before} {pressed}");
    assert!(p99(killed, at("02:37:00")) > 0.8);
    let failed = |s: &crate::model::SliSample| s.failed > 0.01 * s.requests;
    let failing = world.record().sli.iter().find(failed).expect("requests fail");
    assert!(failing.time >= killed, "{} {killed}", failing.time);
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
        let back = tape.events.iter().rfind(|e| e.reason == "rollback").unwrap();
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

#[test]
fn more_replicas_of_the_sick_service_win_time_but_do_not_heal() {
    let script = [("02:37:00", action("api-server", Operation::ScaleOut { replicas: 99 }))];
    let (world, tape) = run(shop(), 247, &script);
    assert_eq!(tape.outcomes.last().unwrap().status, OutcomeStatus::Partial, "at most 10 granted");
    assert!(pain(&world, "02:50:00", "03:30:00") > 0.1);
    let most = world.record().replicas.iter().map(|r| r.desired).max();
    assert_eq!(most, Some(10));
}

#[test]
fn a_dry_run_and_senseless_orders_change_nothing() {
    let spec = SyntheticSpec { duration: SimDuration::from_secs(600), ..healthy() };
    let (plain, _) = run(spec.clone(), 3, &[]);
    let dry = Action { dry_run: true, ..action("cart", Operation::Restart) };
    for order in [
        dry,
        action("cart", Operation::ScaleOut { replicas: 1 }),
        action("cart", Operation::ScaleUp { factor: 0.5 }),
        action("cart", Operation::ReconcileConfig),
        action("cart", Operation::RotateCertificate),
        action("cart", Operation::OpenCircuit { callee: Name::from("users") }),
        action("nobody", Operation::Restart),
        action("payment-provider", Operation::Restart),
        action(
            "cart",
            Operation::Rollback { version: Some("v9".into()), strategy: Strategy::Rolling },
        ),
    ] {
        let what = format!("{order:?}");
        let (world, tape) = run(spec.clone(), 3, &[("02:05:00", order)]);
        let statuses: Vec<_> = tape.outcomes.iter().map(|o| o.status).collect();
        assert_eq!(statuses, [OutcomeStatus::NotApplicable], "{what}");
        let (here, there) = (world.record(), plain.record());
        assert_eq!((&here.deeds, &here.replicas), (&there.deeds, &there.replicas), "{what}");
        // An order ends a stride of calm, so the last digits may differ.
        let near = |a: f64, b: f64| (a - b).abs() <= 0.01 * b.abs() + 1e-3;
        let same = here.sli.iter().zip(there.sli.iter()).all(|(a, b)| {
            let p99 = a.latency_p99_s.zip(b.latency_p99_s).is_some_and(|(a, b)| near(a, b));
            a.time == b.time && near(a.requests, b.requests) && near(a.failed, b.failed) && p99
        });
        assert!(same && here.sli.len() == there.sli.len(), "{what}");
    }
}

#[test]
fn an_order_may_fail_without_a_trace() {
    let mut spec = SyntheticSpec { duration: SimDuration::from_secs(600), ..healthy() };
    spec.actuation.fail = crate::unit::Ratio::ONE;
    let (world, tape) = run(spec, 3, &[("02:05:00", action("cart", Operation::Restart))]);
    assert_eq!(tape.outcomes[0].status, OutcomeStatus::Failed);
    assert!(world.record().deeds.is_empty());
}

#[test]
fn a_page_is_delivered_and_acknowledged_later() {
    let page = action("cart", Operation::PageOnCall { summary: "look".to_owned() });
    let mut spec = SyntheticSpec { duration: SimDuration::from_secs(1800), ..healthy() };
    (spec.people.spread, spec.people.night_factor) = (0.0, 1.5);
    let (_, tape) = run(spec, 3, &[("02:05:00", page)]);
    assert_eq!(tape.outcomes.last().unwrap().status, OutcomeStatus::Applied);
    assert_eq!(tape.answers[0].time, at("02:14:02"));
    assert_eq!(tape.answers.len(), 1, "nothing is wrong: nothing is mended");
}

#[test]
fn a_paged_person_mends_the_fleet_by_hand() {
    let page = action("api-server", Operation::PageOnCall { summary: "leak".to_owned() });
    let (world, tape) = run(shop(), 247, &[("02:34:00", page)]);
    let kinds: Vec<AnswerKind> = tape.answers.iter().map(|answer| answer.kind).collect();
    assert_eq!(kinds, [AnswerKind::Acknowledged, AnswerKind::Fixed]);
    let fixed = &tape.answers[1];
    assert_eq!(fixed.detail, "rollback of api-server");
    assert!(fixed.time > tape.answers[0].time + SimDuration::from_secs(120), "it takes a while");
    let deed = &world.record().deeds[0];
    assert_eq!((deed.action, deed.verb, deed.complete), (None, Verb::Rollback, true));
    assert!(tape.outcomes.iter().all(|outcome| outcome.action == ActionId(1)), "only the page's");
    assert!(world.truth().unwrap().incidents[0].window.end < world.window().end);
    assert!(pain(&world, "03:25:00", "03:30:00") < 0.01);
    let mut unskilled = shop();
    unskilled.people.manual.fix = false;
    let page = action("api-server", Operation::PageOnCall { summary: "leak".to_owned() });
    let (world, tape) = run(unskilled, 247, &[("02:34:00", page)]);
    assert_eq!(tape.answers.len(), 1);
    assert_eq!(world.truth().unwrap().incidents[0].window.end, world.window().end);
}

#[test]
fn what_no_order_heals_is_removed_by_hand() {
    let down = json!({ "service": "payments", "error_ratio": 1.0 });
    let spec = with_fault("10m", "dependency_failure", down);
    let page = action("payments", Operation::PageOnCall { summary: "down".to_owned() });
    let (world, tape) = run(spec, 3, &[("02:12:00", page)]);
    assert_eq!(tape.answers[1].detail, "removed the cause of dependency_failure-1");
    assert!(world.record().deeds.is_empty());
    assert!(world.truth().unwrap().incidents[0].window.end < world.window().end);
}

#[test]
fn nobody_answers_while_people_are_absent() {
    let mut spec = with_fault("1m", "people_absent", json!({ "lasts": "30m" }));
    spec.people.spread = 0.0;
    let page = || action("cart", Operation::PageOnCall { summary: "look".to_owned() });
    let second = Action { id: ActionId(2), ..page() };
    let (_, tape) = run(spec, 3, &[("02:05:00", page()), ("02:40:00", second)]);
    let answered: Vec<ActionId> = tape.answers.iter().map(|answer| answer.action).collect();
    assert_eq!(answered, [ActionId(2)]);
}

#[test]
fn an_executor_that_is_down_refuses_or_acts_late() {
    let order = || action("cart", Operation::Restart);
    let go = |mode: &str| {
        let down = json!({ "mode": mode, "lasts": "10m" });
        run(with_fault("1m", "executor_down", down), 3, &[("02:05:00", order())])
    };
    let (world, tape) = go("refuses");
    assert_eq!(tape.outcomes[0].status, OutcomeStatus::Failed);
    assert!(world.record().deeds.is_empty());
    let (world, tape) = go("hangs");
    assert_eq!(tape.outcomes.last().unwrap().status, OutcomeStatus::Applied);
    assert_eq!(world.record().deeds[0].began, at("02:11:00"));
}

#[test]
fn a_fault_may_grow_or_come_and_go() {
    let fault = |onset: Value| {
        let params = json!({ "service": "catalog", "error_ratio": 0.5 });
        let fault = json!({ "at": "10m", "onset": onset, "dependency_failure": params });
        let fault = serde_json::from_value(fault).unwrap();
        SyntheticSpec { faults: vec![fault], ..shop() }
    };
    let errors = |spec: SyntheticSpec, from: &str, to: &str| {
        let (world, tape) = run(spec, 3, &[]);
        let of =
            |from: &str, to: &str| peak(&world, &tape, "catalog", names::ERROR_RATIO, from, to);
        of(from, to)
    };
    let ramp = || fault(json!({ "ramp": "20m" }));
    assert!(errors(ramp(), "02:10:30", "02:12:00") < 0.1);
    assert!(errors(ramp(), "02:30:30", "02:40:00") > 0.45);
    let flap = || fault(json!({ "flap": { "on": "5m", "off": "10m" } }));
    assert!(errors(flap(), "02:11:00", "02:14:00") > 0.45);
    assert!(errors(flap(), "02:16:00", "02:24:00") < 0.05);
    assert!(errors(flap(), "02:26:00", "02:29:00") > 0.45);
}

#[test]
fn late_and_lost_telemetry_is_late_and_lost() {
    let lost = json!({ "service": "catalog", "lasts": "10m" });
    let (world, tape) = run(with_fault("10m", "telemetry_loss", lost), 3, &[]);
    let column = |name: &str| {
        let mine = |meta: &crate::model::SeriesMeta| {
            world.topology().name(meta.entity).as_str() == name && meta.metric == names::ERROR_RATIO
        };
        world.series().iter().find(|(_, meta)| mine(meta)).unwrap().0.index()
    };
    let gaps = |name: &str| tape.frames.iter().filter(|(_, f)| f[column(name)].is_nan()).count();
    assert_eq!((gaps("catalog"), gaps("search")), (40, 0));
    assert!(world.truth().unwrap().incidents.is_empty(), "the fleet is well");
}

#[test]
fn faults_that_contradict_each_other_are_refused() {
    let fault = |at: &str, kind: &str, params: Value| {
        serde_json::from_value(json!({ "at": at, "id": "same", kind: params })).unwrap()
    };
    let deploy = || json!({ "service": "cart", "version": "v9", "mode": "slow" });
    let key = || json!({ "service": "cart", "key": "ttl", "desired": "1", "live": "2" });
    let spec = SyntheticSpec {
        faults: vec![
            fault("10m", "bad_deploy", deploy()),
            fault("10m30s", "innocent_deploy", json!({ "service": "cart", "version": "v8" })),
            fault("20m", "config_drift", key()),
            fault("40m", "config_drift", key()),
            fault("50m", "certificate_expiry", json!({ "service": "users" })),
            fault("-5m", "people_absent", json!({ "lasts": "-1s" })),
        ],
        duration: SimDuration::from_secs(900_000 * 3600),
        ..shop()
    };
    let problems: Vec<String> = spec.check().iter().map(ToString::to_string).collect();
    for expected in [
        "faults[1]: contradicts faults[0], which changes the version of cart too",
        "faults[3]: contradicts faults[2], which changes key \"ttl\" of cart too (from 20m)",
        "faults[1].id: faults[0] has the name \"same\" too",
        "faults[4].certificate_expiry.service: expected a service with",
        "faults[5].at: expected from 0s to before the end",
        "faults[5].people_absent.lasts: expected more than 0s, found -1s",
        "duration: expected at most 92d, found 37500d",
    ] {
        assert!(problems.iter().any(|p| p.starts_with(expected)), "{expected}\n{problems:#?}");
    }
}

/// A fault hurts users, the remedy at 02:20 heals, and an innocent remedy does not.
#[track_caller]
fn heals(spec: SyntheticSpec, remedy: Action, innocent: Action) {
    let (world, _) = run(spec.clone(), 5, &[]);
    assert!(world.truth().unwrap().incidents[0].onset.is_some(), "users feel it");
    assert!(pain(&world, "03:10:00", "03:30:00") > 0.5, "it does not go by itself");
    let (world, _) = run(spec.clone(), 5, &[("02:20:00", innocent)]);
    assert!(pain(&world, "03:10:00", "03:30:00") > 0.5, "the innocent remedy does not heal");
    let (world, _) = run(spec, 5, &[("02:20:00", remedy)]);
    assert_eq!(pain(&world, "02:40:00", "03:30:00"), 0.0, "the remedy heals");
}

#[test]
fn drift_goes_by_reconciling_and_not_by_restarting() {
    let params = json!({ "service": "users", "key": "pool", "desired": "50", "live": "0",
                         "error_ratio": 0.5 });
    let spec = with_fault("10m", "config_drift", params);
    let restart = action("users", Operation::Restart);
    heals(spec, action("users", Operation::ReconcileConfig), restart);
}

#[test]
fn a_dead_certificate_goes_by_rotating_it() {
    let spec = with_fault("10m", "certificate_expiry", json!({ "service": "payments" }));
    let rotate = action("payments", Operation::RotateCertificate);
    heals(spec, rotate, action("payments", Operation::Restart));
}

#[test]
fn a_version_with_errors_goes_by_rolling_it_back() {
    let params = json!({ "service": "catalog", "version": "v3.1.0", "mode": "error",
                         "error_ratio": 0.4 });
    let spec = with_fault("10m", "bad_deploy", params);
    let roll = action("catalog", rollback(Strategy::Rolling));
    heals(spec, roll, action("catalog", Operation::Restart));
}

#[test]
fn an_open_circuit_spares_users_an_optional_callee() {
    let params = json!({ "service": "recommendations", "slow_factor": 40 });
    let mut spec = with_fault("10m", "dependency_failure", params);
    let api = spec.fleet.services.get_mut("api-server").unwrap();
    api.calls[5].timeout = SimDuration::from_secs(2);
    let open = Operation::OpenCircuit { callee: Name::from("recommendations") };
    let (before, _) = run(spec.clone(), 5, &[]);
    let (after, _) = run(spec, 5, &[("02:20:00", action("api-server", open))]);
    assert!(pain(&before, "02:30:00", "03:30:00") > 0.9);
    assert!(pain(&after, "02:30:00", "03:30:00") < 0.5, "only probes are felt");
}

#[test]
fn an_innocent_deploy_is_no_incident_and_a_surge_ends_by_itself() {
    let params = json!({ "service": "cart", "version": "v4.5.0" });
    let (world, tape) = run(with_fault("10m", "innocent_deploy", params), 5, &[]);
    assert!(world.truth().unwrap().incidents.is_empty() && first(&tape, "deploy").is_some());
    assert_eq!(pain(&world, "02:00:00", "03:30:00"), 0.0);
    let params = json!({ "service": "api-server", "factor": 6, "lasts": "10m" });
    let (world, _) = run(with_fault("10m", "traffic_surge", params), 5, &[]);
    assert!(pain(&world, "02:12:00", "02:20:00") > 0.5);
    assert_eq!(world.truth().unwrap().incidents[0].window.end, at("02:20:00"));
    assert_eq!(pain(&world, "03:00:00", "03:30:00"), 0.0);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let spec = SyntheticSpec { duration: SimDuration::from_secs(2400), ..shop() };
    let print = |seed| {
        let (world, tape) = run(spec.clone(), seed, &[]);
        format!(
            "{:?}{:?}{:?}{:?}{:?}",
            tape.frames,
            tape.events,
            tape.logs,
            tape.spans,
            world.record()
        )
    };
    assert_eq!(print(1), print(1));
    assert_ne!(print(1), print(2));
}

#[test]
fn one_more_service_shifts_no_other_stream() {
    let spec = SyntheticSpec { duration: SimDuration::from_secs(300), ..healthy() };
    let mut more = spec.clone();
    more.fleet.services.insert("aaa-new".to_owned(), Default::default());
    let named = |spec: SyntheticSpec| -> BTreeMap<String, String> {
        let (world, tape) = run(spec, 1, &[]);
        let name = |meta: &crate::model::SeriesMeta| {
            let entity = world.topology().name(meta.entity);
            format!("{entity}/{}/{:?}", meta.metric, meta.labels)
        };
        let column = |i: usize| tape.frames.iter().map(|(_, f)| f[i].to_bits()).collect::<Vec<_>>();
        let series = world.series().iter();
        series.map(|(id, meta)| (name(meta), format!("{:?}", column(id.index())))).collect()
    };
    let (before, after) = (named(spec), named(more));
    assert!(before.iter().all(|(name, column)| after[name] == *column));
}

#[test]
fn problems_are_found_all_at_once_with_their_paths() {
    let mut spec = shop();
    let services = &mut spec.fleet.services;
    services.get_mut("cart").unwrap().replicas = 0;
    services.get_mut("users").unwrap().memory_base_mib = 9999.0;
    services.get_mut("api-server").unwrap().calls[3].to = "crat".to_owned();
    let back: crate::world::fleet::CallSpec =
        serde_json::from_value(json!({ "to": "catalog" })).unwrap();
    services.get_mut("inventory").unwrap().calls.push(back);
    let faults = json!([
        { "at": "2h", "bad_deploy": { "service": "crat", "version": "v2", "mode": "leak" } },
        { "at": "1m", "bad_deplay": {} },
        { "at": "1m", "cpu_hog": { "servise": "cart" } },
        { "at": "1m", "traffic_surge": { "service": "cart", "factor": -1 } },
    ]);
    spec.faults = serde_json::from_value(faults).unwrap();
    let found: Vec<String> = spec.check().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(found.join("\n"), @r#"
    faults[0].at: expected from 0s to before the end (1h30m), found 2h
    faults[0].bad_deploy.service: there is no service "crat", did you mean "cart"?
    faults[1].bad_deplay: unknown fault "bad_deplay", did you mean "bad_deploy"?
    faults[2].cpu_hog: cpu_hog: unknown field `servise`, expected one of `service`, `share`, `lasts`
    faults[3].traffic_surge.factor: expected at least 0, found -1
    fleet.services: the call graph has a cycle: catalog -> inventory -> catalog
    fleet.services.api-server.calls[3].to: there is no service "crat", did you mean "cart"?
    fleet.services.cart.replicas: expected at least 1, found 0
    fleet.services.users.memory_base_mib: expected below memory_limit_mib (512), found 9999
    "#);
    assert!(Synthetic::new(spec, 1).is_err());
    assert!(shop().check().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn without_a_fault_users_are_served(seed in any::<u64>()) {
        let spec = SyntheticSpec { duration: SimDuration::from_secs(900), ..healthy() };
        let (world, tape) = run(spec, seed, &[]);
        let objective = world.record().objective.clone().unwrap();
        prop_assert!(world.record().sli.iter().all(|s| !violates(&s, &objective)));
        prop_assert!(world.truth().unwrap().incidents.is_empty());
        prop_assert!(tape.events.is_empty());
    }

    #[test]
    fn no_request_is_lost_or_invented(seed in any::<u64>(), factor in 0.5f64..12.0) {
        let params = json!({ "service": "api-server", "factor": factor });
        let mut spec = with_fault("10s", "traffic_surge", params);
        spec.duration = SimDuration::from_secs(120);
        let mut world = Synthetic::new(spec, seed).unwrap();
        let waiting = |world: &Synthetic| -> Vec<f64> {
            let held = |s: &crate::world::fleet::Service| {
                s.replicas().map(|r| r.backlog).sum::<f64>() + s.dying.queued
            };
            world.fleet.services.iter().map(held).collect()
        };
        let mut before = waiting(&world);
        for second in 1..=120 {
            let now = world.window().start + TICK * second;
            world.advance(now, &mut Batch::default()).unwrap();
            let after = waiting(&world);
            for (index, service) in world.fleet.services.iter().enumerate() {
                let flow = &service.flow;
                let went = flow.refused + flow.dark + flow.shed + flow.lost + flow.started;
                let kept = after[index] - before[index];
                prop_assert!((flow.arrived - went - kept).abs() < 1e-6 * flow.arrived.max(1.0));
                prop_assert!(flow.failed <= flow.started + 1e-9);
                let parts = [flow.capacity, flow.shed, flow.started, flow.refused, flow.failed];
                prop_assert!(parts.iter().all(|part| *part >= 0.0), "{}: {parts:?}", service.name);
                let sane = |r: &crate::world::fleet::Replica| {
                    r.backlog >= 0.0 && r.memory_mib >= 0.0 && (0.0..=1.0).contains(&r.cpu)
                };
                prop_assert!(service.replicas().all(sane), "{}", service.name);
            }
            before = after;
        }
    }
}
