//! Runs of the mock fleet that show how it behaves: a sawtooth, a rollback, a day, a storm.
//!
//! In: a seed. Out: curves over time for a plot, taken from the telemetry of short runs without an
//! engine; actions are ordered by a timetable. Nothing is drawn here. Times in minutes or hours of
//! the run. Known limit: one small fleet each; they show the shape of things, not a measurement.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::model::{Action, Batch, Operation, Risk, SliSample, Strategy, names};
use crate::unit::{ActionId, IncidentId, Name, SimDuration, SimTime};
use crate::world::World;
use crate::world::synthetic::{Synthetic, SyntheticSpec};

/// One curve: name and points (time in the show's unit, value).
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What it is.
    pub name: String,
    /// In time order.
    pub points: Vec<(f64, f64)>,
}

/// Curves on one pair of axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What the vertical axis says, with unit.
    pub axis: &'static str,
    /// The curves.
    pub curves: Vec<Curve>,
    /// A line that must not be crossed, with its name.
    pub limit: Option<(f64, &'static str)>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Show {
    /// Name of its file.
    pub file: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// On what fleet.
    pub below: &'static str,
    /// What the time axis says.
    pub time: &'static str,
    /// From top to bottom.
    pub panels: Vec<Panel>,
    /// Instants worth a line, with a word.
    pub marks: Vec<(f64, &'static str)>,
}

/// All of them.
///
/// # Panics
/// If a spec of this file does not fit together: our own bug.
#[must_use]
pub fn all(seed: u64) -> Vec<Show> {
    vec![sawtooth(seed), rollback(seed), day(seed), storm(seed)]
}

const MIB: f64 = 1_048_576.0;
const START: &str = "2026-01-06T00:00:00Z";

/// What a run left: frames by (entity, metric, stat or callee), and what users saw.
struct Seen {
    series: BTreeMap<(String, String, String), Vec<(f64, f64)>>,
    good: Vec<(f64, f64)>,
}

impl Seen {
    fn of(&self, entity: &str, metric: &str, label: &str) -> Vec<(f64, f64)> {
        let key = (entity.to_owned(), metric.to_owned(), label.to_owned());
        self.series.get(&key).cloned().unwrap_or_default()
    }

    fn curve(&self, name: &str, (entity, metric, label): (&str, &str, &str), by: f64) -> Curve {
        let points = self.of(entity, metric, label).into_iter().map(|(t, v)| (t, v * by));
        Curve { name: name.to_owned(), points: points.collect() }
    }

    /// Replicas of a service, ready and wanted.
    fn replicas(&self, service: &str) -> Panel {
        let curves = vec![
            self.curve("ready", (service, names::AVAILABLE_PODS, ""), 1.0),
            self.curve("wanted", (service, names::DESIRED_PODS, ""), 1.0),
        ];
        Panel { axis: "replicas", curves, limit: None }
    }
}

/// Runs a spec with a timetable of orders; times are divided by `unit`.
fn run(spec: Value, orders: &[(i64, &str, Operation)], unit: SimDuration, seed: u64) -> Seen {
    let spec: SyntheticSpec = serde_json::from_value(spec).expect("the spec of a show is one");
    let start = spec.start;
    let mut world = Synthetic::new(spec, seed).expect("the spec of a show fits together");
    let mut seen = Seen { series: BTreeMap::new(), good: Vec::new() };
    let (mut batch, mut left) = (Batch::default(), orders.iter().peekable());
    let time = |at: SimTime| at.since(start).secs_f64() / unit.secs_f64();
    while let Some(now) = world.next() {
        batch.clear();
        world.advance(now, &mut batch).expect("a show has no runaway");
        if batch.has_frame {
            for (id, meta) in world.series().iter() {
                let Some(value) = batch.frame.get(id) else { continue };
                let entity = world.topology().name(meta.entity).to_string();
                let label = meta.labels.values().next().cloned().unwrap_or_default();
                let key = (entity, meta.metric.clone(), label);
                seen.series.entry(key).or_default().push((time(now), value));
            }
        }
        while let Some((_, target, operation)) =
            left.next_if(|(at, ..)| start + SimDuration::from_secs(*at) <= now)
        {
            let id = ActionId(1 + orders.len() as u32 - left.len() as u32);
            let action = Action {
                id,
                incident: IncidentId(1),
                target: Name::from(*target),
                operation: operation.clone(),
                risk: Risk::Reversible,
                dry_run: false,
                reason: "a show".to_owned(),
            };
            world.apply(now, &action);
        }
    }
    let record: Vec<SliSample> = world.record().sli.iter().collect();
    for minute in record.chunks(10) {
        let (asked, failed) =
            minute.iter().fold((0.0, 0.0), |(n, f), s| (n + s.requests, f + s.failed));
        if asked > 0.0 {
            seen.good.push((time(minute[minute.len() - 1].time), 100.0 * (1.0 - failed / asked)));
        }
    }
    seen
}

fn shop(duration: &str, load: Value, services: Value, faults: Value) -> Value {
    json!({
        "start": START,
        "duration": duration,
        "load": load,
        "fleet": {
            "objective": { "service": "front", "availability": 0.99, "latency_p99": "1s",
                           "sustained": "1m" },
            "services": services,
        },
        "faults": faults,
        "actuation": { "fail": 0, "delay": "2s" },
    })
}

fn sawtooth(seed: u64) -> Show {
    let services = json!({
        "front": { "runtime": "nginx", "concurrency": 256, "service_time": "2ms",
                   "calls": [{ "to": "api", "timeout": "1s" }] },
        "api": { "runtime": "java", "replicas": 3, "service_time": "20ms",
                 "memory_limit_mib": 1024, "memory_base_mib": 300, "version": "v1",
                 "previous_version": "v0" },
    });
    let faults = json!([{ "at": "5m", "bad_deploy": { "service": "api", "version": "v2",
                          "mode": "leak", "mib_per_minute": 90 } }]);
    let load = json!({ "rate": 120, "daily_amplitude": 0 });
    let seen = run(shop("1h30m", load, services, faults), &[], SimDuration::from_secs(60), seed);
    let each = |metric: &'static str, by: f64| -> Vec<Curve> {
        let of = |slot: u32| {
            let entity = format!("api-{slot}");
            seen.curve(&entity, (&entity, metric, ""), by)
        };
        (0..4).map(of).filter(|curve| !curve.points.is_empty()).collect()
    };
    Show {
        file: "oom-sawtooth",
        title: "A leak under a memory limit: killed, started, killed again",
        below: "3 replicas of a JVM, limit 1 GiB; a version that leaks 90 MiB a minute comes",
        time: "minutes",
        panels: vec![
            Panel {
                axis: "memory, MiB",
                curves: each(names::MEMORY_WORKING_SET, 1.0 / MIB),
                limit: Some((1024.0, "limit")),
            },
            Panel { axis: "restarts", curves: each(names::RESTARTS, 1.0), limit: None },
            Panel {
                axis: "good answers, %",
                curves: vec![Curve { name: "users".to_owned(), points: seen.good.clone() }],
                limit: None,
            },
        ],
        marks: vec![(5.0, "deploy")],
    }
}

