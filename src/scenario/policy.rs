//! A policy file -> a checked `Policy` and its hash.
//!
//! The hash names a policy in every result: BLAKE3 of its canonical JSON (keys sorted, defaults
//! written out), first 16 hexadecimal digits. Comments and formatting do not change it.

use std::path::Path;

use super::diagnostic::Problem;
use super::kinds::Shelf;
use super::outside;
use super::shape::{self, Finding, join};
use super::source::Source;
use super::yaml::{self, Node};
use crate::catalog::{did_you_mean, nearest, schema_of};
use crate::engine;
use crate::model::{Cause, Policy};

/// Format version of policy files.
pub(super) const VERSION: u32 = 1;

/// Reads and checks a policy file.
///
/// # Errors
/// Every problem of the file, sorted.
pub fn load_policy(file: &Path) -> Result<Policy, Vec<Problem>> {
    let source = Source::read(file).map_err(|problem| vec![*problem])?;
    let node = source.tree()?;
    read(&node, "").map(|policy| beside(policy, file)).map_err(|findings| {
        let mut problems: Vec<Problem> = findings.into_iter().map(|f| source.problem(f)).collect();
        problems.sort();
        problems
    })
}

/// The policy with its engine's command relative to the file that it stands in.
#[must_use]
pub(super) fn beside(mut policy: Policy, file: &Path) -> Policy {
    if let Some(engine) = &mut policy.engine {
        engine.directory = file.parent().unwrap_or(Path::new("")).to_owned();
    }
    policy
}

/// The text of the built-in default policy, comments included.
pub const DEFAULT_POLICY: &str = include_str!("../../scenarios/policies/default.yaml");

/// The policy for whoever names none: `scenarios/policies/default.yaml`, as it was built in.
///
/// # Panics
/// Never: a test reads it.
#[must_use]
pub fn default_policy() -> Policy {
    let node = yaml::parse(DEFAULT_POLICY).expect("the default policy is YAML");
    read(&node, "").expect("the default policy is good")
}

/// A tree as a policy; `path` is where it stands in its file, empty for a file of its own.
///
/// # Errors
/// Every slip.
pub(super) fn read(node: &Node, path: &str) -> Result<Policy, Vec<Finding>> {
    let mut findings = shape::check(&schema_of::<Policy>().to_value(), node, path);
    findings.extend(check_kinds(node, path));
    findings.extend(check_version(node, path, VERSION));
    findings.extend(outside::check(node, path));
    if !findings.is_empty() {
        return Err(findings);
    }
    let policy: Policy = serde_json::from_value(node.to_json())
        .map_err(|error| vec![Finding::new(node.at, error.to_string())])?;
    match engine::build_with(&policy, 0, None) {
        Ok(_) => Ok(policy),
        Err(errors) => {
            Err(errors.iter().map(|error| Finding::new(node.at, error.to_string())).collect())
        }
    }
}

/// The stages of a policy that list kinds, with their shelves.
#[must_use]
pub fn shelves() -> [(&'static str, Shelf); 5] {
    [
        ("detect", Shelf::of("detector", engine::detect::catalog::ALL)),
        ("correlate", Shelf::of("correlator", engine::correlate::catalog::ALL)),
        ("diagnose", Shelf::of("method", engine::diagnose::catalog::ALL)),
        ("remediate", Shelf::of("remedy", engine::remediate::catalog::ALL)),
        ("guard", Shelf::of("guardrail", engine::guard::catalog::ALL)),
    ]
}

/// The name of a policy's content.
#[must_use]
pub fn hash(policy: &Policy) -> String {
    let canonical = serde_json::to_value(policy).expect("a policy has text keys only");
    let digest = blake3::hash(canonical.to_string().as_bytes());
    digest.to_hex()[..16].to_owned()
}

/// A finding if the format version is not the one that is read here.
pub(super) fn check_version(node: &Node, path: &str, expected: u32) -> Option<Finding> {
    let version = node.get("version")?;
    let found = version.to_json();
    let agrees = found.as_u64().is_none_or(|found| found == u64::from(expected));
    let name = join(path, "version");
    let message = format!("expected {expected} for {name}, found {found}");
    (!agrees).then(|| Finding::new(version.at, message))
}

fn check_kinds(node: &Node, path: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, shelf) in shelves() {
        if key == "remediate" {
            findings.extend(check_rules(node, path, &shelf));
        }
        let Some(stage) = node.get(key) else { continue };
        let path = join(path, key);
        if key != "remediate" {
            findings.extend(shelf.check_list(stage, &path));
            continue;
        }
        for pair in stage.pairs() {
            if !Cause::ALL.iter().any(|cause| cause.as_str() == pair.key) {
                findings.push(unknown_cause(&pair.key, pair.at));
            }
            findings.extend(shelf.check_list(&pair.value, &join(&path, &pair.key)));
        }
    }
    findings
}

/// The remedies of a decision table.
fn check_rules(node: &Node, path: &str, shelf: &Shelf) -> Vec<Finding> {
    let path = join(path, "decide");
    let rules = node.get("decide").map(Node::items).unwrap_or_default();
    let one = |(index, rule): (usize, &Node)| {
        let path = format!("{path}[{index}].remedies");
        rule.get("remedies").map(|list| shelf.check_list(list, &path)).unwrap_or_default()
    };
    rules.iter().enumerate().flat_map(one).collect()
}

fn unknown_cause(found: &str, at: super::yaml::Mark) -> Finding {
    let names = Cause::ALL.map(Cause::as_str);
    let hint = did_you_mean(nearest(found, names));
    let help = Some(format!("expected one of {}", names.join(", ")));
    Finding { at, message: format!("unknown cause {found:?}{hint}"), help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_policy_is_good_and_its_hash_is_of_its_content() {
        let policy = default_policy();
        assert_eq!(policy.name, "default");
        let mut other = policy.clone();
        assert_eq!(hash(&other), hash(&policy));
        assert_eq!(hash(&policy).len(), 16);
        other.alarm.threshold = 2.0;
        assert_ne!(hash(&other), hash(&policy));
    }

    #[test]
    fn wrong_causes_and_versions_are_found() {
        let text =
            "{version: 3, name: x, remediate: {bad_depoly: [restart], bad_deploy: [restrat]}}";
        let findings = read(&yaml::parse(text).unwrap(), "").unwrap_err();
        let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "unknown cause \"bad_depoly\", did you mean \"bad_deploy\"?",
                "unknown remedy \"restrat\", did you mean \"restart\"?",
                "expected 1 for version, found 3",
            ]
        );
    }
}
