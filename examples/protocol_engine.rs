//! The protocol of `docs/engine-protocol.md` in Rust: a detector as a process of its own.
//!
//! It needs no windtunnel crate, only JSON. A series is strange when it is far from its running
//! mean; the rest of the chain is windtunnel's (`stages: [detect]`).
//!
//! `cargo build --release --example protocol_engine`, then
//! `windtunnel engine-check --stages detect -- target/release/examples/protocol_engine`.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde_json::{Value, json};

/// Frames before anything is judged.
const LEARN: u32 = 20;
/// Distance in mean absolute deviations that counts as score 1.
const NOMINAL: f64 = 8.0;

/// What is remembered of one series.
#[derive(Default)]
struct Past {
    seen: u32,
    mean: f64,
    spread: f64,
}

impl Past {
    /// How strange a value is, and takes it in.
    fn score(&mut self, value: f64) -> f64 {
        let distance = (value - self.mean).abs();
        let usual = self.spread.max(0.02 * self.mean.abs()).max(1e-6);
        let score = if self.seen < LEARN { 0.0 } else { distance / usual / NOMINAL };
        if score < 1.0 {
            let weight = if self.seen == 0 { 1.0 } else { 0.1 };
            self.mean += weight * (value - self.mean);
            self.spread += 0.1 * (distance.min(10.0 * usual) - self.spread);
            self.seen += 1;
        }
        score
    }
}

#[derive(Default)]
struct Detector {
    entities: BTreeMap<u64, (String, Option<u64>)>,
    series: Vec<(u64, String)>,
    past: Vec<Past>,
}

impl Detector {
    fn learn(&mut self, message: &Value) {
        for entity in message["entities"].as_array().into_iter().flatten() {
            let id = entity["id"].as_u64().unwrap_or_default();
            let name = entity["name"].as_str().unwrap_or_default().to_owned();
            let is_replica = entity["kind"] == "replica";
            let parent = entity["parent"].as_u64().filter(|_| is_replica);
            self.entities.insert(id, (name, parent));
        }
        for series in message["series"].as_array().into_iter().flatten() {
            let labels = series["labels"].as_object().into_iter().flatten();
            let labels: Vec<String> = labels.map(|(_, value)| value.to_string()).collect();
            let signal =
                format!("{} {}", series["metric"].as_str().unwrap_or_default(), labels.join(" "));
            self.series.push((series["entity"].as_u64().unwrap_or_default(), signal));
            self.past.push(Past::default());
        }
    }

    fn readings(&mut self, step: &Value) -> Vec<Value> {
        let mut readings = Vec::new();
        let frame = step["frame"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, value) in frame.iter().enumerate() {
            let Some(value) = value.as_f64() else { continue };
            let score = self.past[index].score(value);
            let (entity, signal) = &self.series[index];
            let Some((name, parent)) = self.entities.get(entity) else { continue };
            if score < 0.5 {
                continue;
            }
            let service = parent.and_then(|p| self.entities.get(&p)).map_or(name, |(n, _)| n);
            let mut reading = json!({ "entity": service, "signal": signal.trim(), "score": score });
            reading["observed"] = json!(value);
            if parent.is_some() {
                reading["instance"] = json!(name);
            }
            readings.push(reading);
        }
        readings
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut detector = Detector::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let seq = &request["seq"];
        detector.learn(&request);
        let reply = match request["type"].as_str() {
            Some("hello") => json!({ "seq": seq, "hello": {
                "protocol": 1, "name": "running-mean", "version": "1", "wants": ["metrics"] } }),
            Some("step") => json!({ "seq": seq, "readings": detector.readings(&request) }),
            Some("bye") => break,
            _ => json!({ "seq": seq, "error": "this engine only detects" }),
        };
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}
