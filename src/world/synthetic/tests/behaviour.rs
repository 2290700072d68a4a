//! How machines, queues, probes and credentials behave, and what each order does to them.

use super::*;

/// A town: web -> app -> db, and app -> bus -> worker, on four machines in two zones.
fn town(fault: Value) -> SyntheticSpec {
    serde_json::from_value(json!({
        "start": "2026-01-06T02:00:00Z",
        "duration": "40m",
        "load": { "rate": 60, "daily_amplitude": 0, "noise_cv": 0 },
        "fleet": {
            "objective": { "service": "web", "availability": 0.99, "latency_p99": "1s",
                           "sustained": "1m" },
            "nodes": { "box": { "count": 4, "cpu_cores": 4, "memory_mib": 8192,
                                "zones": ["a", "b"] } },
            "services": {
                "web": { "runtime": "nginx", "replicas": 4, "max_replicas": 6,
                         "service_time": "2ms", "calls": [{ "to": "app", "timeout": "1s" }] },
                "app": { "replicas": 4, "max_replicas": 6, "service_time": "10ms",
                         "flags": { "new": false },
                         "secret": { "to": "db", "expires_in": "720h", "overlap": false },
                         "calls": [{ "to": "db", "timeout": "500ms" },
                                   { "to": "bus", "timeout": "300ms" },
                                   { "to": "worker", "via": "bus" }] },
                "db": { "kind": "database", "replicas": 1, "service_time": "3ms",
                        "disk": { "size_mib": 1000, "used_mib": 700, "reclaimable": 0.5 } },
                "bus": { "kind": "broker", "replicas": 1, "service_time": "1ms" },
                "worker": { "replicas": 2, "service_time": "10ms" },
            },
        },
        "faults": fault,
        "actuation": { "fail": 0, "delay": "1s" },
    }))
    .unwrap()
}

fn order(target: &str, operation: Operation) -> (&'static str, Action) {
    ("02:10:00", action(target, operation))
}

