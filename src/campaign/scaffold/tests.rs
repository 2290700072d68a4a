//! Sketches of recordings whose labels are known.

use std::path::Path;

use super::*;
use crate::scenario::load_scenario;
use crate::timeline::Dataset;

fn drawn(folder: &Path, case: &str, onset: Option<SimTime>) -> Result<Sketch, Vec<ScaffoldError>> {
    let dataset = Dataset::open(folder).expect("a dataset");
    sketch(&Request {
        case: &dataset.case_path(case),
        dataset: &dataset.meta.name,
        name: case,
        interval: dataset.meta.interval,
        onset,
    })
}

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/corpus")
}

/// The scenario that a sketch becomes.
fn scenario(sketch: &Sketch) -> crate::scenario::Checked {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.yaml");
    let none = "{ version: 1, name: none }";
    std::fs::write(&file, sketch.yaml("x", 1, none, &[])).expect("written");
    load_scenario(&file).unwrap_or_else(|all| panic!("{all:?}\n{}", sketch.yaml("x", 1, none, &[])))
}

#[test]
fn labelled_recordings_become_the_fault_of_their_label_as_strong_as_it_was() {
    for (case, kind, root) in [
        ("bad-deploy", Some("bad_deploy"), "checkout"),
        ("certificate-expiry", Some("certificate_expiry"), "gateway"),
        ("stuck-state", Some("code_defect"), "users"),
        ("flash-crowd-healthy", None, ""),
    ] {
        let sketch = drawn(&corpus(), case, None).expect("a sketch");
        let file = scenario(&sketch).file;
        let found = file.faults.first().map(|fault| fault.spec.kind.as_str());
        assert_eq!(found, kind, "{case}");
        assert_eq!(file.faults.len(), usize::from(kind.is_some()), "{case}");
        assert_eq!(file.fleet.services.len(), 9, "{case}");
        // The recorded fleet, within what a scrape can tell.
        let gateway = &file.fleet.services["gateway"];
        assert_eq!(file.fleet.objective.service.as_str(), "gateway", "{case}");
        assert_eq!(gateway.replicas, 3, "{case}");
        assert!(gateway.calls.iter().any(|call| call.to == "api"), "{case}");
        if kind.is_some() {
            assert_eq!(file.faults[0].spec.params["service"], root, "{case}");
        }
    }
    // The recorded deploy failed two requests in five.
    let sketch = drawn(&corpus(), "bad-deploy", None).expect("a sketch");
    let share = scenario(&sketch).file.faults[0].spec.params["error_ratio"].as_f64();
    assert!(share.is_some_and(|share| (0.3..0.5).contains(&share)), "{share:?}");
}

#[test]
fn the_label_is_in_comments_and_in_the_fault_and_nowhere_an_engine_looks() {
    let sketch = drawn(&corpus(), "bad-deploy", None).expect("a sketch");
    let checked = scenario(&sketch);
    let mut open = checked.file.clone();
    open.faults.clear();
    open.name = String::new();
    open.description = String::new();
    let seen = serde_json::to_string(&open).expect("plain data");
    for word in ["bad_deploy", "incident", "label"] {
        assert!(!seen.contains(word), "{word} in {seen}");
    }
    let version = checked.file.faults[0].spec.params["version"].as_str().expect("a version");
    assert_eq!(version, "v1.23.0", "as it was recorded");
}

#[test]
fn without_labels_the_incident_is_found_and_the_guess_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(corpus().join("stuck-state")).expect("readable").flatten() {
        let at = folder.path().join("set/stuck-state");
        std::fs::create_dir_all(&at).expect("made");
        if file.file_name() != "truth.yaml" {
            std::fs::copy(file.path(), at.join(file.file_name())).expect("copied");
        }
    }
    let text = "dataset: { format_version: 1, name: bare, origin: o, licence: l, interval: 15s, \
                provenance: synthetic }\n";
    std::fs::write(folder.path().join("set/dataset.yaml"), text).expect("written");
    let set = folder.path().join("set");
    let sketch = drawn(&set, "stuck-state", None).expect("a sketch");
    let [incident] = &sketch.incidents[..] else { panic!("{:?}", sketch.incidents) };
    assert_eq!(incident.root.as_ref().map(|name| name.as_str()), Some("users"));
    // The label, which is not there, says 10:15:00.
    let begun: SimTime = "2026-01-07T10:15:00Z".parse().expect("a time");
    let late = incident.window.start.since(begun).secs_f64();
    assert!((0.0..120.0).contains(&late), "{late}");
    let text = sketch.yaml("x", 1, "{ version: 1, name: none }", &[]);
    assert!(text.contains("a guess") && text.contains("no labels"), "{text}");
    scenario(&sketch);

    let outside: SimTime = "2026-01-09T00:00:00Z".parse().expect("a time");
    let errors = drawn(&set, "stuck-state", Some(outside)).expect_err("outside");
    assert!(errors[0].to_string().contains("expected an onset within"), "{errors:?}");
}

/// A recording beside the package, if it is there, imported.
fn imported(kind: &str, params: &str) -> Option<(tempfile::TempDir, Dataset)> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(kind);
    if !shared.is_dir() {
        eprintln!("skipped: no recordings at {}", shared.display());
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let target = folder.path().join("set");
    let params = serde_saphyr::from_str(params).expect("YAML");
    let mut request = crate::import::Request {
        source: &shared,
        target: &target,
        params: &params,
        overwrite: false,
        progress: &mut |_, _, _| {},
    };
    crate::import::import(kind, &mut request).expect("imported");
    let set = Dataset::open(&target).expect("a dataset");
    Some((folder, set))
}

#[test]
fn every_petshop_and_nezha_case_becomes_a_scenario_that_can_be_run() {
    for (kind, params) in [("petshop", "{}"), ("nezha", "{ history: 10m }")] {
        let Some((folder, set)) = imported(kind, params) else { continue };
        for case in set.cases() {
            let sketch = drawn(&folder.path().join("set"), case, None).expect("a sketch");
            let checked = scenario(&sketch);
            let truth = &sketch.incidents[0];
            let fault = &checked.file.faults[0];
            let at = checked.file.start + fault.at;
            let apart = at.since(truth.window.start).secs_f64().abs();
            assert!(apart <= 1.0, "{case}: {apart} s from the label");
            assert!(checked.file.fleet.services.len() >= 10, "{case}");
        }
    }
}
