//! Paths -> tests: scenario files given, and those below folders given, in the order of paths.
//!
//! Policies and files that are no scenarios are passed over in folders; a file that was named must
//! be a scenario. A scenario without expectations and without a golden is no test, and is counted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::campaign::golden;
use crate::model::Policy;
use crate::scenario::{Checked, Problem, Sort, load_scenario, recognise, yaml_below};

/// One test.
#[derive(Debug, Clone)]
pub struct Test {
    /// The path without its extension, as it was given, `/` between its parts.
    pub id: String,
    /// The scenario, with the policy under test.
    pub checked: Checked,
    /// The policy that the scenario names.
    pub own: Policy,
    /// The file of its golden, if there is one.
    pub golden: Option<PathBuf>,
}

/// What stands below the paths.
#[derive(Debug, Default)]
pub struct Found {
    /// Tests, in the order of their ids.
    pub tests: Vec<Test>,
    /// Scenarios that expect nothing.
    pub silent: Vec<String>,
    /// The same, as tests that cannot fail.
    quiet: Vec<Test>,
}

/// All tests below `paths`; `policy` takes the place of each scenario's own.
///
/// # Errors
/// Every problem of every scenario.
pub fn find(
    paths: &[PathBuf],
    policy: Option<&Policy>,
    goldens: &Path,
) -> Result<Found, Vec<Problem>> {
    let (mut files, mut problems) = (BTreeSet::new(), Vec::new());
    for path in paths {
        if path.is_dir() {
            files.extend(yaml_below(path, &mut problems).into_iter().map(|path| (path, false)));
        } else {
            files.insert((path.clone(), true));
        }
    }
    let mut found = Found::default();
    for (path, named) in files {
        match sort(&path, named) {
            Ok(false) => {}
            Ok(true) => match load_scenario(&path) {
                Ok(checked) => admit(&mut found, checked, policy, goldens),
                Err(all) => problems.extend(all),
            },
            Err(all) => problems.extend(all),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// All scenarios below `paths`, those that expect nothing too.
///
/// # Errors
/// Every problem of every scenario.
pub fn find_all(paths: &[PathBuf], goldens: &Path) -> Result<Vec<Test>, Vec<Problem>> {
    let mut tests = find(paths, None, goldens)?;
    for id in std::mem::take(&mut tests.quiet) {
        tests.tests.push(id);
    }
    tests.tests.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(tests.tests)
}

fn admit(found: &mut Found, checked: Checked, policy: Option<&Policy>, goldens: &Path) {
    let id = id(&checked.path);
    let golden = golden::existing(&checked.path, &checked.file.name, goldens);
    let silent = checked.file.expect.is_empty() && golden.is_none();
    let own = checked.policy.clone();
    let checked = match policy {
        Some(policy) => checked.with_policy(policy.clone()),
        None => checked,
    };
    let test = Test { id, checked, own, golden };
    if silent {
        found.silent.push(test.id.clone());
        found.quiet.push(test);
    } else {
        found.tests.push(test);
    }
}

/// Whether the file is a scenario; a file that was not named may be anything else.
fn sort(path: &Path, named: bool) -> Result<bool, Vec<Problem>> {
    match recognise(path) {
        Ok(Sort::Scenario) => Ok(true),
        Ok(sort) if named => {
            let message = format!("expected a scenario, found a {sort}");
            Err(vec![Problem::of_file(path, message)])
        }
        Ok(_) => Ok(false),
        Err(problems) if named => Err(problems),
        // A file that is no YAML at all, or no file of ours, is none of our business.
        Err(_) => Ok(false),
    }
}

fn id(path: &Path) -> String {
    let path = path.with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/").replace("//", "/")
}
