//! Which expectations a sketch suggests, and which of them hold as it stands.
//!
//! In: the sketch, and the scenario made of it. Out: sentences that one trial met, and sentences
//! that it did not meet with what was seen instead: goals for whoever mends the engine.

use super::Sketch;
use crate::campaign::suite::{Limits, guarded};
use crate::campaign::{incidents, judge};
use crate::model::Decision;
use crate::scenario::{Checked, Expectation};
use crate::trial::Trial;
use crate::unit::SimDuration;

/// A sentence, and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The sentence.
    pub sentence: String,
    /// Whether one trial met it.
    pub met: bool,
    /// What was seen.
    pub saw: String,
}

/// Runs the scenario once and judges what the sketch suggests.
///
/// # Errors
/// Why the trial did not end.
pub fn try_out(sketch: &Sketch, checked: &Checked) -> Result<Vec<Suggestion>, Vec<String>> {
    let trial = guarded(checked, checked.file.seed, &Limits::default()).map_err(|(_, why)| why)?;
    let wanted: Vec<Expectation> = sentences(sketch, &trial)
        .iter()
        .map(|text| Expectation::Statement(text.parse().expect("a sentence of ours is one")))
        .collect();
    let read = incidents::read(&trial);
    let judged = judge::judge(&wanted, &trial, &read);
    Ok(judged
        .into_iter()
        .map(|j| Suggestion { sentence: j.expectation, met: j.met, saw: j.saw })
        .collect())
}

/// What may be expected, the more important first.
fn sentences(sketch: &Sketch, trial: &Trial) -> Vec<String> {
    let acts = trial.journal.decisions().any(|(_, d)| match d {
        Decision::Act(action) => action.verb().touches_fleet(),
        _ => false,
    });
    let blamed: Vec<_> = sketch.faults.iter().filter_map(|f| f.blames.as_ref()).collect();
    let mut all: Vec<String> = Vec::new();
    if blamed.is_empty() {
        all.extend(["never act", "page count == 0"].map(str::to_owned));
    } else {
        all.extend(["detected", "healed"].map(str::to_owned));
        for (root, cause) in &blamed {
            all.push(format!("root_cause == {root}/{cause} within top 1"));
            all.push(format!("root_cause == {root} within top 3"));
        }
        if acts {
            all.push("not wrong_action".to_owned());
        }
        if let Some(mttr) = recovery(trial) {
            all.push(format!("mttr <= {mttr}"));
        }
    }
    for incident in &sketch.incidents {
        let Some(root) = &incident.root else { continue };
        all.extend(incident.forbidden.iter().map(|verb| format!("never {verb} {root}")));
    }
    all.push("violations == 0".to_owned());
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|sentence| seen.insert(sentence.clone()));
    all
}

/// The time to recover with a quarter of leeway, in whole minutes.
fn recovery(trial: &Trial) -> Option<SimDuration> {
    let card = serde_json::to_value(&trial.scorecard).ok()?;
    let mttr = card.pointer("/timing/mttr_s")?;
    let seconds = mttr.as_f64().or_else(|| mttr.get("mean").and_then(serde_json::Value::as_f64))?;
    Some(SimDuration::from_secs((seconds * 1.25 / 60.0).ceil().max(1.0) as i64 * 60))
}
