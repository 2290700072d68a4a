//! Replicas in step change no digit.

use super::*;

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

#[test]
fn one_replica_worked_out_for_all_changes_no_digit() {
    let restart = action("catalog", Operation::Restart);
    let play = |apart: bool| {
        let mut world = Synthetic::new(eventful(), 3).map_err(|p| format!("{p:?}")).unwrap();
        world.apart = apart;
        let (mut batch, mut seen, mut marching) = (Batch::default(), Vec::new(), Vec::new());
        while let Some(now) = world.next() {
            batch.clear();
            world.advance(now, &mut batch).unwrap();
            if now == at("02:45:00") {
                world.apply(now, &restart);
            }
            let bits: Vec<u64> = batch.frame.values.iter().map(|value| value.to_bits()).collect();
            seen.push(format!("{now} {bits:?} {:?} {:?}", batch.logs, batch.spans));
            marching.push(world.fleet.services.iter().filter(|s| s.is_in_step()).count());
        }
        (seen, format!("{:?}", world.record()), marching)
    };
    let (together, apart) = (play(false), play(true));
    let first = together.0.iter().zip(&apart.0).position(|(one, other)| one != other);
    assert_eq!(first, None, "the first step that differs");
    assert_eq!(together.0.len(), apart.0.len());
    assert!(together.1 == apart.1, "the records differ");
    assert!(apart.2.iter().all(|in_step| *in_step == 0));
    // In step before the surge, out of step in it, in step after the restart.
    let changes = together.2.windows(2).filter(|pair| (pair[0] == 0) != (pair[1] == 0)).count();
    assert!(changes >= 5 && together.2.last() > Some(&0), "{:?}", together.2);
}