/// The values of a series in a stretch; empty if there is none.
fn values(
    (world, tape): &(Synthetic, Tape),
    (entity, metric): (&str, &str),
    (from, to): (&str, &str),
) -> Vec<f64> {
    let of = |meta: &crate::model::SeriesMeta| {
        world.topology().name(meta.entity).as_str() == entity && meta.metric == metric
    };
    let column = world.series().iter().find(|(_, meta)| of(meta)).map(|(id, _)| id.index());
    let inside = tape.frames.iter().filter(|(time, _)| at(from) <= *time && *time <= at(to));
    let column = column.unwrap_or_else(|| panic!("there is no {metric} of {entity}"));
    inside.map(|(_, frame)| frame[column]).filter(|v| !v.is_nan()).collect()
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

#[test]
fn a_lost_machine_is_noticed_given_up_and_its_pods_move_or_wait_for_room() {
    let lost = json!([{ "at": "5m", "node_loss": { "node": "box-0" } }]);
    let (world, tape) = run(town(lost.clone()), 1, &[]);
    let noticed = first(&tape, "NodeNotReady").expect("the machine is found silent");
    assert!(noticed.since(at("02:05:00")) >= SimDuration::from_secs(40), "{noticed}");
    let moved = first(&tape, "Evicted").expect("its pods are given up");
    assert!(moved.since(noticed) >= SimDuration::from_secs(300), "{moved}");
    assert!(pain(&world, "02:05:00", "02:05:40") > 0.5, "requests to it are lost");
    assert_eq!(pain(&world, "02:15:00", "02:40:00"), 0.0, "the others carry it");
    assert!(first(&tape, "FailedScheduling").is_none(), "there is room");
    // The same on machines that are full: nobody has room for what was on the lost one.
    let mut full = town(lost);
    full.fleet.nodes.get_mut("box").unwrap().cpu_cores = 3.0;
    for service in full.fleet.services.values_mut() {
        service.cpu_request = Some(1.0);
    }
    let (_, tape) = run(full, 1, &[]);
    assert!(first(&tape, "FailedScheduling").is_some_and(|waits| waits >= moved));
}

#[test]
fn messages_pile_up_behind_a_poisoned_consumer_and_drain_when_it_is_cured() {
    let poison = json!({ "service": "worker", "share": 1, "lasts": "5m" });
    let ran = run(town(json!([{ "at": "5m", "poison_message": poison }])), 1, &[]);
    let lag = |from, to| values(&ran, ("worker", names::CONSUMER_LAG), (from, to));
    assert!(most(&lag("02:02:00", "02:04:45")) < 10.0);
    assert!(most(&lag("02:09:00", "02:10:00")) > 10_000.0, "60 messages a second for 5 minutes");
    assert!(most(&lag("02:30:00", "02:40:00")) < 10.0, "drained");
}

#[test]
fn a_failing_liveness_probe_starts_containers_anew_again_and_again() {
    let bad = json!({ "service": "app", "version": "v2", "mode": "fails_liveness" });
    let ran = run(town(json!([{ "at": "5m", "bad_deploy": bad }])), 1, &[]);
    let restarts = values(&ran, ("app-0", names::RESTARTS), ("02:02:00", "02:40:00"));
    assert_eq!(least(&restarts), 0.0);
    assert!(most(&restarts) >= 3.0, "{}", most(&restarts));
}

#[test]
fn credentials_without_overlap_fail_until_every_replica_has_read_the_new_ones() {
    let ran = run(town(json!([])), 1, &[order("app", Operation::RotateSecret)]);
    assert_eq!(pain(&ran.0, "02:02:00", "02:10:00"), 0.0);
    assert!(pain(&ran.0, "02:10:15", "02:11:00") > 0.5, "replicas still show the old ones");
    assert_eq!(pain(&ran.0, "02:13:00", "02:40:00"), 0.0);
}

#[test]
fn each_order_does_what_it_says() {
    let after = ("02:20:00", "02:40:00");
    let done = |fault: Value, target: &str, operation: Operation| {
        let ran = run(town(fault), 1, &[order(target, operation)]);
        let last = ran.1.outcomes.last().expect("an outcome").clone();
        assert_eq!(last.status, OutcomeStatus::Applied, "{target}: {}", last.detail);
        ran
    };
    let ran = done(json!([]), "web", Operation::ScaleIn { replicas: 2 });
    assert_eq!(most(&values(&ran, ("web", names::AVAILABLE_PODS), after)), 2.0);
    let ran = done(json!([]), "box-1", Operation::Drain);
    assert!(first(&ran.1, "Evicted").is_some());
    assert!(most(&values(&ran, ("box-1", names::NODE_MEMORY), after)) < 0.05, "it is empty");
    let ran = done(json!([]), "a", Operation::ShiftTraffic { share: 1.0 });
    let cpu = |node: &str| most(&values(&ran, (node, names::NODE_CPU), after));
    assert!(cpu("box-0") < 0.5 * cpu("box-1"), "{} {}", cpu("box-0"), cpu("box-1"));
    let ran = done(json!([]), "web", Operation::ShedLoad { share: 0.25 });
    let failed = values(&ran, ("web", names::ERROR_RATIO), after);
    assert!(least(&failed) > 0.15 && most(&failed) < 0.35, "{failed:?}");
    let flip = json!([{ "at": "5m", "flag_flip": { "service": "app", "flag": "new",
                                                   "error_ratio": 0.5 } }]);
    let ran = done(flip, "app", Operation::DisableFlag { flag: "new".to_owned() });
    assert!(pain(&ran.0, "02:06:00", "02:10:00") > 0.9);
    assert_eq!(pain(&ran.0, "02:12:00", "02:40:00"), 0.0);
    let fill = json!([{ "at": "5m", "disk_fill": { "service": "db", "mib_per_minute": 40 } }]);
    let ran = done(fill, "db", Operation::CleanDisk);
    let disk = |from, to| most(&values(&ran, ("db-0", names::VOLUME_UTILIZATION), (from, to)));
    let (full, clean) = (disk("02:09:00", "02:10:00"), disk("02:11:00", "02:12:00"));
    // Without the order it would be near full by then.
    assert!(full > 0.85 && clean < full, "{full} {clean}");
}

#[test]
fn strides_change_no_more_than_the_last_digits_in_calm_and_in_steady_trouble() {
    // A spark far away keeps the ticks short; the rest of the fleet must look the same.
    let spark = json!({ "at": "1m", "disk_fill": { "service": "db", "mib_per_minute": 0.001 } });
    let slow = json!({ "service": "app", "error_ratio": 0.2, "slow_factor": 3 });
    let lossy = json!({ "service": "web", "callee": "app", "loss": 0.05 });
    let mut ticks = Vec::new();
    for trouble in [
        vec![],
        vec![json!({ "at": "12m", "code_defect": slow })],
        vec![json!({ "at": "12m", "packet_loss": lossy })],
    ] {
        let (calm, _) = run(town(json!(trouble)), 1, &[]);
        let (awake, _) = run(town(json!([trouble.clone(), vec![spark.clone()]].concat())), 1, &[]);
        let mean = |world: &Synthetic, of: fn(&SliSample) -> f64| {
            let values: Vec<f64> = world.record().sli.iter().skip(600).map(|s| of(&s)).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        assert_eq!(calm.record().sli.len(), awake.record().sli.len());
        let close = |of: fn(&SliSample) -> f64, by: f64| {
            let (a, b) = (mean(&calm, of), mean(&awake, of));
            assert!((a / b - 1.0).abs() < by, "{trouble:?}: {a}, tick by tick {b}");
        };
        close(|s| s.latency_p99_s.unwrap_or_default(), 0.01);
        close(|s| s.failed, 0.01);
        close(|s| s.requests, 1e-6);
        ticks.push((calm.ticks, awake.ticks));
    }
    // The check means something only if strides were taken.
    assert!(ticks.iter().all(|(calm, awake)| calm * 3 < *awake), "{ticks:?}");
}

#[test]
fn lines_that_nobody_reads_are_not_written_and_change_nothing_else() {
    let play = |spec: SyntheticSpec, spare: bool| {
        let mut world = Synthetic::new(spec, 3).map_err(|p| format!("{p:?}")).unwrap();
        if spare {
            world.spare_lines();
        }
        let (mut batch, mut seen, mut lines) = (Batch::default(), Vec::new(), 0);
        while let Some(now) = world.next() {
            batch.clear();
            world.advance(now, &mut batch).unwrap();
            lines += batch.logs.len() + batch.spans.len();
            let bits: Vec<u64> = batch.frame.values.iter().map(|value| value.to_bits()).collect();
            seen.push(format!("{now} {bits:?} {:?}", batch.events));
        }
        (lines, seen, format!("{:?}", world.record()))
    };
    let (all, none) = (play(shop(), false), play(shop(), true));
    assert!((&all.1, &all.2) == (&none.1, &none.2), "what is measured or happened differs");
    // Last words of containers are told all the same.
    assert!(all.0 > 1000 && none.0 < all.0 / 10, "{} lines, then {}", all.0, none.0);
    // Events that are lost by chance are drawn with the lines before them.
    let lost = || with_fault("1m", "telemetry_loss", json!({ "share": 0.5 }));
    assert_eq!(play(lost(), false), play(lost(), true));
}
