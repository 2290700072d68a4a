//! A scenario file -> a checked experiment, or every problem of it and of its policy.
//!
//! Problems come in three waves, each only if the one before found none: the text, the shape
//! (keys, types, names of kinds), and what does not fit together (a call to no service, a cycle).

use std::path::{Path, PathBuf};

use super::baseline;
use super::diagnostic::Problem;
use super::file::{PolicySource, ScenarioFile, VERSION};
use super::fleet::{self, ChangedFleet, FleetFile};
use super::kinds::Shelf;
use super::policy::{self, check_version};
use super::shape::{self, Finding};
use super::source::Source;
use super::yaml::Node;
use crate::catalog::schema_of;
use crate::model::Policy;
use crate::referee::{Rules, safety};
use crate::world::chaos;
use crate::world::fleet::FleetSpec;
use crate::world::synthetic::{FleetProblem, SyntheticSpec};

/// A scenario that is ready to run.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The scenario file.
    pub path: PathBuf,
    /// What it says.
    pub file: ScenarioFile,
    /// The part that the synthetic world reads.
    pub spec: SyntheticSpec,
    /// The engine under test.
    pub policy: Policy,
}

/// Reads and checks a scenario file and its policy.
///
/// # Errors
/// Every problem, sorted by file and place.
pub fn load_scenario(path: &Path) -> Result<Checked, Vec<Problem>> {
    let source = Source::read(path).map_err(|problem| vec![*problem])?;
    let node = source.tree()?;
    read(&source, &node).map_err(|mut problems| {
        problems.sort();
        problems.dedup();
        problems
    })
}

/// The names of faults.
#[must_use]
pub fn faults() -> Shelf {
    Shelf::of("fault", chaos::catalog::ALL)
}

/// The names of the referee's rules.
#[must_use]
pub(super) fn invariants() -> Shelf {
    Shelf::of("invariant", safety::catalog::ALL)
}

fn read(source: &Source, node: &Node) -> Result<Checked, Vec<Problem>> {
    let of_source = |findings: Vec<Finding>| -> Vec<Problem> {
        findings.into_iter().map(|finding| source.problem(finding)).collect()
    };
    let mut problems = of_source(check_shape(node));
    let policy = read_policy(source, node);
    problems.extend(policy.as_ref().err().cloned().unwrap_or_default());
    let (true, Ok(policy)) = (problems.is_empty(), policy) else { return Err(problems) };
    let fleet = FleetFile::of(source, node)?;
    let mut json = fleet.as_ref().map_or_else(|| node.to_json(), |fleet| fleet.put_into(node));
    let folder = source.file.parent().unwrap_or(Path::new(""));
    baseline::bring(&mut json, node, folder).map_err(of_source)?;
    let file: ScenarioFile = serde_json::from_value(json)
        .map_err(|error| of_source(vec![Finding::new(node.at, error.to_string())]))?;
    if let Err(errors) = Rules::new(file.rules.clone()) {
        let at = node.locate("rules");
        let finding = |e: &crate::catalog::KindError| Finding::new(at, e.to_string());
        return Err(of_source(errors.iter().map(finding).collect()));
    }
    let spec = file.synthetic();
    let place = |problem: FleetProblem| {
        fleet.as_ref().and_then(|fleet| fleet.place(&problem)).unwrap_or_else(|| {
            let finding = Finding::new(node.locate(&problem.path), problem.to_string());
            source.problem(finding)
        })
    };
    let misfits: Vec<Problem> = spec.check().into_iter().map(place).collect();
    if !misfits.is_empty() {
        return Err(misfits);
    }
    Ok(Checked { path: source.file.clone(), file, spec, policy })
}

pub(super) fn check_shape(node: &Node) -> Vec<Finding> {
    let mut schema = schema_of::<ScenarioFile>().to_value();
    let mut findings = Vec::new();
    if node.get("baseline").is_some() {
        baseline::relax(&mut schema);
        findings.extend(baseline::check_keys(node));
    }
    // The policy is checked on its own, whether it stands here or in its file.
    schema["properties"]["policy"] = serde_json::json!({ "type": ["string", "object"] });
    // A fleet in a file of its own is checked there.
    schema["properties"]["fleet"] = match node.get("fleet") {
        Some(fleet) if fleet.pairs().is_empty() => serde_json::json!({ "type": "string" }),
        Some(fleet) if fleet::is_changed(fleet) => schema_of::<ChangedFleet>().to_value(),
        _ => schema_of::<FleetSpec>().to_value(),
    };
    findings.extend(shape::check(&schema, node, ""));
    findings.extend(check_version(node, "", VERSION));
    let name = node.get("name").and_then(|name| Some((name.at, name.text()?)));
    if let Some((at, text)) = name
        && !is_file_name(text)
    {
        let message = format!("expected letters, digits, '-', '_' or '.' for name, found {text:?}");
        findings.push(Finding::new(at, message));
    }
    if let Some(rules) = node.get("rules") {
        findings.extend(invariants().check_list(rules, "rules"));
    }
    let shelf = faults();
    for (index, fault) in node.get("faults").map(Node::items).unwrap_or_default().iter().enumerate()
    {
        for pair in fault.pairs().iter().filter(|pair| !matches!(&*pair.key, "at" | "id" | "onset"))
        {
            findings.extend(shelf.check_pair(pair, &format!("faults[{index}]")));
        }
    }
    findings
}

/// A report directory is named after the scenario.
fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

fn read_policy(source: &Source, node: &Node) -> Result<Policy, Vec<Problem>> {
    let Some(value) = node.get("policy") else { return Err(Vec::new()) };
    if value.pairs().is_empty() {
        // Anything but a text has been reported by the check of the shape.
        let Some(name) = value.text() else { return Err(Vec::new()) };
        let folder = source.file.parent().unwrap_or(Path::new(""));
        let file = folder.join(name);
        if !file.is_file() {
            let message = format!("policy: there is no file {}", file.display());
            return Err(vec![source.problem(Finding::new(value.at, message))]);
        }
        return policy::load_policy(&file);
    }
    policy::read(value, "policy")
        .map(|policy| policy::beside(policy, &source.file))
        .map_err(|findings| findings.into_iter().map(|finding| source.problem(finding)).collect())
}

impl Checked {
    /// The folder that paths in the scenario are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The same with another policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.file.policy = PolicySource::Inline(Box::new(policy.clone()));
        self.policy = policy;
        self
    }
}
