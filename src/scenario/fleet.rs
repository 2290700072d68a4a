//! A fleet in a file of its own: read, checked, and put in place of its name.
//!
//! In: a scenario whose `fleet` is a path, relative to the scenario. Out: the scenario's tree with
//! the fleet in it, and the fleet's source, so that its problems are shown where they stand.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostic::Problem;
use super::shape::{self, Finding};
use super::source::Source;
use super::yaml::Node;
use crate::catalog::schema_of;
use crate::unit::{SimDuration, SimTime};
use crate::world::fleet::FleetSpec;
use crate::world::synthetic::{FleetProblem, SyntheticSpec};

/// Where a scenario's fleet stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FleetSource {
    /// In a file, relative to the scenario.
    File(String),
    /// In place.
    Inline(Box<FleetSpec>),
}

/// A fleet file and its tree.
pub(super) struct FleetFile {
    source: Source,
    node: Node,
}

impl FleetFile {
    /// The fleet file that a scenario names, if it names one.
    pub(super) fn of(source: &Source, node: &Node) -> Result<Option<Self>, Vec<Problem>> {
        let Some(value) = node.get("fleet") else { return Ok(None) };
        let Some(name) = value.text().filter(|_| value.pairs().is_empty()) else {
            return Ok(None);
        };
        let file = source.file.parent().unwrap_or(Path::new("")).join(name);
        if !file.is_file() {
            let message = format!("fleet: there is no file {}", file.display());
            return Err(vec![source.problem(Finding::new(value.at, message))]);
        }
        Self::read(&file).map(Some)
    }

    /// Reads a fleet file and checks its shape.
    fn read(file: &Path) -> Result<Self, Vec<Problem>> {
        let source = Source::read(file).map_err(|problem| vec![*problem])?;
        let node = source.tree()?;
        let schema = schema_of::<FleetSpec>().to_value();
        let findings = shape::check(&schema, &node, "");
        if findings.is_empty() {
            return Ok(Self { source, node });
        }
        Err(findings.into_iter().map(|finding| source.problem(finding)).collect())
    }

    /// The scenario's tree with the fleet in place of its name.
    pub(super) fn put_into(&self, scenario: &Node) -> serde_json::Value {
        let mut json = scenario.to_json();
        json["fleet"] = self.node.to_json();
        json
    }

    /// A problem of the fleet, where it stands; `None` if it is of another part of the scenario.
    pub(super) fn place(&self, problem: &FleetProblem) -> Option<Problem> {
        let path = problem.path.strip_prefix("fleet.")?;
        let finding = Finding::new(self.node.locate(path), problem.to_string());
        Some(self.source.problem(finding))
    }
}

/// Reads and checks a fleet file.
///
/// # Errors
/// Every problem, sorted.
pub fn load_fleet(path: &Path) -> Result<FleetSpec, Vec<Problem>> {
    let file = FleetFile::read(path)?;
    let fleet: FleetSpec = serde_json::from_value(file.node.to_json()).map_err(|error| {
        vec![file.source.problem(Finding::new(file.node.at, error.to_string()))]
    })?;
    let spec = SyntheticSpec::quiet(fleet, SimTime::default(), SimDuration::from_secs(60));
    let mut problems: Vec<Problem> = spec.check().iter().filter_map(|p| file.place(p)).collect();
    problems.sort();
    if problems.is_empty() { Ok(spec.fleet) } else { Err(problems) }
}
