//! Policies made worse in five ways: each fails with a message that names the cause.

use std::fs;
use std::process::Stdio;

use super::{root, run, scenario, windtunnel};

/// The 02:47 incident with what it expects, and the default policy with one thing replaced.
fn tested(name: &str, from: &str, to: &str) -> (i32, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let policy = fs::read_to_string(scenario("policies/default.yaml")).expect("readable");
    assert!(policy.contains(from), "{from} is in the policy");
    let file = at.join(format!("{name}.yaml"));
    fs::write(&file, policy.replacen(from, to, 1)).expect("written");
    held(&file.display().to_string())
}

fn held(policy: &str) -> (i32, String) {
    let args = [
        "test",
        "scenarios/article/0247-healed.yaml",
        "--no-report",
        "--no-golden",
        "--quiet",
        "--policy",
        policy,
    ];
    let (code, out, error) = run(root(), &args);
    (code, out + &error)
}

#[test]
fn five_worse_policies_fail_and_say_why() {
    for (name, from, to, parts) in [
        (
            "threshold",
            "threshold: 1.0\n  pending: 30s\n  immediate: 3.0",
            "threshold: 100.0\n  pending: 30s\n  immediate: 300.0",
            &["stage     detect", "alarm.threshold: 1.0 → 100.0"][..],
        ),
        (
            "guardrail",
            "  - confidence_floor: { default: 0.85 }",
            "  #",
            &["acted_below_threshold", "guard: confidence_floor removed"],
        ),
        (
            "detector",
            "  - robust_score #",
            "  #",
            &["expected  signal before +1m", "detect: robust_score removed"],
        ),
        (
            "remedy",
            "    - rollback: { strategy: canary }",
            "    - restart",
            &["never restart", "stage     decide", "rollback removed"],
        ),
    ] {
        let (code, text) = tested(name, from, to);
        assert_eq!(code, 1, "{name}: {text}");
        for part in parts {
            assert!(text.contains(part), "{name}: {part} in {text}");
        }
    }
}

#[test]
#[cfg(unix)]
fn a_crashing_engine_fails_as_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("crashes.yaml");
    let text = "version: 1\nname: crashes\nengine: { command: [sh, -c, exit 3] }\n";
    fs::write(&file, text).expect("written");
    let (code, text) = held(&file.display().to_string());
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("engine_failure") && text.contains("ended with exit code 3"), "{text}");
}

#[test]
#[cfg(unix)]
fn exit_codes_hold_for_closed_outputs_colours_and_folders_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let small = root().join("tests/fixtures/corpus/small-leak.yaml").display().to_string();
    // Through a shell, as people type it: the reader is gone, or there never was one.
    for (line, code) in [
        ("\"$WT\" test \"$S\" --no-report -q | head -0; exit ${PIPESTATUS[0]}", 0),
        ("\"$WT\" test \"$S\" --no-report -q --max-events 5 | head -0; exit ${PIPESTATUS[0]}", 1),
        ("\"$WT\" test \"$S\" --no-report -q --color never >&-", 0),
        ("\"$WT\" list >&-", 0),
        ("\"$WT\" test \"$S\" --no-report -q --color sometimes", 2),
        ("\"$WT\" test \"$S\" --list | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0),
    ] {
        let status = std::process::Command::new("bash")
            .args(["-c", line])
            .current_dir(at)
            .env("WT", env!("CARGO_BIN_EXE_windtunnel"))
            .env("S", &small)
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .expect("a shell");
        assert_eq!(status.code(), Some(code), "{line}");
    }
    // Whoever may do everything cannot be kept out of a folder.
    let closed = at.join("closed");
    fs::create_dir(&closed).expect("made");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).expect("set");
    let kept_out = fs::write(closed.join("x"), "").is_err();
    let set = root().join("datasets/corpus").display().to_string();
    for args in [
        &["test", &small, "--out", "closed/reports"][..],
        &["test", &small, "--no-report", "--junit", "closed/j.xml"],
        &["hunt", "--budget", "1", "--out", "closed/hunt"],
        &["scaffold", &set, "--case", "bad-deploy", "-o", "closed/x.yaml"],
        &["generate", "fleet", "--services", "3", "-o", "closed/f.yaml"],
    ] {
        let output = windtunnel(at, args).output().expect("it starts");
        let error = String::from_utf8_lossy(&output.stderr);
        if kept_out {
            assert_eq!(output.status.code(), Some(2), "{args:?} {error}");
            assert!(error.contains("cannot write"), "{args:?} {error}");
            assert_eq!(fs::read_dir(&closed).expect("there").count(), 0, "{args:?}");
        }
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("set");
}

#[test]
#[cfg(unix)]
fn outside_engines_are_compared_like_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("crashes.yaml");
    let text = "version: 1\nname: crashes\nengine: { command: [sh, -c, exit 3] }\n";
    fs::write(&file, text).expect("written");
    let crashes = file.display().to_string();
    let small = "tests/fixtures/corpus/small-leak.yaml";
    let compare = |base: &str, head: &str| {
        run(root(), &["compare", base, head, small, "--seeds", "2", "--quiet"])
    };
    let (code, out, error) = compare(&crashes, &crashes);
    assert_eq!((code, out.lines().next()), (0, Some("no difference")), "{out}{error}");
    let (code, out, error) = compare("scenarios/policies/default.yaml", &crashes);
    assert_eq!(code, 1, "{out}{error}");
    assert!(out.contains("this change ") && out.contains("worse"), "{out}");
}