fn rollback(seed: u64) -> Show {
    let services = json!({
        "front": { "runtime": "nginx", "concurrency": 256, "service_time": "2ms",
                   "calls": [{ "to": "api", "timeout": "1s" }] },
        "api": { "runtime": "java", "replicas": 8, "max_replicas": 12, "service_time": "20ms",
                 "startup": "25s", "version": "v1", "previous_version": "v0" },
    });
    let faults = json!([{ "at": "5m", "bad_deploy": { "service": "api", "version": "v2",
                          "mode": "error", "error_ratio": 0.2 } }]);
    let back = Operation::Rollback { version: None, strategy: Strategy::Canary };
    let load = json!({ "rate": 240, "daily_amplitude": 0 });
    let spec = shop("20m", load, services, faults);
    let seen = run(spec, &[(600, "api", back)], SimDuration::from_secs(60), seed);
    Show {
        file: "canary-rollback",
        title: "A canary rollback: one replica first, then the rest, with its dip of capacity",
        below: "8 replicas that need 25 s to start; the bad version fails 20 % of its requests",
        time: "minutes",
        panels: vec![
            seen.replicas("api"),
            Panel {
                axis: "failed, %",
                curves: vec![seen.curve("api", ("api", names::ERROR_RATIO, ""), 100.0)],
                limit: None,
            },
            Panel {
                axis: "p99, ms",
                curves: vec![seen.curve("api", ("api", names::DURATION, "p99"), 1e3)],
                limit: None,
            },
        ],
        marks: vec![(5.0, "bad deploy"), (10.0, "rollback ordered")],
    }
}

fn day(seed: u64) -> Show {
    let services = json!({
        "front": { "runtime": "nginx", "replicas": 3, "concurrency": 256, "service_time": "2ms",
                   "calls": [{ "to": "api", "timeout": "2s" }] },
        "api": { "runtime": "java", "replicas": 4, "max_replicas": 12, "service_time": "25ms",
                 "cpu_share": 0.8, "autoscale": { "min": 3, "cpu": 0.5 }, "startup": "30s" },
    });
    let load = json!({ "rate": 160, "daily_amplitude": 0.5, "peak_hour": 14, "noise_cv": 0.03,
                       "flash_crowds": [{ "at": "19h", "factor": 2.5, "ramp": "3m",
                                          "lasts": "20m", "half_life": "10m" }] });
    let spec = shop("24h", load, services, json!([]));
    let seen = run(spec, &[], SimDuration::from_secs(3600), seed);
    Show {
        file: "day-with-flash-crowd",
        title: "A day: the load, the autoscaler behind it, and a flash crowd in the evening",
        below: "an API of 3 to 12 replicas, scaled at 50 % of its processors",
        time: "hours",
        panels: vec![
            Panel {
                axis: "requests/s",
                curves: vec![seen.curve("front", ("front", names::REQUEST_RATE, ""), 1.0)],
                limit: None,
            },
            seen.replicas("api"),
            Panel {
                axis: "p99, ms",
                curves: vec![seen.curve("front", ("front", names::DURATION, "p99"), 1e3)],
                limit: Some((1000.0, "objective")),
            },
        ],
        marks: vec![(19.0, "flash crowd")],
    }
}

