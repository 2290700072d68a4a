//! The corpus of scenarios: large enough, good, without holes; the bundled dataset is whole.

use std::path::{Path, PathBuf};

use windtunnel::scenario::load_scenario;
use windtunnel::timeline::Dataset;
use windtunnel::world::chaos::families;

use super::root;

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        let other = path.ends_with("policies") || path.ends_with("fleets");
        if path.is_dir() && !other {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_scenario_is_good_and_every_family_of_faults_has_one() {
    let mut files = Vec::new();
    scenarios(&root().join("scenarios"), &mut files);
    assert!(files.len() >= 60, "{} scenarios", files.len());
    let mut used = Vec::new();
    for file in files {
        let checked = load_scenario(&file).unwrap_or_else(|all| panic!("{all:?}"));
        for fault in checked.spec.faults {
            let mode = fault.spec.params.get("mode").and_then(|mode| mode.as_str());
            used.push((fault.spec.kind, mode.map(str::to_owned)));
        }
    }
    for kind in families::ALL.iter().flat_map(|family| family.kinds) {
        let (kind, mode) = families::parts(kind);
        let mine = |(k, m): &(String, Option<String>)| {
            k == kind && mode.is_none_or(|mode| m.as_deref() == Some(mode))
        };
        assert!(used.iter().any(mine), "no scenario has {kind} {mode:?}");
    }
}

#[test]
fn the_bundled_dataset_is_as_it_was_made() {
    let folder = root().join("datasets/corpus");
    let problems = Dataset::check(&folder);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(Dataset::open(&folder).expect("a dataset").cases().len(), 4);
}
