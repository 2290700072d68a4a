//! `scaffold`: from a recording to a scenario that runs as written.

use std::fs;

use super::{root, run};

fn corpus() -> String {
    root().join("datasets/corpus").display().to_string()
}

#[test]
fn a_recorded_incident_becomes_a_test_that_passes_as_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let set = corpus();
    let args = ["scaffold", &set, "--case", "bad-deploy", "-o", "scenarios/x.yaml"];
    let (code, out, error) = run(at, &args);
    assert_eq!(code, 0, "{error}");
    assert!(out.starts_with("scenarios/x.yaml: 9 services, bad_deploy, 1h25m of it"), "{out}");
    assert!(error.contains("next: windtunnel test scenarios/x.yaml"), "{error}");
    let first = fs::read(at.join("scenarios/x.yaml")).expect("written");
    let text = String::from_utf8(first.clone()).expect("UTF-8");
    for part in [
        "change    deploy checkout v1.22.0 → v1.23.0",
        "label     incident begins: root checkout, cause bad_deploy",
        "# the label says bad_deploy of checkout",
        "  - detected # ",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (code, out, error) = run(at, &["test", "scenarios", "--no-report", "--quiet"]);
    assert_eq!(code, 0, "{out}{error}");
    // The same recording, the same bytes; nothing is replaced unasked; nothing partial is left.
    let (code, _, error) = run(at, &args);
    assert_eq!((code, error.contains("is there already")), (2, true), "{error}");
    let mut again = args.to_vec();
    again.push("--overwrite");
    assert_eq!(run(at, &again).0, 0);
    assert_eq!(fs::read(at.join("scenarios/x.yaml")).expect("there"), first);
    assert_eq!(fs::read_dir(at.join("scenarios")).expect("there").count(), 1);
}

#[test]
fn what_cannot_be_scaffolded_is_told_and_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let set = corpus();
    fs::write(at.join("file"), "x").expect("written");
    fs::write(at.join("bad.yaml"), "version: 1\nname: x\ngaurd: []\n").expect("written");
    for (args, message) in [
        (&["nowhere", "-o", "x.yaml"][..], "nowhere"),
        (&[&set, "-o", "x.yaml"][..], "has 4 cases, name one with --case: bad-deploy"),
        (&[&set, "--case", "bad-deplyo", "-o", "x.yaml"], "did you mean \"bad-deploy\"?"),
        (&[&set, "--case", "bad-deploy", "-o", "file/x.yaml"], "cannot write file/x.yaml"),
        (&[&set, "--case", "bad-deploy", "-o", "."], "is there already"),
        (&[&set, "--case", "bad-deploy", "--onset", "soon", "-o", "x.yaml"], "soon"),
        (
            &[&set, "--case", "bad-deploy", "--onset", "2020-01-01T00:00:00Z", "-o", "x.yaml"],
            "expected an onset within",
        ),
        (&[&set, "--case", "bad-deploy", "--policy", "bad.yaml", "-o", "x.yaml"], "gaurd"),
    ] {
        let all: Vec<&str> = std::iter::once("scaffold").chain(args.iter().copied()).collect();
        let (code, out, error) = run(at, &all);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?} {error}");
        assert!(error.contains(message), "{args:?} {error}");
    }
    assert_eq!(fs::read_dir(at).expect("there").count(), 2, "nothing is left");
}
