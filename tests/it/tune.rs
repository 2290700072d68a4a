//! `sweep`, `tune` and `calibrate` as a user meets them: what is refused, and what is written.

use std::path::Path;

use super::{run, scenario};

/// The innocent deploy, cut short so that a debug build runs it in a moment.
fn short(folder: &Path) -> String {
    let text =
        std::fs::read_to_string(scenario("traps/innocent-deploy.yaml")).expect("it is there");
    let text = text
        .replace("duration: 1h", "duration: 6m")
        .replace("at: 30m", "at: 3m")
        .replace("../policies/default.yaml", "policy.yaml");
    std::fs::write(folder.join("short.yaml"), text).expect("the folder takes it");
    let policy = std::fs::read_to_string(scenario("policies/default.yaml")).expect("it is there");
    std::fs::write(folder.join("policy.yaml"), policy).expect("the folder takes it");
    "short.yaml".to_owned()
}

#[test]
fn bad_axes_promises_and_prices_are_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = short(folder.path());
    let sweep = |axis: &str| run(folder.path(), &["sweep", &file, "--axis", axis, "--out", "s"]);
    for (axis, part) in [
        ("confidence=", "is empty"),
        ("confidence=0.9..0.5", "is empty"),
        ("confidense=0.5", "did you mean \"confidence\"?"),
        ("guard.blast_raduis=0.5", "did you mean \"blast_radius\"?"),
        ("confidence=0.5,1.5", "at most 1"),
        ("load.rate=fast", "expected a number"),
    ] {
        let (code, _, error) = sweep(axis);
        assert_eq!(code, 2, "{axis}: {error}");
        assert!(error.contains(part), "{axis}: {error}");
    }
    assert!(!folder.path().join("s").exists());
    let tune = |more: &[&str]| {
        let args = [&["tune", &file, "--policy", "policy.yaml", "--no-report"], more].concat();
        run(folder.path(), &args)
    };
    for (more, part) in [
        (&["--guarantee", "wrong_acton_rate<=0.1@95%"][..], "did you mean"),
        (&["--guarantee", "wrong_action_rate<=1@95%"], "bound inside 0..1"),
        (&["--cost", "no-such.yaml"], "no-such.yaml"),
        (&["--cost", "policy.yaml"], "missing key \"page\""),
        (&["--hold-out", "2"], "0 to 0.9"),
    ] {
        let (code, _, error) = tune(more);
        assert_eq!(code, 2, "{more:?}: {error}");
        assert!(error.contains(part), "{more:?}: {error}");
    }
    let (code, _, error) = run(folder.path(), &["calibrate", &file, "--policy", "policy.yaml"]);
    assert_eq!(code, 2);
    assert!(error.contains("expected at least 4 groups"), "{error}");
}

#[test]
fn a_tuning_writes_report_and_policy_and_says_what_the_promise_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let file = short(folder.path());
    let args = ["tune", &file, "--policy", "policy.yaml", "--axis", "confidence=0.6,0.85"];
    let more = ["--seeds", "2", "--out", "report", "-o", "tuned.yaml"];
    let (code, text, error) = run(folder.path(), &[&args[..], &more].concat());
    assert_eq!(code, 0, "{error}");
    assert!(text.contains("as it does today"), "{text}");
    let files = ["index.html", "report.md", "settings.csv", "result.json", "trials.parquet"];
    for name in files {
        assert!(folder.path().join("report").join(name).exists(), "{name}");
    }
    let before = std::fs::read_to_string(folder.path().join("policy.yaml")).unwrap();
    let after = std::fs::read_to_string(folder.path().join("tuned.yaml")).unwrap();
    assert_eq!(before, after, "the recommended floor is today's: not a byte changes");

    let promise = ["--guarantee", "wrong_action_rate<=0.01@95%", "--no-report"];
    let (code, text, error) = run(folder.path(), &[&args[..], &promise].concat());
    assert_eq!(code, 0, "{error}");
    assert!(text.contains("it needs about 298 more incidents"), "{text}");
}

#[test]
fn shards_of_a_manifest_make_the_sweep_of_one_machine() {
    let folder = tempfile::tempdir().unwrap();
    let file = short(folder.path());
    let go = |args: &[&str]| {
        let (code, text, error) = run(folder.path(), args);
        (code, text + &error)
    };
    let axis = ["--axis", "confidence=0.6,0.85", "--axis", "load.rate=100,140"];
    let plan = [&["sweep", "plan", &file][..], &axis, &["-o", "m.json"]].concat();
    assert_eq!(go(&plan).0, 0);
    for shard in ["0", "1"] {
        let i = format!("{shard}/2");
        assert_eq!(go(&["sweep", "run", "m.json", "--shard", &i, "--out", shard]).0, 0);
    }
    assert_eq!(go(&["sweep", "run", "m.json", "--out", "one"]).0, 0);
    assert_eq!(go(&["sweep", "merge", "0", "1", "--out", "merged"]).0, 0);
    for name in ["sweep.json", "complete.json", "parts/part-00000.parquet"] {
        let bytes = |dir: &str| std::fs::read(folder.path().join(dir).join(name)).unwrap();
        assert_eq!(bytes("one"), bytes("merged"), "{name}");
    }
    let (code, said) = go(&["sweep", "merge", "0", "--out", "no"]);
    assert!(code == 2 && said.contains("shard 1 of 2 is missing"), "{said}");
    let (code, said) = go(&["sweep", "show", "merged", "--measure", "pagse"]);
    assert!(code == 2 && said.contains("did you mean \"pages\"?"), "{said}");
    let (code, said) = go(&["sweep", "show", "merged", "--measure", "pages"]);
    assert!(code == 0 && said.contains("load.rate"), "{said}");
}
