//! A recording as the baseline: made by `record`, laid over by faults, and refused when unfit.

use std::fs;

use super::{run, scenario};

const OVERLAY: &str = "\
version: 1
name: laid-over
duration: 40m
baseline: { dataset: calm, case: quiet-day, skip: 5m }
faults:
  - at: 20m
    dependency_failure: { service: payments, error_ratio: 0.9 }
policy: { version: 1, name: none }
";

#[test]
fn faults_are_laid_over_a_recording_and_the_result_is_called_modelled() {
    let folder = tempfile::tempdir().expect("a folder");
    let quiet = fs::read_to_string(scenario("traps/quiet-day.yaml")).expect("readable");
    let none = scenario("policies/none.yaml");
    let quiet = quiet
        .replace("duration: 3h", "duration: 1h")
        .replace("../policies/default.yaml", none.to_str().expect("UTF-8"));
    fs::write(folder.path().join("quiet-day.yaml"), quiet).expect("written");
    let (code, out, error) = run(folder.path(), &["record", "quiet-day.yaml", "calm"]);
    assert_eq!(code, 0, "{error}");
    assert!(out.starts_with("calm/quiet-day: ") && out.contains("0 labelled incidents"), "{out}");
    assert_eq!(run(folder.path(), &["check", "calm"]).0, 0);

    let written = |text: &str| fs::write(folder.path().join("o.yaml"), text).expect("written");
    written(OVERLAY);
    let (code, out, error) =
        run(folder.path(), &["run", "o.yaml", "--no-report", "--format", "json", "--quiet"]);
    assert_eq!(code, 0, "{error}");
    let document: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(document["mode"], "counterfactual");
    let labels = document["trials"][0]["truth"].as_array().map(Vec::len);
    assert!(labels.is_none_or(|count| count == 1), "{labels:?}");
    let (_, out, _) = run(folder.path(), &["run", "o.yaml", "--no-report", "--quiet"]);
    assert!(out.contains("modelled"), "{out}");

    let refused = |from: &str, to: &str, expected: &str| {
        assert!(OVERLAY.contains(from));
        written(&OVERLAY.replace(from, to));
        let (code, _, error) = run(folder.path(), &["check", "o.yaml"]);
        assert_eq!(code, 2, "{error}");
        assert!(error.contains(expected), "{error}");
    };
    refused("40m", "2h", "o.yaml:3:11: error: duration: the scenario is longer than the dataset");
    refused("case: quiet-day", "case: quite-day", "did you mean \"quiet-day\"?");
    refused("dataset: calm", "dataset: clam", "is missing");
    refused("skip: 5m", "skip: -5m", "expected at least 0s, found -5m");
    refused("service: payments", "service: paymints", "did you mean \"payments\"?");
    refused("faults:", "load: { rate: 3 }\nfaults:", "the baseline brings its own");
}
