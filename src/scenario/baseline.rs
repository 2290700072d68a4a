//! A scenario whose healthy baseline is a recording: `baseline` instead of a fleet of its own.
//!
//! In: the node of a scenario with `baseline`. Out: the fleet, load, clock and scrapes that
//! `world::overlay` makes after the recording, put into the scenario's tree; problems at their
//! place in the file.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::shape::Finding;
use super::yaml::Node;
use crate::catalog::{did_you_mean, nearest};
use crate::model::Objective;
use crate::timeline::Dataset;
use crate::unit::SimDuration;
use crate::world::overlay::Blueprint;

/// Keys that a baseline brings.
const BROUGHT: [&str; 4] = ["fleet", "load", "start", "scrape"];

/// A recording as the healthy baseline of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaselineSpec {
    /// Directory of the dataset, relative to the scenario.
    pub dataset: PathBuf,
    /// Name of the case.
    pub case: String,
    /// How much of the case is left out at its beginning (default 0s).
    #[serde(default)]
    pub skip: SimDuration,
    /// What users were promised (default: made after the recording).
    #[serde(default)]
    pub objective: Option<Objective>,
}

/// Changes the schema of a scenario for one with a baseline.
pub(super) fn relax(schema: &mut Json) {
    if let Some(required) = schema["required"].as_array_mut() {
        required.retain(|key| !BROUGHT.iter().any(|brought| key == brought));
    }
}

/// Keys that a scenario with a baseline must not have.
pub(super) fn check_keys(node: &Node) -> Vec<Finding> {
    let twice = node.pairs().iter().filter(|pair| BROUGHT.contains(&&*pair.key));
    twice
        .map(|pair| {
            let key = &pair.key;
            Finding::new(pair.at, format!("unexpected key {key:?}: the baseline brings its own"))
        })
        .collect()
}

/// Puts what the baseline brings into a scenario; returns the recording's interval.
///
/// # Errors
/// If the dataset or the case is not there, cannot be read, is too short or not healthy.
pub(super) fn bring(json: &mut Json, node: &Node, folder: &Path) -> Result<(), Vec<Finding>> {
    let Some(place) = node.get("baseline") else { return Ok(()) };
    let at = |key: &str| place.get(key).map_or(place.at, |value| value.at);
    let one = |key: &str, message: String| vec![Finding::new(at(key), message)];
    let read = |value: &Json| serde_json::from_value(value.clone());
    let spec: BaselineSpec = serde_json::from_value(json["baseline"].clone())
        .map_err(|error| vec![Finding::new(place.at, format!("baseline: {error}"))])?;
    let duration: SimDuration = read(&json["duration"])
        .map_err(|error| vec![Finding::new(node.at, format!("duration: {error}"))])?;
    if spec.skip < SimDuration::ZERO {
        let message = format!("baseline.skip: expected at least 0s, found {}", spec.skip);
        return Err(one("skip", message));
    }
    let path = folder.join(&spec.dataset);
    let dataset = Dataset::open(&path).map_err(|errors| {
        let message = |error| Finding::new(at("dataset"), format!("baseline.dataset: {error}"));
        errors.into_iter().map(message).collect::<Vec<_>>()
    })?;
    if !dataset.cases().contains(&spec.case) {
        let near = nearest(&spec.case, dataset.cases().iter().map(String::as_str));
        let hint = did_you_mean(near);
        return Err(one("case", format!("baseline.case: unknown case {:?}{hint}", spec.case)));
    }
    let interval = dataset.meta.interval;
    let drawn = Blueprint::of(&dataset.case_path(&spec.case), interval, spec.skip, duration);
    let mut drawn = drawn.map_err(|errors| {
        let place = node.get("duration").map_or(node.at, |duration| duration.at);
        let finding = |error| Finding::new(place, format!("duration: {error}"));
        errors.into_iter().map(finding).collect::<Vec<_>>()
    })?;
    if let Some(objective) = spec.objective {
        drawn.fleet.objective = objective;
    }
    let wrong = |error: serde_json::Error| vec![Finding::new(place.at, error.to_string())];
    json["fleet"] = serde_json::to_value(&drawn.fleet).map_err(wrong)?;
    json["load"] = serde_json::to_value(&drawn.load).map_err(wrong)?;
    json["start"] = serde_json::to_value(drawn.start).map_err(wrong)?;
    json["scrape"] = serde_json::to_value(&drawn.scrape).map_err(wrong)?;
    Ok(())
}

impl BaselineSpec {
    /// The folder of the case and its interval, for a scenario in `folder`.
    ///
    /// # Errors
    /// If the dataset is no longer there.
    pub fn case(&self, folder: &Path) -> Result<(PathBuf, SimDuration), Vec<String>> {
        let dataset = Dataset::open(&folder.join(&self.dataset))
            .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok((dataset.case_path(&self.case), dataset.meta.interval))
    }
}
