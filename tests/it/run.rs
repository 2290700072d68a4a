//! Whole runs: files, expectations, interrupts, closed pipes.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use super::{run, scenario};

#[test]
fn a_report_is_complete_and_replaces_only_a_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = scenario("0247-memory-leak.yaml");
    let args = ["run", path.to_str().expect("UTF-8"), "--quiet"];
    for _ in 0..2 {
        let (code, _, error) = run(folder.path(), &args);
        assert!(code == 0 || code == 1, "{error}");
        let report = folder.path().join("reports/0247-memory-leak");
        for file in ["audit.jsonl", "report.html", "result.json", "results.parquet", "story.svg"] {
            assert!(report.join(file).is_file(), "{file}");
        }
        let reports = folder.path().join("reports");
        assert_eq!(fs::read_dir(reports).expect("readable").count(), 1, "nothing partial is left");
    }
}

#[test]
fn an_expectation_that_is_not_met_is_exit_code_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = fs::read_to_string(scenario("0247-memory-leak.yaml")).expect("readable");
    let head = text.split("\nexpect:").next().expect("a scenario");
    let none = scenario("policies/none.yaml");
    let expect = "expect: [{ healed: true }, { max_violations: 0 }]";
    let path = folder.path().join("a.yaml");
    fs::write(
        &path,
        format!("{head}\n{expect}\n")
            .replace("policies/default.yaml", none.to_str().expect("UTF-8")),
    )
    .expect("written");
    let (code, out, error) = run(folder.path(), &["run", "a.yaml", "--no-report"]);
    assert_eq!(code, 1, "{error}");
    assert!(out.contains("NOT MET healed: true (saw users not served again; seed 247)"), "{out}");
    assert!(out.contains("met     max_violations: 0"), "{out}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_windtunnel"))
        .args(["schema", "scenario"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    drop(child.stdout.take());
    let mut error = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut error).expect("UTF-8");
    assert_eq!((child.wait().expect("it ends").code(), error.as_str()), (Some(0), ""));
}

#[test]
#[cfg(unix)]
fn an_interrupt_leaves_nothing_half_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(env!("CARGO_BIN_EXE_windtunnel"))
        .current_dir(folder.path())
        .args(["run", scenario("0247-memory-leak.yaml").to_str().expect("UTF-8")])
        .args(["--seeds", "10000", "--quiet"])
        .stdout(Stdio::null())
        .spawn()
        .expect("the command starts");
    let reports = folder.path().join("reports");
    let entries = || fs::read_dir(&reports).map_or(0, Iterator::count);
    while entries() == 0 {
        assert!(child.try_wait().expect("known").is_none(), "it runs for long");
        std::thread::yield_now();
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill starts").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(entries(), 0);
}
