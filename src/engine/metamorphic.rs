//! What must not matter: names, order of columns, the date, the amount of traffic, bystanders.
//!
//! Tests only. A small fleet with one slow and one failing service is diagnosed as it is and
//! changed in a way that changes nothing about who is to blame; the answers must be the same
//! (Chen et al., "Metamorphic Testing", 1998). The default policy's methods are used.

use super::case::{Case, Surroundings};
use super::placement::Placement;
use super::visits::Visits;
use super::{History, conclude, diagnose};
use crate::model::{Frame, Incident, IncidentChange, SeriesCatalog, SeriesMeta, Topology, names};
use crate::unit::{EntityId, IncidentId, SimDuration, SimTime};

const FRAMES: i64 = 80;
const ONSET: i64 = 70;
/// Service, callees, latency since the onset in s, failed share since the onset.
const FLEET: [(&str, &[&str], f64, f64); 6] = [
    ("web", &["cart", "search", "ads"], 0.9, 0.04),
    ("cart", &["db", "mail"], 0.85, 0.08),
    ("search", &["db"], 0.11, 0.0),
    ("ads", &[], 0.1, 0.0),
    ("db", &[], 0.75, 0.0),
    ("mail", &[], 0.1, 0.0),
];

/// A change that must not matter.
#[derive(Debug, Clone, Copy)]
struct Twist {
    name: fn(&str) -> String,
    reversed: bool,
    shift_s: i64,
    traffic: f64,
    bystanders: usize,
}

const PLAIN: Twist =
    Twist { name: str::to_owned, reversed: false, shift_s: 0, traffic: 1.0, bystanders: 0 };

/// The twisted fleet's map, its columns and their levels before and since the onset.
fn fleet(twist: Twist) -> (Topology, SeriesCatalog, Vec<(f64, f64)>) {
    let mut topology = Topology::default();
    let mut order: Vec<usize> = (0..FLEET.len()).collect();
    if twist.reversed {
        order.reverse();
    }
    for at in &order {
        topology.service(&(twist.name)(FLEET[*at].0));
    }
    for (service, callees, ..) in FLEET {
        for callee in callees {
            let ends = [service, callee].map(|n| topology.find(&(twist.name)(n)).unwrap());
            topology.call(ends[0], ends[1]);
        }
    }
    let healthy: Vec<EntityId> =
        (0..twist.bystanders).map(|n| topology.service(&format!("bystander-{n}"))).collect();
    let ids: Vec<(EntityId, f64, f64)> = order
        .iter()
        .map(|at| {
            let (name, _, slow, failed) = FLEET[*at];
            (topology.find(&(twist.name)(name)).unwrap(), slow, failed)
        })
        .chain(healthy.iter().map(|id| (*id, 0.1, 0.0)))
        .collect();
    let (mut series, mut levels) = (SeriesCatalog::default(), Vec::new());
    let mut add = |meta: SeriesMeta, before: f64, after: f64| {
        series.add(meta).unwrap();
        levels.push((before, after));
    };
    for (id, slow, failed) in ids {
        let rate = 50.0 * twist.traffic;
        add(SeriesMeta::gauge(id, names::REQUEST_RATE, "{request}/s"), rate, rate);
        add(SeriesMeta::gauge(id, names::DURATION, "s"), 0.1, slow.max(0.1));
        add(SeriesMeta::gauge(id, names::ERROR_RATIO, "1"), 0.001, failed.max(0.001));
    }
    (topology, series, levels)
}

/// The three first hypotheses under a twist: original names, and confidence.
fn answer(twist: Twist) -> Vec<(String, f64)> {
    let (topology, series, levels) = fleet(twist);
    let start = SimTime::from_secs(twist.shift_s);
    let at = |frame: i64| start + SimDuration::from_secs(15 * frame);
    let mut history = History::new(200);
    for frame in 0..FRAMES {
        let noise = 1.0 + 0.01 * ((frame * 7) % 5 - 2) as f64;
        let value =
            |(before, after): &(f64, f64)| noise * if frame >= ONSET { *after } else { *before };
        let values = levels.iter().map(value).collect();
        history.push(&Frame { time: at(frame), values }, &series);
    }
    let incident = Incident {
        id: IncidentId(1),
        change: IncidentChange::Opened,
        other: None,
        opened: at(ONSET + 2),
        since: at(ONSET),
        anomalies: Vec::new(),
        changes: Vec::new(),
        reason: "test".to_owned(),
    };
    let (visits, placement) = (Visits::default(), Placement::default());
    let around = Surroundings {
        now: at(FRAMES - 1),
        topology: &topology,
        series: &series,
        history: &history,
        visits: &visits,
        placement: &placement,
        events: &[],
        own: &[],
        refuted: &[],
    };
    let policy: crate::model::Policy =
        serde_saphyr::from_str(include_str!("../../scenarios/policies/default.yaml")).unwrap();
    let mut method = diagnose::build(&policy.diagnose, 1).unwrap().unwrap();
    let case = Case::new(around, &incident);
    let mut said = Vec::new();
    method.rank(&case, &mut said);
    let found = conclude::conclude(&case, said, None).hypotheses;
    let original = |name: &str| {
        let known = FLEET.iter().find(|(n, ..)| (twist.name)(n) == name);
        known.map_or_else(|| name.to_owned(), |(n, ..)| (*n).to_owned())
    };
    let first = found.iter().take(3).map(|h| (original(h.entity.as_str()), h.confidence.get()));
    first.collect()
}

#[track_caller]
fn same(twist: Twist) {
    let (plain, twisted) = (answer(PLAIN), answer(twist));
    let names = |all: &[(String, f64)]| all.iter().map(|(n, _)| n.clone()).collect::<Vec<_>>();
    assert_eq!(names(&plain), names(&twisted), "{twist:?}");
    let near = plain.iter().zip(&twisted).all(|(a, b)| (a.1 - b.1).abs() < 0.02);
    assert!(near, "{plain:?} {twisted:?}");
}

#[test]
fn who_owns_the_failures_and_who_owns_the_time_come_before_their_caller() {
    let found = answer(PLAIN);
    let mut first: Vec<&str> = found[..2].iter().map(|(name, _)| name.as_str()).collect();
    first.sort_unstable();
    assert_eq!(first, ["cart", "db"], "{found:?}");
}

#[test]
fn names_do_not_matter() {
    same(Twist { name: |n| format!("svc-{}", n.chars().rev().collect::<String>()), ..PLAIN });
    same(Twist { name: |n| format!("{}-{n}", 9 - n.len()), ..PLAIN });
}

#[test]
fn the_order_of_columns_and_services_does_not_matter() {
    same(Twist { reversed: true, ..PLAIN });
}

#[test]
fn the_date_does_not_matter() {
    same(Twist { shift_s: 1_000_000_000, ..PLAIN });
}

#[test]
fn the_amount_of_traffic_does_not_matter() {
    same(Twist { traffic: 20.0, ..PLAIN });
}

#[test]
fn ten_healthy_services_that_nobody_calls_do_not_matter() {
    same(Twist { bystanders: 10, ..PLAIN });
}
