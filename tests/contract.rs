//! What programs may rely on: schemas, the result document, digests, exit codes.
//!
//! Runs the built command as its users do. The pinned digest says "same seed, same bytes" across
//! versions: when a change moves it, `CHANGELOG.md` must say so.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

const SCENARIO: &str = "scenarios/0247-memory-leak.yaml";

fn windtunnel(args: &[&str]) -> Output {
    let mut command = Command::cargo_bin("windtunnel").expect("the command is built");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().expect("it runs")
}

fn document(args: &[&str]) -> Value {
    let base = ["run", SCENARIO, "--no-report", "--quiet", "--format", "json"];
    let output = windtunnel(&[&base[..], args].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_slice(&output.stdout).expect("one JSON document and nothing else")
}

fn digests(document: &Value) -> Vec<&str> {
    let trials = document["trials"].as_array().expect("trials");
    trials.iter().map(|trial| trial["digest"].as_str().expect("a digest")).collect()
}

#[test]
fn schemas_in_docs_are_those_of_the_types() {
    for name in ["result", "scenario", "policy", "journal", "audit", "protocol", "answers"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.json"));
        let kept = std::fs::read_to_string(&file).expect("docs/schema is complete");
        let output = windtunnel(&["schema", name]);
        let now = String::from_utf8_lossy(&output.stdout);
        let hint = format!("windtunnel schema {name} > docs/schema/{name}.json");
        assert!(kept.trim() == now.trim(), "docs/schema/{name}.json is stale: {hint}");
    }
}

#[test]
fn the_result_document_keeps_its_names() {
    let document = document(&[]);
    let trial = &document["trials"][0];
    let card = &trial["scorecard"];
    let incident = &trial["incidents"][0];
    for (place, value, names) in [
        ("document", &document, "windtunnel source mode seed policy_hash trials aggregate"),
        ("source", &document["source"], "kind path provenance"),
        ("trial", trial, "name seed digest incidents scorecard"),
        ("incident", incident, "id opened_at stages hypotheses actions"),
        (
            "stages",
            &incident["stages"],
            "onset detected correlated diagnosed decided approved applied verified recovered",
        ),
        ("hypothesis", &incident["hypotheses"][0], "entity cause confidence evidence"),
        ("action", &incident["actions"][0], "verb target verdict outcome"),
        ("scorecard", card, "detection correlation localization timing safety confidence impact"),
        ("localization", &card["localization"], "ac@1 ac@3 ac@5 avg@5 mrr cause_accuracy"),
        ("ac@1", &card["localization"]["ac@1"], "value n low high chance"),
        ("timing", &card["timing"], "mttd_s mttr_s"),
        ("mttd_s", &card["timing"]["mttd_s"], "mean median p95 n"),
        ("safety", &card["safety"], "violations"),
    ] {
        let object = value.as_object().unwrap_or_else(|| panic!("{place} is {value}"));
        for name in names.split(' ') {
            assert!(object.contains_key(name), "{place} has no {name:?}");
        }
    }
    assert_eq!(document["mode"], "closed_loop");
    assert_eq!(document["source"]["provenance"], "synthetic");
}

#[test]
fn same_seed_same_bytes_on_any_number_of_threads() {
    let one = document(&["--seeds", "3", "--jobs", "1"]);
    let two = document(&["--seeds", "3", "--jobs", "2"]);
    assert_eq!(one, two);
    let digests = digests(&one);
    assert_eq!(digests.len(), 3);
    assert!(digests[0] != digests[1] && digests[1] != digests[2], "seeds differ: {digests:?}");
}

#[test]
fn the_0247_incident_heals_because_of_the_action() {
    let acted = document(&[]);
    let left = document(&["--policy", "scenarios/policies/none.yaml"]);
    let timing = |d: &Value| d["trials"][0]["scorecard"]["timing"]["mttr_s"]["n"].clone();
    assert_eq!((timing(&acted), timing(&left)), (1.into(), 0.into()));
    let incidents = acted["trials"][0]["incidents"].as_array().expect("incidents").clone();
    let healed = incidents.iter().find(|i| i["stages"]["recovered"].is_string());
    let healed = healed.expect("one incident recovered");
    assert_eq!(healed["hypotheses"][0]["entity"], "api-server");
    assert_eq!(healed["hypotheses"][0]["cause"], "bad_deploy");
    let verbs: Vec<&str> = healed["actions"]
        .as_array()
        .expect("actions")
        .iter()
        .filter_map(|action| action["verb"].as_str())
        .collect();
    assert_eq!(verbs, ["rollback", "page_on_call"]);
    let stages = &healed["stages"];
    assert!(stages["applied"].is_string(), "the rollback came to its end");
    let order = ["decided", "recovered"].map(|s| stages[s].as_str().expect("reached"));
    assert!(order.is_sorted(), "users recover after the decision, not before it: {order:?}");
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("README.md");
    let output = windtunnel(&["run", SCENARIO, "--no-report", "--color", "never"]);
    let shown = String::from_utf8_lossy(&output.stdout);
    let story = shown.split("\nWhy:").next().expect("a story");
    for line in story.lines().filter(|line| !line.trim().is_empty()) {
        assert!(readme.contains(line), "README.md no longer shows: {line}");
    }
}

#[test]
fn every_scenario_meets_its_own_expectations() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut found = Vec::new();
    scenarios(&root, &mut found);
    found.sort();
    assert!(found.len() >= 60, "found only {found:?}");
    let next = std::sync::atomic::AtomicUsize::new(0);
    let unmet = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let turn = || next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                while let Some(file) = found.get(turn()) {
                    let output = windtunnel(&["run", file, "--no-report", "--quiet"]);
                    if output.status.code() != Some(0) {
                        let text = String::from_utf8_lossy(&output.stdout);
                        let lines = text.lines().filter(|line| line.contains("NOT MET"));
                        let lines: Vec<&str> = lines.collect();
                        let error = String::from_utf8_lossy(&output.stderr);
                        let report = format!("{file}: {}{error}", lines.join("; "));
                        unmet.lock().expect("no thread panics").push(report);
                    }
                }
            });
        }
    });
    let unmet = unmet.into_inner().expect("no thread panics");
    assert!(unmet.is_empty(), "{}", unmet.join("\n"));
}

fn scenarios(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).expect("scenarios/ is readable") {
        let path = entry.expect("scenarios/ is readable").path();
        if path.is_dir() && !path.ends_with("policies") && !path.ends_with("fleets") {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn exit_codes_are_as_documented() {
    for (args, code) in [
        (&["--help"][..], 0),
        (&["explain", "blast_radius"], 0),
        (&["check", SCENARIO, "scenarios/policies/default.yaml"], 0),
        (&["check", "README.md"], 2),
        (&["run", "no-such-file.yaml"], 2),
        (&["explain", "blast_raduis"], 2),
        (&["fly"], 2),
    ] {
        assert_eq!(windtunnel(args).status.code(), Some(code), "{args:?}");
    }
}