/// When, in seconds from the start, what is ordered of whom.
type Order<'a> = (i64, &'a str, Operation);

/// The storm of `traffic/retry-storm.yaml` in small, four times: left alone, and with what ends it.
fn storm(seed: u64) -> Show {
    let spec = || {
        let services = json!({
            "front": { "runtime": "go", "replicas": 4, "concurrency": 1024, "service_time": "3ms",
                       "cpu_cores": 4,
                       "calls": [{ "to": "store", "timeout": "500ms", "retries": 0 }] },
            "store": { "runtime": "go", "replicas": 4, "max_replicas": 16, "concurrency": 8,
                       "service_time": "20ms", "cpu_cores": 4, "cpu_share": 0.2,
                       "queue_limit": 400 },
        });
        let faults = json!([{ "at": "4m", "retry_storm": { "service": "front", "callee": "store",
                              "retries": 4, "trigger": "1m", "slow_factor": 8 } }]);
        shop("20m", json!({ "rate": 1100, "daily_amplitude": 0 }), services, faults)
    };
    let minute = SimDuration::from_secs(60);
    let cures: [(&str, Vec<Order<'_>>); 4] = [
        ("left alone", vec![]),
        (
            "80 % of the load shed for 3 min",
            vec![
                (600, "front", Operation::ShedLoad { share: 0.8 }),
                (780, "front", Operation::ShedLoad { share: 0.0 }),
            ],
        ),
        (
            "circuit opened",
            vec![(600, "front", Operation::OpenCircuit { callee: Name::from("store") })],
        ),
        ("scaled out to 16", vec![(600, "store", Operation::ScaleOut { replicas: 16 })]),
    ];
    let curves = cures.into_iter().map(|(name, orders)| {
        let seen = run(spec(), &orders, minute, seed);
        Curve { name: name.to_owned(), points: seen.good }
    });
    Show {
        file: "retry-storm-ends",
        title: "A retry storm outlives its trigger; what ends it",
        below: "a store at 70 % load, 8 times as slow for a minute; 5 tries of 0.5 s",
        time: "minutes",
        panels: vec![Panel { axis: "good answers, %", curves: curves.collect(), limit: None }],
        marks: vec![(4.0, "trigger"), (5.0, "trigger over"), (10.0, "cure ordered")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(curve: &Curve, from: f64, to: f64) -> f64 {
        let part: Vec<f64> =
            curve.points.iter().filter(|(t, _)| from <= *t && *t < to).map(|p| p.1).collect();
        part.iter().sum::<f64>() / part.len() as f64
    }

    #[test]
    fn memory_climbs_to_its_limit_and_falls_again_and_again() {
        let show = sawtooth(1);
        let highest = show.panels[0].curves.iter().flat_map(|c| &c.points).map(|p| p.1);
        assert!(highest.fold(0.0, f64::max) > 950.0);
        let restarts = &show.panels[1].curves[0].points;
        assert!(restarts.last().unwrap().1 >= 3.0, "{restarts:?}");
    }

    #[test]
    fn a_canary_rollback_dips_and_heals() {
        let show = rollback(1);
        let ready = &show.panels[0].curves[0];
        let least = ready.points.iter().filter(|p| p.0 > 10.0).map(|p| p.1).fold(9.0, f64::min);
        assert!((6.0..8.0).contains(&least), "{least}");
        assert!(mean(&show.panels[1].curves[0], 7.0, 10.0) > 15.0);
        assert!(mean(&show.panels[1].curves[0], 17.0, 20.0) < 1.0);
    }

    #[test]
    fn the_storm_stays_until_load_falls_or_capacity_grows() {
        let show = storm(1);
        let curves = &show.panels[0].curves;
        for curve in curves {
            assert!(mean(curve, 0.0, 4.0) > 99.0, "{}", curve.name);
            assert!(mean(curve, 8.0, 10.0) < 85.0, "{}: {}", curve.name, mean(curve, 8.0, 10.0));
        }
        assert!(mean(&curves[0], 17.0, 20.0) < 85.0, "left alone it stays");
        for cure in &curves[1..] {
            assert!(mean(cure, 17.0, 20.0) > 98.0, "{}: {}", cure.name, mean(cure, 17.0, 20.0));
        }
    }
}
