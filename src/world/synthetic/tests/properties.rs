//! What must hold whatever fleet, fault or seed: nothing is lost, negative, burnt without a cause,
//! or moved by a newcomer.

use super::*;
use crate::model::LogRecord;
use crate::world::fleet::{LoadSpec, Replica, Service, generate, generated_rate};

/// Trouble of each kind that moves requests: more of them, less room, deaths, errors, lost calls.
fn troubles() -> Vec<(&'static str, Value)> {
    vec![
        ("traffic_surge", json!({ "service": "api-server", "factor": 9 })),
        ("pod_kill", json!({ "service": "api-server", "count": 3 })),
        ("cpu_hog", json!({ "service": "catalog", "share": 0.95 })),
        ("code_defect", json!({ "service": "users", "error_ratio": 0.4, "slow_factor": 60 })),
        ("packet_loss", json!({ "service": "gateway", "callee": "api-server", "loss": 0.3 })),
        (
            "bad_deploy",
            json!({ "service": "cart", "version": "v9", "mode": "crash", "crash_after": "20s" }),
        ),
    ]
}

/// Requests that wait in a service or died waiting and are not counted yet.
fn held(service: &Service) -> f64 {
    service.replicas().map(|r| r.backlog).sum::<f64>() + service.dying.queued
}

/// Requests in are requests served, failed, queued and shed; no part of it is below nothing.
fn keeps_its_books(service: &Service, before: f64) -> Result<(), TestCaseError> {
    let (flow, name) = (&service.flow, &service.name);
    let served = flow.started - flow.failed;
    let failed = flow.failed + flow.refused + flow.dark + flow.lost;
    let out = served + failed + flow.shed + (held(service) - before);
    prop_assert!((flow.arrived - out).abs() < 1e-6 * flow.arrived.max(1.0), "{name}: {flow:?}");
    let parts = [flow.capacity, flow.shed, flow.started, flow.refused, flow.failed, served + 1e-9];
    prop_assert!(parts.iter().all(|part| *part >= 0.0), "{name}: {parts:?}");
    let sane =
        |r: &Replica| r.backlog >= 0.0 && r.memory_mib >= 0.0 && (0.0..=1.0).contains(&r.cpu);
    prop_assert!(service.replicas().all(sane), "{name}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_request_is_lost_or_invented_in_any_trouble(seed in any::<u64>(), one in 0..6_usize) {
        let (kind, params) = troubles().swap_remove(one);
        let mut spec = with_fault("10s", kind, params);
        spec.duration = SimDuration::from_secs(120);
        let mut world = Synthetic::new(spec, seed).unwrap();
        let mut before: Vec<f64> = world.fleet.services.iter().map(held).collect();
        for second in 1..=120 {
            let now = world.window().start + TICK * second;
            world.advance(now, &mut Batch::default()).unwrap();
            for (service, before) in world.fleet.services.iter().zip(&before) {
                keeps_its_books(service, *before)?;
            }
            before = world.fleet.services.iter().map(held).collect();
        }
    }

    #[test]
    fn no_generated_fleet_burns_its_budget_without_a_fault(
        seed in any::<u64>(),
        services in 4..40_u32,
        replicas in 2..5_u32,
    ) {
        let start: SimTime = at("02:00:00");
        let fleet = generate(services, replicas, seed);
        let load = LoadSpec::steady(generated_rate(services));
        let quiet = SyntheticSpec::quiet(fleet, start, SimDuration::from_secs(600));
        let (world, tape) = run(SyntheticSpec { load, ..quiet }, seed, &[]);
        let objective = world.record().objective.clone().unwrap();
        let bad = world.record().sli.iter().filter(|s| violates(s, &objective)).count();
        prop_assert_eq!(bad, 0, "seconds with less than was promised");
        prop_assert!(world.truth().unwrap().incidents.is_empty() && tape.events.is_empty());
    }

    #[test]
    fn a_newcomer_moves_nobody_elses_numbers_lines_or_spans(
        seed in any::<u64>(),
        name in "[a-z]{1,3}-new",
    ) {
        let spec = SyntheticSpec { duration: SimDuration::from_secs(300), ..healthy() };
        let mut more = spec.clone();
        more.fleet.services.insert(name.clone(), Default::default());
        let (before, after) = (told(spec, seed, &name), told(more, seed, &name));
        prop_assert!(before.len() > 100);
        for (line, other) in before.iter().zip(&after) {
            prop_assert_eq!(line, other);
        }
        prop_assert_eq!(before.len(), after.len());
    }
}

/// All that is seen of all but one service: columns, log lines and spans, with names for ids.
fn told(spec: SyntheticSpec, seed: u64, but: &str) -> Vec<String> {
    let (world, tape) = run(spec, seed, &[]);
    let name = |id| world.topology().name(id).to_string();
    let others = |name: &String| !name.starts_with(but);
    let mut told = Vec::new();
    for (id, meta) in world.series().iter().filter(|(_, meta)| others(&name(meta.entity))) {
        let bits = tape.frames.iter().map(|(_, frame)| frame[id.index()].to_bits());
        let column: Vec<u64> = bits.collect();
        told.push(format!("{} {} {:?} {column:?}", name(meta.entity), meta.metric, meta.labels));
    }
    told.sort();
    let mut lines: Vec<String> = tape
        .logs
        .iter()
        .map(|LogRecord { time, entity, body, .. }| format!("{} {time} {body}", name(*entity)))
        .filter(others)
        .collect();
    lines.sort();
    told.append(&mut lines);
    told.extend(tape.spans.iter().map(|span| {
        let (start, took) = (span.start, span.duration);
        format!("{} {} {start} {took} {:?}", name(span.entity), span.operation, span.status)
    }));
    told
}
