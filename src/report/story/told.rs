//! A trial and its run's document -> what a story is told.
//!
//! In: `trial::Trial` and the document in its stable JSON form (for provenance). Out: `Told`. Stage
//! times are the referee's. Where a track keeps both the last and the worst value of a stretch, the
//! worst is shown.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{StageTimes, TrackView, mode_label};
use crate::campaign::Twins;
use crate::model::{Journal, Topology, Truth, WorldRecord};
use crate::trial::{Mode, Track, Trial};
use crate::unit::{IncidentId, Window};

/// Everything a report is told about one trial.
#[derive(Debug, Clone)]
pub struct Told<'a> {
    /// Name of the trial.
    pub name: &'a str,
    /// Provenance by name, in the order to print: scenario, seed, policy hash, version, digest ...
    pub facts: Vec<(String, String)>,
    /// How it was run.
    pub mode: Mode,
    /// The simulated stretch.
    pub window: Window,
    /// What crossed a contract.
    pub journal: &'a Journal,
    /// What was really wrong, if labelled.
    pub truth: Option<&'a Truth>,
    /// What really happened to the world.
    pub record: &'a WorldRecord,
    /// The service map.
    pub topology: &'a Topology,
    /// Recorded series for charts, empty if none were kept.
    pub tracks: Vec<TrackView>,
    /// The scorecard in its stable JSON form.
    pub scorecard: Value,
    /// Stage times by incident.
    pub stages: BTreeMap<IncidentId, StageTimes>,
    /// The counterfactual twins, if they were run.
    pub twins: Option<Twins>,
}

impl<'a> Told<'a> {
    /// What a finished trial tells.
    ///
    /// # Errors
    /// If the scorecard has no JSON form: an internal error.
    pub fn of(trial: &'a Trial, document: &Value) -> Result<Self, serde_json::Error> {
        let opened = trial.scorecard.findings.iter().flat_map(|f| &f.opened);
        let stages = opened.map(|incident| {
            let times = incident.stages.in_order().into_iter();
            let times: StageTimes = times.filter_map(|(stage, at)| Some((stage, at?))).collect();
            (incident.id, times)
        });
        let tracks = trial.tracks.iter().flat_map(|t| &t.tracks);
        Ok(Self {
            name: &trial.name,
            facts: facts(trial, document),
            mode: trial.mode,
            window: trial.window,
            journal: &trial.journal,
            truth: trial.truth.as_ref(),
            record: &trial.record,
            topology: &trial.topology,
            tracks: tracks.map(view).collect(),
            scorecard: serde_json::to_value(&trial.scorecard)?,
            stages: stages.collect::<BTreeMap<_, _>>(),
            twins: crate::report::twins::read(document),
        })
    }
}

fn view(track: &Track) -> TrackView {
    TrackView {
        entity: track.entity.clone(),
        metric: track.series.metric.clone(),
        stat: track.series.stat().unwrap_or_default().to_owned(),
        unit: track.series.unit.clone(),
        role: track.series.role,
        points: track.points.iter().map(|p| (p.time, p.worst)).collect(),
    }
}

fn facts(trial: &Trial, document: &Value) -> Vec<(String, String)> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let source = text("/source/path").map(|path| match text("/source/provenance") {
        Some(provenance) => format!("{path} ({provenance})"),
        None => path.to_owned(),
    });
    let facts = [
        ("source", source),
        ("mode", Some(mode_label(trial.mode).to_owned())),
        ("seed", Some(trial.seed.to_string())),
        ("policy", text("/policy").map(str::to_owned)),
        ("policy hash", text("/policy_hash").map(str::to_owned)),
        ("windtunnel", text("/windtunnel").map(str::to_owned)),
        ("digest", Some(trial.digest.clone())),
    ];
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
