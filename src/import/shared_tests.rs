//! Tests on the shared recordings, skipped visibly where they are not at hand.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{Request, Summary, import};
use crate::timeline::{CaseReader, Dataset};

/// A recording beside the package, if it is there.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if !path.is_dir() {
        eprintln!("skipped: no recordings at {}", path.display());
        return None;
    }
    Some(path)
}

struct Imported {
    _folder: tempfile::TempDir,
    set: Dataset,
    summary: Summary,
}

fn imported(kind: &str, params: Value) -> Option<Imported> {
    let source = shared(kind)?;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("set");
    let params: Map<String, Value> = serde_json::from_value(params).unwrap();
    let mut told = 0;
    let mut progress = |_: usize, _: usize, _: &str| told += 1;
    let summary = import(
        kind,
        &mut Request {
            source: &source,
            target: &target,
            params: &params,
            overwrite: false,
            progress: &mut progress,
        },
    )
    .unwrap();
    assert_eq!(told, summary.cases);
    assert_eq!(Dataset::check(&target), []);
    let set = Dataset::open(&target).unwrap();
    assert_eq!(set.cases().len(), summary.cases);
    Some(Imported { _folder: folder, set, summary })
}

impl Imported {
    fn case(&self, name: &str) -> CaseReader {
        CaseReader::open(&self.set.case_path(name), self.set.meta.interval).unwrap()
    }
}

#[test]
fn petshop_issues_follow_their_normal_period_and_hide_their_labels() {
    let Some(imported) = imported("petshop", json!({ "normal_cases": true })) else { return };
    assert!(imported.summary.samples > 100_000);
    for name in imported.set.cases() {
        let case = imported.case(name);
        let Some(incident) = case.truth().unwrap().incidents.first() else {
            assert!(name.ends_with("-normal"), "{name}");
            continue;
        };
        let alarm = incident.alarm.as_ref().unwrap().time;
        let times: Vec<_> = case.samples().unwrap().map(|s| s.unwrap().time).collect();
        let before = times.iter().filter(|time| **time < alarm).count();
        assert!(before > times.len() / 2, "{name}: {before} of {}", times.len());
        assert!(incident.window.contains(*times.last().unwrap()), "{name}");
        assert!(incident.cause.is_some(), "{name}");
        assert_eq!(case.events().unwrap().count(), 0, "{name}");
        let ratios = case.series().iter().filter(|(_, m)| m.metric.ends_with("availability"));
        assert!(ratios.count() > 10, "{name}");
    }
}

#[test]
fn nezha_faults_have_a_history_and_hide_their_labels() {
    let Some(imported) = imported("nezha", json!({ "history": "10m" })) else { return };
    assert!(imported.summary.spans > 100_000 && imported.summary.logs > 10_000);
    for name in imported.set.cases() {
        let case = imported.case(name);
        let truth = case.truth().unwrap();
        let [incident] = &truth.incidents[..] else { panic!("{name}: one fault a case") };
        assert!(case.topology().calls().count() > 5, "{name}");
        assert!(case.samples().unwrap().count() > 100, "{name}");
        assert!(truth.ignore.iter().all(|window| !window.overlaps(&incident.claim())), "{name}");
        assert!(case.window().end <= incident.window.end + incident.tolerance_after, "{name}");
        assert_eq!(case.events().unwrap().count(), 0, "{name}");
    }
}
