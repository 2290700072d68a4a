//! Any file or folder that a person may hand over -> what it is, and all its problems.

use std::path::Path;

use super::diagnostic::Problem;
use super::load::load_scenario;
use super::policy::load_policy;
use super::source::Source;
use crate::timeline::Dataset;

/// What a path turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A scenario file.
    Scenario,
    /// A policy file.
    Policy,
    /// A folder with recorded or synthetic cases.
    Dataset,
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Scenario => "scenario",
            Self::Policy => "policy",
            Self::Dataset => "dataset",
        })
    }
}

/// What `path` is: a folder is a dataset, a file with a fleet a scenario, any other a policy.
///
/// # Errors
/// If it cannot be read or is neither.
pub fn recognise(path: &Path) -> Result<Sort, Vec<Problem>> {
    if path.is_dir() {
        return Ok(Sort::Dataset);
    }
    let source = Source::read(path).map_err(|problem| vec![problem])?;
    let node = source.tree()?;
    let count = |keys: &[&str]| keys.iter().filter(|key| node.get(key).is_some()).count();
    let scenario = count(&["fleet", "load", "faults", "start", "duration", "policy", "expect"]);
    let policy = count(&["detect", "correlate", "diagnose", "remediate", "guard", "alarm"]);
    match (scenario, policy) {
        (0, 0) if count(&["version"]) == 0 => {
            let message = "expected a scenario (with `fleet`) or a policy (with `detect` ...)";
            Err(vec![Problem::of_file(path, message)])
        }
        (scenario, policy) if scenario > policy => Ok(Sort::Scenario),
        _ => Ok(Sort::Policy),
    }
}

/// All problems of whatever `path` is.
///
/// # Errors
/// Every problem, sorted.
pub fn check_any(path: &Path) -> Result<Sort, Vec<Problem>> {
    let sort = recognise(path)?;
    match sort {
        Sort::Scenario => load_scenario(path).map(|_| sort),
        Sort::Policy => load_policy(path).map(|_| sort),
        Sort::Dataset => {
            let flaws = Dataset::check(path);
            let problem = |flaw: &dyn std::fmt::Display| Problem::of_file(path, flaw.to_string());
            let problems: Vec<Problem> = flaws.iter().map(|flaw| problem(flaw)).collect();
            if problems.is_empty() { Ok(sort) } else { Err(problems) }
        }
    }
}
