//! `score`: rankings made elsewhere, on a dataset with one labelled case.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{root, run};

/// A folder with a dataset: `web` calls `cart`, and the CPU of `cart` is exhausted.
fn dataset() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let from = root().join("tests/fixtures/import/rcaeval");
    let args = ["import", "rcaeval", from.to_str().expect("UTF-8"), "data", "--quiet"];
    let (code, _, error) = run(folder.path(), &args);
    assert_eq!(code, 0, "{error}");
    folder
}

fn score(folder: &TempDir, answers: &str, more: &[&str]) -> (i32, String, String) {
    fs::write(folder.path().join("answers.jsonl"), answers).expect("written");
    let args = ["score", "--answers", "answers.jsonl", "data"];
    run(folder.path(), &[&args[..], more].concat())
}

fn document(folder: &TempDir, answers: &str) -> Value {
    let (code, out, error) = score(folder, answers, &["--format", "json"]);
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&out).expect("one document")
}

#[test]
fn a_ranking_is_scored_beside_chance() {
    let folder = dataset();
    for (answers, ac_1, cause) in [
        (r#"{"case":"cart_cpu.1","ranked":["cart","web"]}"#, 1.0, Value::Null),
        (r#"{"case":"cart_cpu.1","ranked":["web","cart"]}"#, 0.0, Value::Null),
        (
            r#"{"case":"cart_cpu.1","incident":"injection",
                "ranked":[{"entity":"cart","cause":"resource_exhaustion"}]}"#,
            1.0,
            Value::from(1.0),
        ),
    ] {
        let document = document(&folder, &answers.replace('\n', " "));
        let scores = &document["localization"];
        assert_eq!(scores["ac@1"]["value"], ac_1, "{answers}");
        assert_eq!(scores["ac@1"]["chance"], 0.5, "two entities can be blamed");
        assert_eq!(scores["ac@1"]["n"], 1);
        assert_eq!(scores["cause_accuracy"]["value"], cause, "{answers}");
        assert_eq!(document["missing"], serde_json::json!([]));
    }
    let (_, out, _) = score(&folder, r#"{"case":"cart_cpu.1","ranked":["cart"]}"#, &[]);
    assert!(out.contains("1 labelled incident, all answered"), "{out}");
}

#[test]
fn no_answer_is_a_miss() {
    let folder = dataset();
    let document = document(&folder, r#"{"case":"cart_cpu.1","ranked":[]}"#);
    assert_eq!(document["missing"], serde_json::json!(["cart_cpu.1/injection"]));
    assert_eq!(document["localization"]["ac@1"]["value"], 0.0);
    assert_eq!(document["localization"]["answered"]["value"], 0.0);
}

#[test]
fn everything_wrong_with_a_file_is_said_at_once() {
    let folder = dataset();
    let answers = "{\"case\":\"cart_cpu.2\",\"ranked\":[\"cart\"]}\n\
                   {\"case\":\"cart_cpu.1\",\"ranked\":[\"carr\",\"web\",\"web\"]}\n\
                   {\"case\":\"cart_cpu.1\",\"ranks\":[]}\n\
                   {\"case\":\"cart_cpu.1\",\"ranked\":[{\"entity\":\"web\",\"cause\":\"memry\"}]}\n";
    let (code, out, error) = score(&folder, answers, &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    for expected in [
        "answers.jsonl:1:9: error: unknown case \"cart_cpu.2\", did you mean \"cart_cpu.1\"?",
        "answers.jsonl:2:32: error: \"carr\" is not in the topology, did you mean \"cart\"?",
        "error: \"web\" stands twice in one ranking",
        "answers.jsonl:3:",
        "unknown field `ranks`",
        "error: unknown cause \"memry\"",
        "was answered on an earlier line",
    ] {
        assert!(error.contains(expected), "{expected}\n{error}");
    }
    let (code, _, error) = score(&folder, "\n", &[]);
    assert_eq!(code, 2);
    assert!(error.contains("expected an answer on each line, found none"), "{error}");
}
