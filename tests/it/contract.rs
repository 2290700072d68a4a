//! The machine-readable contract: documents fit their schemas, schemas stand in `docs/schema`.

use std::fs;

use serde_json::Value;

use super::{root, run, scenario};

#[test]
fn the_schemas_in_the_docs_are_those_of_the_types() {
    for name in ["result", "scenario", "policy", "journal"] {
        let (code, text, error) = run(root(), &["schema", name]);
        assert_eq!(code, 0, "{error}");
        let file = root().join(format!("docs/schema/{name}.json"));
        let known = fs::read_to_string(&file).unwrap_or_default();
        let how = format!("windtunnel schema {name} > docs/schema/{name}.json");
        assert!(known == text, "{} is old, run `{how}`", file.display());
    }
}

#[test]
fn json_is_one_document_with_the_promised_names() {
    let path = scenario("0247-memory-leak.yaml");
    let path = path.to_str().expect("UTF-8");
    let args = ["run", path, "--format", "json", "--no-report"];
    let (code, text, error) = run(root(), &args);
    assert!(code == 0 || code == 1, "{error}");
    assert_eq!(error, "");
    let document: Value = serde_json::from_str(&text).expect("one JSON document");
    for pointer in [
        "/windtunnel",
        "/source/kind",
        "/source/path",
        "/source/provenance",
        "/mode",
        "/seed",
        "/policy_hash",
        "/trials/0/name",
        "/trials/0/seed",
        "/trials/0/digest",
        "/trials/0/incidents/0/id",
        "/trials/0/incidents/0/opened_at",
        "/trials/0/incidents/0/hypotheses/0/evidence",
        "/trials/0/scorecard/detection",
        "/trials/0/scorecard/correlation",
        "/trials/0/scorecard/localization/ac@1/chance",
        "/trials/0/scorecard/localization/avg@5/value",
        "/trials/0/scorecard/localization/cause_accuracy/n",
        "/trials/0/scorecard/timing/mttd_s/median",
        "/trials/0/scorecard/timing/mttr_s/p95",
        "/trials/0/scorecard/safety/violations",
        "/trials/0/scorecard/confidence",
        "/trials/0/scorecard/impact",
        "/aggregate/localization",
    ] {
        assert!(document.pointer(pointer).is_some(), "{pointer} is missing");
    }
    let stages = document.pointer("/trials/0/incidents/0/stages").and_then(Value::as_object);
    let names = stages.expect("stages").keys().map(String::as_str).collect::<Vec<_>>();
    let expected = [
        "applied",
        "approved",
        "correlated",
        "decided",
        "detected",
        "diagnosed",
        "onset",
        "recovered",
        "verified",
    ];
    assert_eq!(names, expected);
}
