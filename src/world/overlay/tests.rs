//! An overlay on a small recording that was made by hand.

use super::*;
use crate::model::{Frame, SeriesMeta, names};
use crate::timeline::{DatasetMeta, DatasetWriter};
use crate::world::chaos::FaultSpec;

const MINUTE: SimDuration = SimDuration::from_secs(60);

/// Two hours of a web service that calls a cart, a sample a minute.
fn recording() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("set");
    let meta = DatasetMeta::recorded("set", "test", "none", MINUTE);
    let dataset = DatasetWriter::create(&target, meta).unwrap();
    let (mut map, mut series) = (Topology::default(), SeriesCatalog::default());
    let (web, cart) = (map.service("web"), map.service("cart"));
    map.call(web, cart);
    for id in [web, cart] {
        series.add(SeriesMeta::gauge(id, names::REQUEST_RATE, "{request}/s")).unwrap();
        series.add(SeriesMeta::gauge(id, names::DURATION, "s").label("stat", "mean")).unwrap();
        series.add(SeriesMeta::gauge(id, "availability", "%")).unwrap();
    }
    let mut case = dataset.case("calm", &map, &series).unwrap();
    for minute in 1..=120 {
        let wobble = f64::from(minute % 7);
        let values = vec![50.0 + wobble, 0.08, 99.9, 40.0 + wobble, 0.03 + wobble * 1e-4, 99.95];
        case.frame(&Frame { time: SimTime::from_secs(60 * i64::from(minute)), values }).unwrap();
    }
    case.finish().unwrap();
    dataset.finish().unwrap();
    let path = target.join("calm");
    (folder, path)
}

fn spec(path: &Path, faults: &str, hours: i64) -> Result<SyntheticSpec, Vec<BlueprintError>> {
    let duration = SimDuration::from_secs(3600 * hours);
    let Blueprint { start, fleet, load, scrape } =
        Blueprint::of(path, MINUTE, SimDuration::ZERO, duration)?;
    let faults: Vec<FaultSpec> = serde_saphyr::from_str(faults).unwrap();
    let text = r#"{ "start": "1970-01-01T00:00:00Z", "duration": "1h",
        "fleet": { "objective": { "service": "a", "availability": 0.9, "latency_p99": "1s",
        "sustained": "1m" }, "services": {} }, "load": { "rate": 1 } }"#;
    let spec: SyntheticSpec = serde_json::from_str(text).unwrap();
    Ok(SyntheticSpec { start, duration, fleet, load, scrape, faults, ..spec })
}

fn frames(world: &mut Overlay) -> Vec<Frame> {
    let (mut frames, mut batch) = (Vec::new(), Batch::default());
    while let Some(now) = world.next() {
        batch.clear();
        world.advance(now, &mut batch).unwrap();
        if batch.has_frame {
            frames.push(batch.frame.clone());
        }
    }
    frames
}

#[test]
fn without_a_fault_the_recording_is_played_as_it_is() {
    let (_folder, path) = recording();
    let mut world = Overlay::new(&spec(&path, "[]", 1).unwrap(), &path, MINUTE, 1).unwrap();
    let frames = frames(&mut world);
    assert_eq!(frames.len(), 60);
    for (index, frame) in frames.iter().enumerate() {
        let wobble = ((index + 1) % 7) as f64;
        assert_eq!(frame.values[0], 50.0 + wobble);
        assert_eq!(frame.values[5], 99.95);
    }
}

#[test]
fn a_fault_moves_what_it_would_move() {
    let (_folder, path) = recording();
    let slow = "[{ at: 30m, dependency_failure: { service: cart, slow_factor: 4, \
                error_ratio: 0.3 } }]";
    let mut world = Overlay::new(&spec(&path, slow, 1).unwrap(), &path, MINUTE, 1).unwrap();
    let frames = frames(&mut world);
    let (before, after) = (&frames[20].values, &frames[50].values);
    assert!(after[4] > 2.5 * before[4], "cart is slow: {before:?} {after:?}");
    assert!(after[1] > 1.3 * before[1], "web waits for it: {before:?} {after:?}");
    assert!(after[5] < 80.0, "cart fails: {after:?}");
    assert_eq!(before[5], 99.95);
    assert_eq!(world.truth().unwrap().incidents.len(), 1);
}

#[test]
fn a_baseline_must_be_long_enough() {
    let (_folder, path) = recording();
    let error = spec(&path, "[]", 3).unwrap_err()[0].to_string();
    assert!(error.starts_with("the scenario is longer than the dataset: expected at most"));
    assert!(spec(&path, "[]", 2).is_ok());
}
