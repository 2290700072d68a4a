//! Replicas in step and services side by side change no digit.

use super::*;
use crate::world::fleet::{LoadSpec, generate, generated_rate};

/// Calm, a surge that ends by itself, calm again, a restart, calm until the end; with a disk that
/// fills, probes, an autoscaler and a cache beside services that have nothing of the kind.
fn eventful() -> SyntheticSpec {
    let surge = json!({ "service": "api-server", "factor": 2.5, "lasts": "3m" });
    let mut spec = with_fault("20m", "traffic_surge", surge);
    spec.duration = SimDuration::from_secs(4500);
    spec.fleet.nodes.clear();
    let services = &mut spec.fleet.services;
    let mut set = |name: &str, key: &str, value: Value| {
        let service = services.get_mut(name).unwrap();
        let mut map = serde_json::to_value(&*service).unwrap();
        map[key] = value;
        *service = serde_json::from_value(map).unwrap();
    };
    let disk = json!({ "size_mib": 20_000, "used_mib": 100, "mib_per_1000_requests": 1 });
    set("catalog", "disk", disk);
    set("cart", "liveness", json!({}));
    set("users", "autoscale", json!({ "min": 1, "cpu": 0.6 }));
    set("inventory", "cache", json!({ "hit_ratio": 0.9 }));
    spec
}

/// What a run showed at each step, its record, services in step and services side by side.
type Played = (Vec<String>, String, Vec<usize>, Vec<usize>);

fn play(spec: SyntheticSpec, apart: bool, (clock, order): (&str, &Action)) -> Played {
    let mut world = Synthetic::new(spec, 3).map_err(|p| format!("{p:?}")).unwrap();
    world.apart = apart;
    let (mut batch, mut seen) = (Batch::default(), Vec::new());
    let (mut marching, mut still) = (Vec::new(), Vec::new());
    while let Some(now) = world.next() {
        batch.clear();
        world.advance(now, &mut batch).unwrap();
        if now == at(clock) {
            world.apply(now, order);
        }
        let bits: Vec<u64> = batch.frame.values.iter().map(|value| value.to_bits()).collect();
        seen.push(format!("{now} {bits:?} {:?} {:?}", batch.logs, batch.spans));
        marching.push(world.fleet.services.iter().filter(|s| s.is_in_step()).count());
        still.push(world.fleet.count_still());
    }
    (seen, format!("{:?}", world.record()), marching, still)
}

#[test]
fn plain_services_side_by_side_change_no_digit() {
    let surge = json!({ "service": "edge", "factor": 1.5, "lasts": "3m" });
    let mut spec = with_fault("15m", "traffic_surge", surge);
    spec.fleet = generate(14, 3, 5);
    let load = json!({ "rate": generated_rate(14), "entry": "edge", "daily_amplitude": 0.5 });
    spec.load = serde_json::from_value::<LoadSpec>(load).unwrap();
    spec.duration = SimDuration::from_secs(3600);
    // One that others call has a special callee, one calls through a lock, one tries again.
    let calls: Vec<String> =
        spec.fleet.services["edge"].calls.iter().map(|c| c.to.clone()).collect();
    let odd = spec.fleet.services.get_mut(&calls[0]).unwrap();
    odd.liveness = Some(serde_json::from_value(json!({})).unwrap());
    odd.lock_time = SimDuration::from_millis(1);
    let edge = spec.fleet.services.get_mut("edge").unwrap();
    (edge.calls[0].retries, edge.calls[0].optional) = (3, true);
    edge.calls[0].timeout = SimDuration::from_millis(20);
    edge.calls[0].retry_budget = Some(crate::unit::Ratio::clamped(0.2));
    let restart = action(&calls[0], Operation::Restart);
    let (together, apart) = (
        play(spec.clone(), false, ("02:45:00", &restart)),
        play(spec, true, ("02:45:00", &restart)),
    );
    let first = together.0.iter().zip(&apart.0).position(|(one, other)| one != other);
    assert_eq!(first, None, "the first step that differs");
    assert!(together.1 == apart.1, "the records differ");
    assert!(apart.3.iter().all(|still| *still == 0));
    let most = together.3.iter().max();
    assert!(most == Some(&13), "all but one are plain: {:?}", together.3);
    let changes = together.3.windows(2).filter(|pair| (pair[0] == 0) != (pair[1] == 0)).count();
    assert!(changes >= 4 && together.3.last() > Some(&0), "{:?}", together.3);
}

#[test]
fn one_replica_worked_out_for_all_changes_no_digit() {
    let restart = action("catalog", Operation::Restart);
    let [together, apart] =
        [false, true].map(|apart| play(eventful(), apart, ("02:45:00", &restart)));
    let first = together.0.iter().zip(&apart.0).position(|(one, other)| one != other);
    assert_eq!(first, None, "the first step that differs");
    assert_eq!(together.0.len(), apart.0.len());
    assert!(together.1 == apart.1, "the records differ");
    assert!(apart.2.iter().all(|in_step| *in_step == 0));
    // In step from the start, out of step in the surge and the restart, in step after each.
    let changes = together.2.windows(2).filter(|pair| (pair[0] == 0) != (pair[1] == 0)).count();
    assert!(changes >= 4 && together.2.last() > Some(&0), "{:?}", together.2);
}
