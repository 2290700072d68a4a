//! Any file or folder that a person may hand over -> what it is, and all its problems.

use std::path::Path;

use super::diagnostic::{Problem, Severity};
use super::load::load_scenario;
use super::policy::load_policy;
use super::source::Source;
use crate::timeline::{Dataset, TimelineError};

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
    let source = Source::read(path).map_err(|problem| vec![*problem])?;
    let node = source.tree()?;
    let count = |keys: &[&str]| keys.iter().filter(|key| node.get(key).is_some()).count();
    let scenario =
        count(&["fleet", "baseline", "load", "faults", "start", "duration", "policy", "expect"]);
    let policy =
        count(&["engine", "detect", "correlate", "diagnose", "remediate", "guard", "alarm"]);
    match (scenario, policy) {
        (0, 0) if count(&["version"]) == 0 => {
            let message = "expected a scenario (with `fleet`) or a policy (with `detect` ...)";
            Err(vec![Problem::of_file(path, message)])
        }
        (scenario, policy) if scenario > policy => Ok(Sort::Scenario),
        _ => Ok(Sort::Policy),
    }
}

/// What `path` is, with warnings about it.
///
/// # Errors
/// Every problem, sorted, warnings among them, if one of them is an error.
pub fn check_any(path: &Path) -> Result<(Sort, Vec<Problem>), Vec<Problem>> {
    let sort = recognise(path)?;
    let good = (sort, Vec::new());
    match sort {
        Sort::Scenario => load_scenario(path).map(|_| good),
        Sort::Policy => load_policy(path).map(|_| good),
        Sort::Dataset => {
            let problems = of_timeline(&Dataset::check(path));
            let usable = !problems.iter().any(Problem::is_error);
            if usable { Ok((sort, problems)) } else { Err(problems) }
        }
    }
}

/// What is wrong with a recording, in the form of all other problems.
#[must_use]
pub fn of_timeline(flaws: &[TimelineError]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = flaws.iter().map(convert).collect();
    problems.sort();
    problems
}

fn convert(flaw: &TimelineError) -> Problem {
    let problem = match flaw {
        TimelineError::File { path, problem } => Problem::of_file(path, problem.clone()),
        TimelineError::Text { path, line, column, problem } => Problem {
            line: usize::try_from(*line).unwrap_or(0),
            column: usize::try_from(*column).unwrap_or(0),
            ..Problem::of_file(path, problem.clone())
        },
        TimelineError::Row { path, row, problem } => {
            Problem::of_file(path, format!("row {row}: {problem}"))
        }
        TimelineError::MissingTruth { path } => Problem::of_file(
            path,
            "no truth.yaml: the case can be replayed, but nothing of it can be scored",
        ),
    };
    let severity = if flaw.severity() == crate::timeline::Severity::Error {
        Severity::Error
    } else {
        Severity::Warning
    };
    Problem { severity, ..problem }
}
