//! `test`, `compare` and `hunt` as a platform team meets them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{run, scenario};

/// The 02:47 incident in a folder of its own, with these expectations, and the default policy.
fn corpus(folder: &Path, expect: &str) {
    let text = fs::read_to_string(scenario("0247-memory-leak.yaml")).expect("readable");
    let head = text.split("\nexpect:").next().expect("a scenario");
    let text = head.replace("policies/default.yaml", "default.yaml");
    fs::create_dir_all(folder.join("s")).expect("made");
    fs::write(folder.join("s/leak.yaml"), format!("{text}\nexpect:\n{expect}\n")).expect("written");
    let policy = fs::read_to_string(scenario("policies/default.yaml")).expect("readable");
    fs::write(folder.join("s/default.yaml"), policy).expect("written");
}

/// The default policy with one thing replaced.
fn worse(folder: &Path, name: &str, from: &str, to: &str) {
    let policy = fs::read_to_string(scenario("policies/default.yaml")).expect("readable");
    assert!(policy.contains(from), "{from} is in the policy");
    fs::write(folder.join(name), policy.replace(from, to)).expect("written");
}

const GOOD: &str = "  - healed\n  - mttr <= 5m\n  - violations == 0\n  - never restart";

#[test]
fn a_good_corpus_passes_and_a_worse_policy_fails_with_the_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, GOOD);
    let (code, out, error) = run(at, &["test", "s", "--no-report"]);
    assert_eq!(code, 0, "{out}{error}");
    assert!(out.contains("PASS    s/leak: healed by rollback of api-server"), "{out}");
    assert!(out.ends_with("1 test: 1 passed (1 trial)\n"), "{out}");

    for (from, to, parts) in [
        ("threshold: 1.0", "threshold: 1000.0", &["alarm.threshold: 1.0 → 1000.0"][..]),
        ("immediate: 3.0", "immediate: 9000.0", &["alarm.immediate"]),
        ("    - rollback: { strategy: canary }\n", "", &["rollback removed", "mttr <= 5m"]),
    ] {
        worse(at, "worse.yaml", from, to);
        let (code, out, _) = run(at, &["test", "s", "--no-report", "--policy", "worse.yaml"]);
        let failed = code == 1;
        if from.starts_with("immediate") {
            // It only waits longer: whether that is too late is for the expectation to say.
            continue;
        }
        assert!(failed, "{out}");
        for part in parts {
            assert!(out.contains(part), "{part} in {out}");
        }
        assert!(out.contains("stage ") && out.contains("again     windtunnel run s/leak"), "{out}");
    }
}

#[test]
fn failed_tests_leave_a_report_and_can_be_run_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, "  - mttr <= 1s");
    let args = ["test", "s", "--junit", "out/j.xml", "--markdown", "out/m.md", "--github"];
    let (code, out, error) = run(at, &args);
    assert_eq!(code, 1, "{out}{error}");
    assert!(error.contains("::error file=s/leak.yaml,line=1"), "{error}");
    assert!(at.join("reports/test/0247-memory-leak/report.html").is_file());
    let junit = fs::read_to_string(at.join("out/j.xml")).expect("written");
    assert!(junit.contains("failures=\"1\"") && junit.contains("expected mttr"), "{junit}");
    assert!(fs::read_to_string(at.join("out/m.md")).expect("written").contains("❌"));
    let (_, list, _) = run(at, &["test", "s", "--rerun-failed", "--list"]);
    assert_eq!(list, "s/leak\n");
    corpus(at, GOOD);
    assert_eq!(run(at, &["test", "s", "--rerun-failed"]).0, 0);
    let (code, _, error) = run(at, &["test", "s", "--rerun-failed"]);
    assert_eq!((code, error.contains("nothing failed last time")), (2, true), "{error}");
}

#[test]
fn a_golden_names_cause_and_consequence_and_can_be_blessed() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, GOOD);
    let bless = ["test", "s", "--no-report", "--bless"];
    let (code, out, error) = run(at, &bless);
    assert_eq!(code, 0, "{out}{error}");
    let golden = at.join("reports/golden/0247-memory-leak.golden.jsonl");
    let first = fs::read(&golden).expect("blessed");
    assert_eq!(run(at, &["test", "s", "--no-report"]).0, 0);
    assert_eq!(run(at, &bless).0, 0);
    assert_eq!(first, fs::read(&golden).expect("there"), "the same trial, the same golden");
    worse(at, "worse.yaml", "  - robust_score # distance", "  # distance");
    let args = ["test", "s", "--no-report", "--policy", "worse.yaml"];
    let (code, out, _) = run(at, &args);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("because detector `robust_score` no longer fires"), "{out}");
    assert!(out.contains("detect: robust_score removed"), "{out}");
}

/// `CONTRIBUTING.md` says how a change is accepted.
#[test]
fn what_the_bundled_incidents_came_to_is_as_it_was_accepted() {
    const GUARDED: [&str; 3] = ["scenarios/article", "scenarios/hunted", "scenarios/traps"];
    let listed = run(super::root(), &[&["test", "--list"], &GUARDED[..]].concat()).1;
    let goldens = fs::read_dir(super::root().join("reports/golden")).expect("committed").count();
    assert_eq!(listed.lines().filter(|line| line.contains("scenarios/")).count(), goldens);
    let (code, out, error) = run(super::root(), &[&["test", "--no-report"], &GUARDED[..]].concat());
    assert_eq!(code, 0, "{out}{error}");
}

