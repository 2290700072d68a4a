//! A healthy fleet must be left in peace, and its faults be found: all metric detectors together
//! with the gate, over made-up but realistic series.

use crate::catalog::Spec;
use crate::engine::detect::{Scores, build};
use crate::engine::{Gate, History};
use crate::kernel::Streams;
use crate::model::{
    AlarmPolicy, Batch, Decision, SeriesCatalog, SeriesMeta, StepInput, Topology, names,
};
use crate::unit::SimTime;

const SERVICES: u32 = 10;
const COPIES: u64 = 2;

/// Columns: name, unit, value at (load 0.., noise n1, n2).
type Shape = (&'static str, &'static str, fn(f64, f64, f64) -> f64);

const SHAPES: [Shape; 8] = [
    (names::REQUEST_RATE, "{request}/s", |load, n, _| 100.0 * load * (1.0 + 0.05 * n)),
    (names::ERROR_RATIO, "1", |_, n, _| (0.0005 + 0.0006 * n).max(0.0)),
    (names::DURATION, "s", |load, n, _| 0.08 / (1.0 - 0.5 * load) * (0.12 * n).exp()),
    (names::CPU_UTILIZATION, "1", |load, n, _| 0.5 * load + 0.02 * n),
    (names::MEMORY_WORKING_SET, "By", |load, n, _| 4e8 * (1.0 + 0.1 * load + 0.01 * n)),
    (names::GC_SHARE, "1", |load, n, m| 0.02 * load * (0.3 * n + 0.3 * m).exp()),
    (names::QUEUE_LENGTH, "{request}", |load, n, m| (2.0 * load + n + m).max(0.0).floor()),
    (names::AVAILABLE_PODS, "{pod}", |_, _, _| 3.0),
];

/// Runs `hours` of 15-second frames; `fault(frame, service, column)` multiplies values.
fn run(seed: u64, hours: i64, fault: fn(i64, u32, usize) -> f64) -> Vec<(i64, String)> {
    let (mut topology, mut series) = (Topology::default(), SeriesCatalog::default());
    for service in 0..SERVICES {
        let entity = topology.service(&format!("s{service}"));
        for (metric, unit, _) in SHAPES {
            for copy in 0..COPIES {
                let meta = SeriesMeta::gauge(entity, metric, unit).label("n", &copy.to_string());
                series.add(meta).unwrap();
            }
        }
    }
    let kinds = ["robust_score", "level_shift", "burn_rate", "event_match"].map(Spec::plain);
    let mut detectors = build(&kinds).unwrap();
    let (mut history, mut gate) = (History::new(2048), Gate::new(&AlarmPolicy::default()));
    let (mut batch, mut scores, mut said) = (Batch::default(), Scores::default(), Vec::new());
    let noise = Streams::new(seed);
    for frame in 0..hours * 240 {
        let now = SimTime::from_secs(frame * 15);
        let load = 0.6 - 0.3 * (now.hour_of_day() / 24.0 * std::f64::consts::TAU).cos();
        batch.frame.reset(now, series.len());
        for (lane, value) in batch.frame.values.iter_mut().enumerate() {
            let column = lane / COPIES as usize;
            let (service, column) = ((column / SHAPES.len()) as u32, column % SHAPES.len());
            let normal = |k| noise.normal(lane as u64 * 2 + k, frame as u64);
            *value = SHAPES[column].2(load, normal(0), normal(1)) * fault(frame, service, column);
        }
        batch.has_frame = true;
        history.push(&batch.frame, &series);
        let input = StepInput { now, topology: &topology, series: &series, batch: &batch };
        scores.clear();
        detectors.iter_mut().for_each(|d| d.observe(&input, &history, &mut scores));
        let mut out = Vec::new();
        gate.step(&input, &scores, &mut out);
        said.extend(out.iter().filter_map(|decision| match decision {
            Decision::Anomaly(a) => Some((frame, format!("{} {}", a.entity, a.signal))),
            _ => None,
        }));
    }
    said
}

#[test]
fn a_healthy_fleet_raises_no_alarm_through_the_morning_rise() {
    assert_eq!(run(0, 6, |_, _, _| 1.0), []);
}

#[test]
fn a_slow_service_is_found_within_a_minute_and_nobody_else() {
    let slow = |frame, service, column| {
        if frame >= 240 && service == 3 && column == 2 { 2.0 } else { 1.0 }
    };
    let said = run(1, 2, slow);
    assert!(said.len() >= COPIES as usize, "{said:?}");
    assert!(said.iter().all(|(_, text)| text.starts_with("s3 ")), "{said:?}");
    assert!((240..=244).contains(&said[0].0), "{said:?}");
}

#[test]
fn the_same_telemetry_gives_the_same_alarms() {
    let surge = |frame, _, column| if frame > 150 && column == 0 { 3.0 } else { 1.0 };
    let said = run(7, 1, surge);
    assert!(!said.is_empty(), "a surge is seen");
    assert_eq!(said, run(7, 1, surge));
}

#[test]
fn a_leak_is_found_before_the_memory_has_doubled() {
    let leak = |frame: i64, service, column| {
        let minutes = (frame - 120).max(0) as f64 / 4.0;
        if service == 5 && column == 4 { 1.0 + minutes / 60.0 } else { 1.0 }
    };
    let said = run(1, 2, leak);
    assert!(said.iter().all(|(_, text)| text.starts_with("s5 ")), "{said:?}");
    assert!(said[0].0 < 120 + 120, "{said:?}");
}
