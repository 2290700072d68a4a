//! A fleet in a file of its own: read, checked, and put in place of its name.
//!
//! In: a scenario whose `fleet` is a path, relative to the scenario, or a path and what is changed
//! in it (`{ file: ..., set: ... }`). Out: the scenario's tree with the fleet in it, and where its
//! problems stand: in the fleet file, or in the scenario where that changed it. What is set is
//! merged map by map; a list or a plain value takes the place of the old one. Services are changed,
//! not added: a name that the file does not know is a slip.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::diagnostic::Problem;
use super::shape::{self, Finding};
use super::source::Source;
use super::yaml::Node;
use crate::catalog::{did_you_mean, nearest, schema_of};
use crate::unit::{SimDuration, SimTime};
use crate::world::fleet::FleetSpec;
use crate::world::synthetic::{FleetProblem, SyntheticSpec};

/// Where a scenario's fleet stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FleetSource {
    /// In a file, relative to the scenario.
    File(String),
    /// In a file, with changes.
    Changed(Box<ChangedFleet>),
    /// In place.
    Inline(Box<FleetSpec>),
}

/// A fleet file with changes for one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedFleet {
    /// The fleet file, relative to the scenario.
    pub file: String,
    /// What is changed: the same keys as in a fleet file, only those that differ (default:
    /// nothing).
    #[serde(default = "nothing")]
    #[schemars(schema_with = "any_keys")]
    pub set: Json,
}

fn nothing() -> Json {
    Json::Object(Default::default())
}

fn any_keys(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "type": "object" })
}

/// Whether a scenario's `fleet` is a file with changes.
pub(super) fn is_changed(fleet: &Node) -> bool {
    fleet.get("file").is_some() || fleet.get("set").is_some()
}

/// A fleet file and its tree.
pub(super) struct FleetFile {
    source: Source,
    node: Node,
    /// The scenario, and what it changes.
    changes: Option<(Source, Node)>,
}

impl FleetFile {
    /// The fleet file that a scenario names, if it names one.
    pub(super) fn of(source: &Source, node: &Node) -> Result<Option<Self>, Vec<Problem>> {
        let Some(value) = node.get("fleet") else { return Ok(None) };
        let value = if is_changed(value) { value.get("file").unwrap_or(value) } else { value };
        let Some(name) = value.text().filter(|_| value.pairs().is_empty()) else {
            return Ok(None);
        };
        let file = source.file.parent().unwrap_or(Path::new("")).join(name);
        if !file.is_file() {
            let message = format!("fleet: there is no file {}", file.display());
            return Err(vec![source.problem(Finding::new(value.at, message))]);
        }
        let mut read = Self::read(&file)?;
        if let Some(set) = node.get("fleet").and_then(|fleet| fleet.get("set")) {
            let findings = read.misfits(set);
            if !findings.is_empty() {
                return Err(findings.into_iter().map(|f| source.problem(f)).collect());
            }
            read.changes = Some((source.clone(), set.clone()));
        }
        Ok(Some(read))
    }

    /// What a change names that a fleet or this fleet does not have.
    fn misfits(&self, set: &Node) -> Vec<Finding> {
        let mut schema = schema_of::<FleetSpec>().to_value();
        require_nothing(&mut schema);
        let mut findings = shape::check(&schema, set, "fleet.set");
        let known = self.node.get("services").map(Node::pairs).unwrap_or_default();
        for pair in set.get("services").map(Node::pairs).unwrap_or_default() {
            let names = known.iter().map(|service| service.key.as_str());
            if !names.clone().any(|name| name == pair.key) {
                let hint = did_you_mean(nearest(&pair.key, names));
                let key = &pair.key;
                let message = format!("fleet.set.services: there is no service {key:?}{hint}");
                findings.push(Finding::new(pair.at, message));
            }
        }
        findings
    }

    /// Reads a fleet file and checks its shape.
    fn read(file: &Path) -> Result<Self, Vec<Problem>> {
        let source = Source::read(file).map_err(|problem| vec![*problem])?;
        let node = source.tree()?;
        let schema = schema_of::<FleetSpec>().to_value();
        let findings = shape::check(&schema, &node, "");
        if findings.is_empty() {
            return Ok(Self { source, node, changes: None });
        }
        Err(findings.into_iter().map(|finding| source.problem(finding)).collect())
    }

    /// The scenario's tree with the fleet in place of its name.
    pub(super) fn put_into(&self, scenario: &Node) -> Json {
        let mut json = scenario.to_json();
        json["fleet"] = self.node.to_json();
        if let Some((_, set)) = &self.changes {
            merge(&mut json["fleet"], set.to_json());
        }
        json
    }

    /// A problem of the fleet, where it stands; `None` if it is of another part of the scenario.
    pub(super) fn place(&self, problem: &FleetProblem) -> Option<Problem> {
        let path = problem.path.strip_prefix("fleet.")?;
        if let Some((scenario, set)) = &self.changes
            && stands_in(set, path)
        {
            let finding = Finding::new(set.locate(path), problem.to_string());
            return Some(scenario.problem(finding));
        }
        let finding = Finding::new(self.node.locate(path), problem.to_string());
        Some(self.source.problem(finding))
    }
}

/// Whether a path is spelled out down to its last key or item.
fn stands_in(set: &Node, path: &str) -> bool {
    let mut node = Some(set);
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let index = step.strip_suffix(']').and_then(|step| step.parse::<usize>().ok());
        node = node.and_then(|node| match index {
            Some(index) => node.items().get(index),
            None => node.get(step),
        });
    }
    node.is_some()
}

/// Puts `change` over `whole`, map by map.
fn merge(whole: &mut Json, change: Json) {
    match (whole, change) {
        (Json::Object(whole), Json::Object(change)) => {
            for (key, value) in change {
                merge(whole.entry(key).or_insert(Json::Null), value);
            }
        }
        (whole, change) => *whole = change,
    }
}

/// The schema of a part: nothing has to be there.
fn require_nothing(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            map.remove("required");
            map.values_mut().for_each(require_nothing);
        }
        Json::Array(items) => items.iter_mut().for_each(require_nothing),
        _ => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(whole: &str, change: &str, expected: &str) {
        let json = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        let mut merged = json(whole);
        merge(&mut merged, json(change));
        assert_eq!(merged, json(expected));
    }

    #[test]
    fn maps_are_merged_and_the_rest_is_replaced() {
        let whole = r#"{"services":{"a":{"replicas":2,"calls":[1]},"b":{}}}"#;
        let change = r#"{"services":{"a":{"calls":[],"version":"v2"}}}"#;
        let merged = r#"{"services":{"a":{"replicas":2,"calls":[],"version":"v2"},"b":{}}}"#;
        check(whole, change, merged);
        check(whole, "{}", whole);
    }
}