#[test]
fn the_event_stream_is_one_object_a_line_on_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, GOOD);
    let stream = |jobs: &str| {
        let (code, out, _) =
            run(at, &["test", "s", "--no-report", "--format", "json", "--jobs", jobs]);
        assert_eq!(code, 0);
        out
    };
    let one = stream("1");
    assert_eq!(one, stream("2"));
    let events: Vec<serde_json::Value> =
        one.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["started", "test", "finished"]);
    assert_eq!(events[1]["status"], "passed");
}

#[test]
fn slips_in_sentences_filters_and_paths_are_exit_code_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, "  - mttrr <= 5m\n  - \"never rolback cart\"");
    let (code, _, error) = run(at, &["test", "s"]);
    assert_eq!(code, 2);
    assert!(error.contains("did you mean \"mttr\"?"), "{error}");
    assert!(error.contains("did you mean \"rollback\"?") && error.contains("2 errors"), "{error}");
    corpus(at, GOOD);
    for (args, message) in [
        (&["test", "nowhere"][..], "there is no file or folder nowhere"),
        (&["test", "s", "-E", "fautl:x"], "did you mean \"fault\"?"),
        (&["test", "s", "-E", "nothing-like-it"], "no test fits"),
        (&["test", "s", "--partition", "hash:5/4"], "expected hash:1/4"),
        (&["test", "s/default.yaml"], "expected a scenario, found a policy"),
        (&["test", "s", "--out", "s/leak.yaml/x"], "cannot write"),
        (&["test", "s", "--junit", "s/leak.yaml/x"], "cannot write"),
        (
            &["compare", "s/default.yaml", "s/default.yaml", "s", "--max-regression", "mtr=1s"],
            "did you mean \"mttr\"?",
        ),
        (&["compare", "s/default.yaml", "s/leak.yaml", "s"], "leak.yaml"),
        (&["hunt", "--without", "blast_raduis"], "did you mean \"blast_radius\"?"),
        (&["hunt", "--rule", "blast_raduis"], "did you mean \"blast_radius\"?"),
    ] {
        let (code, out, error) = run(at, args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?} {error}");
        assert!(error.contains(message), "{args:?} {error}");
    }
}

#[test]
fn a_time_limit_ends_a_test_and_a_closed_pipe_is_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, GOOD);
    let (code, out, _) = run(at, &["test", "s", "--no-report", "--max-events", "10"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("TIMEOUT s/leak"), "{out}");
    let (code, out, _) = run(at, &["test", "s", "--no-report", "--timeout", "0"]);
    assert_eq!((code, out.contains("time is up")), (1, true), "{out}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_windtunnel"))
        .current_dir(at)
        .args(["test", "s", "--no-report", "--quiet"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    // A reader that went away does not turn a failure into success.
    corpus(at, "  - mttr <= 1s");
    let mut child = Command::new(env!("CARGO_BIN_EXE_windtunnel"))
        .current_dir(at)
        .args(["test", "s", "--no-report", "--quiet"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
}

#[test]
#[cfg(unix)]
fn a_path_that_is_not_utf_8_is_tested_like_any_other() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, GOOD);
    let odd = at.join(std::ffi::OsStr::from_bytes(b"odd-\xff"));
    fs::rename(at.join("s"), &odd).expect("renamed");
    let output = Command::new(env!("CARGO_BIN_EXE_windtunnel"))
        .current_dir(at)
        .args(["test", "--no-report", "--junit", "j.xml"])
        .arg(&odd)
        .output()
        .expect("the command starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
}

#[test]
fn no_change_is_no_difference_and_a_real_one_has_the_right_sign() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, GOOD);
    let compare =
        |head: &str| run(at, &["compare", "s/default.yaml", head, "s", "--seeds", "2", "--quiet"]);
    let (code, out, error) = compare("s/default.yaml");
    assert_eq!(code, 0, "{error}");
    assert_eq!(out.lines().next(), Some("no difference"), "{out}");
    worse(at, "slow.yaml", "pending: 30s", "pending: 10m");
    worse(at, "blind.yaml", "threshold: 1.0", "threshold: 1000.0");
    let (code, out, _) = compare("blind.yaml");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("this change ") && out.contains("worse"), "{out}");
    // Sight pages once more: that is worse in itself, and users are better off.
    let args = ["compare", "blind.yaml", "s/default.yaml", "s", "--seeds", "2", "--quiet"];
    let (code, out, _) = run(at, &args);
    assert_eq!(code, 1, "{out}");
    let (worse, better): (Vec<&str>, Vec<&str>) =
        out.lines().filter(|l| l.contains("0247-")).partition(|l| l.starts_with("  worse"));
    assert!(worse.len() == 1 && worse[0].contains("pages"), "{out}");
    assert!(better.iter().any(|l| l.starts_with("  better") && l.contains("recovered")), "{out}");
}

#[test]
fn stored_results_are_compared_like_policies() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    corpus(at, GOOD);
    for seed in ["1", "2"] {
        let out = format!("{seed}/r");
        let (code, _, error) =
            run(at, &["run", "s/leak.yaml", "--seed", "5", "--out", &out, "--quiet"]);
        assert_eq!(code, 0, "{error}");
    }
    let (code, out, error) = run(at, &["compare", "1", "2"]);
    assert_eq!((code, out.lines().next()), (0, Some("no difference")), "{error}");
    assert_eq!(run(at, &["compare", "1", "s/default.yaml"]).0, 2);
}
