//! A corpus: scenario files and folders of them, read once, with a digest of what they say.
//!
//! In: paths; a folder is searched for scenario files, other YAML (policies, costs) is passed over.
//! Out: checked scenarios in the order of their paths, or every problem. Limit: hidden files and
//! folders are not looked into; two scenarios of one name are refused, because rows name them.

use std::path::{Path, PathBuf};

use crate::model::Policy;
use crate::scenario::{Checked, Problem, Sort, load_scenario, recognise, yaml_below};

/// Scenarios to be run over and over.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// The scenarios, in the order of their paths.
    pub scenarios: Vec<Checked>,
}

impl Corpus {
    /// Reads every scenario below some paths, all with `policy` if one is given.
    ///
    /// # Errors
    /// Every problem of every file; no scenario at all; two of one name.
    pub fn read(paths: &[PathBuf], policy: Option<&Policy>) -> Result<Self, Vec<Problem>> {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        for path in paths {
            if path.is_dir() {
                let below = yaml_below(path, &mut problems);
                files.extend(below.into_iter().filter(|path| is_scenario(path)));
            } else {
                files.push(path.clone());
            }
        }
        files.sort();
        files.dedup();
        let mut scenarios: Vec<Checked> = Vec::new();
        for file in &files {
            match load_scenario(file) {
                Ok(checked) => {
                    let same = scenarios.iter().find(|c| c.file.name == checked.file.name);
                    if let Some(same) = same {
                        let (name, other) = (&checked.file.name, same.path.display());
                        let message = format!("name {name:?} is taken by {other}");
                        problems.push(Problem::of_file(file, message));
                    }
                    scenarios.push(match policy {
                        Some(policy) => checked.with_policy(policy.clone()),
                        None => {
                            let own = checked.policy.clone();
                            checked.with_policy(own)
                        }
                    });
                }
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() && scenarios.is_empty() {
            let message = "expected scenario files or folders with some, found none";
            problems.push(Problem::of_file(paths.first().map_or(Path::new(""), |p| p), message));
        }
        if problems.is_empty() { Ok(Self { scenarios }) } else { Err(problems) }
    }

    /// Digest of what the scenarios say, policies left out: 16 hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for checked in &self.scenarios {
            let mut json = serde_json::to_value(&checked.file).expect("plain data serialises");
            json["policy"] = serde_json::Value::Null;
            hasher.update(json.to_string().as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

/// The kinds of faults of a scenario, joined: scenarios of one group teach the same lesson.
#[must_use]
pub fn fault_group(checked: &Checked) -> String {
    let mut kinds: Vec<&str> =
        checked.file.faults.iter().map(|fault| fault.spec.kind.as_str()).collect();
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() { "healthy".to_owned() } else { kinds.join("+") }
}

fn is_scenario(path: &Path) -> bool {
    matches!(recognise(path), Ok(Sort::Scenario))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_searched_and_policies_are_passed_over() {
        let corpus = Corpus::read(&[PathBuf::from("scenarios")], None).unwrap();
        assert!(corpus.scenarios.len() >= 2);
        assert!(corpus.scenarios.is_sorted_by(|a, b| a.path < b.path));
        assert_eq!(corpus.digest().len(), 16);
        let leak = corpus.scenarios.iter().find(|c| c.file.name == "0247-memory-leak").unwrap();
        assert_eq!(fault_group(leak), "bad_deploy");
        // How a fault sets in is no kind of fault.
        assert!(corpus.scenarios.iter().all(|c| !fault_group(c).contains("onset")));
    }

    #[test]
    fn an_empty_folder_and_a_missing_one_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let problems = Corpus::read(&[folder.path().to_owned()], None).unwrap_err();
        assert!(problems[0].message.contains("found none"), "{problems:?}");
        assert!(Corpus::read(&[folder.path().join("no")], None).is_err());
    }
}
