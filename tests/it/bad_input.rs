//! Bad files and bad usage, each with its exact message and exit code 2.

use std::fs;

use super::{root, run};

/// A small scenario that is good.
const GOOD: &str = "\
version: 1
name: small
start: 2026-01-06T02:00:00Z
duration: 10m
fleet:
  objective: { service: web, availability: 0.99, latency_p99: 800ms, sustained: 1m }
  services:
    web:
      calls: [{ to: cart }]
    cart: { replicas: 3 }
load: { rate: 20 }
faults:
  - at: 2m
    bad_deploy: { service: cart, version: v2, mode: crash }
policy: { version: 1, name: none }
";

/// `check` of the good scenario with `from` replaced by `to`.
#[track_caller]
fn messages(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from:?} is in the scenario");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yaml"), GOOD.replace(from, to)).expect("written");
    let (code, out, error) = run(folder.path(), &["check", "a.yaml"]);
    assert_eq!((code, out.as_str()), (2, ""), "{error}");
    error
}

#[test]
fn the_small_scenario_is_good() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yaml"), GOOD).expect("written");
    let (code, out, error) = run(folder.path(), &["check", "a.yaml"]);
    assert_eq!((code, out.as_str(), error.as_str()), (0, "a.yaml: scenario is good\n", ""));
}

#[test]
fn an_unknown_key_names_the_nearest_and_shows_the_line() {
    insta::assert_snapshot!(messages("replicas: 3", "replica: 3"), @r#"
    a.yaml:10:13: error: unknown key "replica" in fleet.services.cart, did you mean "replicas"?
     10 |     cart: { replica: 3 }
        |             ^^^^^^^
    1 error
    "#);
}

#[test]
fn a_wrong_unit_says_what_a_duration_looks_like() {
    insta::assert_snapshot!(messages("duration: 10m", "duration: 10 minutes"), @r#"
    a.yaml:4:11: error: duration: expected a duration such as "90s", "5m" or "1h30m" (units ns, us, ms, s, m, h, d), found "10 minutes"
     4 | duration: 10 minutes
       |           ^^^^^^^^^^
    1 error
    "#);
    insta::assert_snapshot!(messages("duration: 10m", "duration: 10"), @r#"
    a.yaml:4:11: error: expected a duration such as "90s" for duration, found the number 10
     4 | duration: 10
       |           ^^
       help: write the unit: "10s" or "10m"
    1 error
    "#);
}

#[test]
fn a_call_to_no_service_names_the_nearest() {
    insta::assert_snapshot!(messages("to: cart", "to: crat"), @r#"
    a.yaml:9:21: error: fleet.services.web.calls[0].to: there is no service "crat", did you mean "cart"?
     9 |       calls: [{ to: crat }]
       |                     ^^^^
    1 error
    "#);
}

#[test]
fn a_cyclic_call_graph_is_named() {
    insta::assert_snapshot!(messages("cart: { replicas: 3 }", "cart: { calls: [{ to: web }] }"), @r#"
    a.yaml:7:3: error: fleet.services: the call graph has a cycle: cart -> web -> cart
     7 |   services:
       |   ^^^^^^^^
    1 error
    "#);
}

#[test]
fn kinds_and_their_parameters_are_held_against_the_catalog() {
    insta::assert_snapshot!(messages("bad_deploy: {", "bad_depoly: {"), @r#"
    a.yaml:14:5: error: unknown fault "bad_depoly", did you mean "bad_deploy"?
     14 |     bad_depoly: { service: cart, version: v2, mode: crash }
        |     ^^^^^^^^^^
    1 error
    "#);
    insta::assert_snapshot!(messages("mode: crash", "mode: crahs"), @r#"
    a.yaml:14:53: error: unknown value "crahs" for faults[0].bad_deploy.mode, did you mean "crash"?
     14 |     bad_deploy: { service: cart, version: v2, mode: crahs }
        |                                                     ^^^^^
       help: expected one of leak, crash, error, slow, bad_image, never_ready, fails_liveness, slow_start
    1 error
    "#);
    let policy =
        "policy: { version: 1, name: x, detect: [mda], guard: [{ cooldown: { rest: 5 } }] }";
    insta::assert_snapshot!(messages("policy: { version: 1, name: none }", policy), @r#"
    a.yaml:15:41: error: unknown detector "mda"
     15 | policy: { version: 1, name: x, detect: [mda], guard: [{ cooldown: { rest: 5 } }] }
        |                                         ^^^
       help: known are burn_rate, context_band, deploy_comparison, event_match, level_shift, log_templates, rarity, robust_score, saturation_forecast, span_stats, threshold
    a.yaml:15:75: error: expected a duration such as "90s" for policy.guard[0].cooldown.rest, found the number 5
     15 | policy: { version: 1, name: x, detect: [mda], guard: [{ cooldown: { rest: 5 } }] }
        |                                                                           ^
       help: write the unit: "5s" or "5m"
    2 errors
    "#);
}

#[test]
fn all_problems_come_at_once_and_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = GOOD
        .replace("version: 1\nname", "version: 2\nnmae")
        .replace("rate: 20", "rate: fast")
        .replace("- at: 2m", "- at: soon");
    fs::write(folder.path().join("a.yaml"), text).expect("written");
    insta::assert_snapshot!(run(folder.path(), &["check", "a.yaml"]).2, @r#"
    a.yaml:1:1: error: missing key "name"
     1 | version: 2
       | ^
    a.yaml:1:10: error: expected 1 for version, found 2
     1 | version: 2
       |          ^
    a.yaml:2:1: error: unknown key "nmae", did you mean "name"?
     2 | nmae: small
       | ^^^^
    a.yaml:11:15: error: expected a number for load.rate, found the text "fast"
     11 | load: { rate: fast }
        |               ^^^^
    a.yaml:13:9: error: faults[0].at: expected a duration such as "90s", "5m" or "1h30m" (units ns, us, ms, s, m, h, d), found "soon"
     13 |   - at: soon
        |         ^^^^
    5 errors
    "#);
}

#[test]
fn text_that_is_no_yaml_or_no_file_is_named() {
    insta::assert_snapshot!(messages("name: small", "name: [small"), @r#"
    a.yaml:3:6: error: no valid YAML: illegal placement of ':' indicator
     3 | start: 2026-01-06T02:00:00Z
       |      ^
    1 error
    "#);
    insta::assert_snapshot!(messages("name: small", "name: small\nname: twice"), @r#"
    a.yaml:3:1: error: duplicate key "name", first on line 2
     3 | name: twice
       | ^^^^
    1 error
    "#);
    let (code, _, error) = run(root(), &["check", "nowhere.yaml"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(error, @r#"
    nowhere.yaml: error: cannot be read: No such file or directory (os error 2)
    1 error
    "#);
}

#[test]
fn a_policy_file_that_is_missing_is_named() {
    insta::assert_snapshot!(
        messages("policy: { version: 1, name: none }", "policy: policies/missing.yaml"), @r#"
    a.yaml:15:9: error: policy: there is no file policies/missing.yaml
     15 | policy: policies/missing.yaml
        |         ^^^^^^^^^^^^^^^^^^^^^
    1 error
    "#);
}

#[test]
fn an_empty_dataset_and_one_that_is_none_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("data")).expect("made");
    let (code, _, error) = run(folder.path(), &["run", "data"]);
    assert_eq!(code, 2, "{error}");
    insta::assert_snapshot!(error, @r#"
    data/dataset.yaml: error: is missing
    1 error
    "#);
}

#[test]
fn wrong_usage_is_said_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yaml"), GOOD).expect("written");
    let policy = root().join("scenarios/policies/none.yaml");
    fs::copy(policy, folder.path().join("none.yaml")).expect("copied");
    let usage = |args: &[&str]| {
        let (code, out, error) = run(folder.path(), args);
        assert_eq!((code, out.as_str()), (2, ""), "{error}");
        error
    };
    insta::assert_snapshot!(usage(&["run", "a.yaml", "--case", "x"]), @r#"error: --case is for datasets only"#);
    insta::assert_snapshot!(usage(&["run", "a.yaml", "--seeds", "0"]), @r#"error: expected at least 1 for --seeds, found 0"#);
    insta::assert_snapshot!(usage(&["run", "none.yaml"]), @r#"error: expected a scenario or a dataset, found the policy none.yaml (use it with --policy)"#);
    insta::assert_snapshot!(usage(&["import", "petshoop", "a", "b"]), @r#"error: unknown import format "petshoop", did you mean "petshop"?"#);
    insta::assert_snapshot!(usage(&["import", "csv", "a", "b", "--set", "intervall=5s"]), @r#"error: unknown key "intervall" in csv, did you mean "interval"?"#);
    insta::assert_snapshot!(usage(&["explain", "blast_raduis"]), @r#"error: unknown kind "blast_raduis", did you mean "blast_radius"? (`windtunnel list` knows all)"#);
    insta::assert_snapshot!(usage(&["list", "detectros"]), @r#"error: unknown sort of kinds "detectros", did you mean "detector"? (there are fault, detector, correlator, method, remedy, guardrail, measure, invariant, importer, report)"#);
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_before_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a.yaml"), GOOD).expect("written");
    fs::write(folder.path().join("file"), "x").expect("written");
    let (code, out, error) = run(folder.path(), &["run", "a.yaml", "--out", "file/a"]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(error.starts_with("error: cannot write file/a: "), "{error}");
    let (code, _, error) = run(folder.path(), &["run", "a.yaml", "--out", "."]);
    assert_eq!(code, 2, "{error}");
    assert!(fs::read_dir(folder.path()).expect("readable").count() == 2, "nothing is left");
}

/// `check` of a scenario that names the fleet of `GOOD` in a file and changes it by `set`.
#[track_caller]
fn changed(set: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let (head, rest) = GOOD.split_once("fleet:\n").expect("a fleet");
    let (fleet, tail) = rest.split_once("load:").expect("a load");
    let fleet: String = fleet.lines().map(|line| format!("{}\n", &line[2..])).collect();
    fs::write(folder.path().join("f.yaml"), fleet).expect("written");
    let text = format!("{head}fleet: {{ file: f.yaml, set: {set} }}\nload:{tail}");
    fs::write(folder.path().join("a.yaml"), text).expect("written");
    let (code, out, error) = run(folder.path(), &["check", "a.yaml"]);
    assert_eq!(code, if out.is_empty() { 2 } else { 0 }, "{error}");
    format!("{out}{error}")
}

#[test]
fn changes_of_a_fleet_file_are_checked_where_they_stand() {
    assert_eq!(changed("{ services: { cart: { replicas: 5 } } }"), "a.yaml: scenario is good\n");
    for (set, expected) in [
        ("{ services: { crat: {} } }", "there is no service \"crat\", did you mean \"cart\"?"),
        ("{ services: { cart: { replica: 5 } } }", "did you mean \"replicas\"?"),
        ("{ services: { cart: { replicas: 0 } } }", "a.yaml:5:"),
        ("{ services: { web: { calls: [{ to: crat }] } } }", "did you mean \"cart\"?"),
        ("{ services: { cart: { calls: [{ to: web }] } } }", "cycle: cart -> web -> cart"),
    ] {
        let error = changed(set);
        assert!(error.contains(expected), "{set}: {error}");
    }
}

#[test]
fn fleets_and_times_that_make_no_sense_are_refused() {
    let cart = |keys: &str| messages("cart: { replicas: 3 }", &format!("cart: {{ {keys} }}"));
    for (error, expected) in [
        (cart("replicas: 0"), "fleet.services.cart.replicas: expected at least 1, found 0"),
        (
            cart("cpu_cores: 1, cpu_request: 2"),
            "cart.cpu_request: expected at most the limit (cpu_cores, 1), found 2",
        ),
        (
            cart("memory_limit_mib: 512, memory_base_mib: 100, memory_request_mib: 1024"),
            "cart.memory_request_mib: expected at most the limit (memory_limit_mib, 512)",
        ),
        (cart("service_time: -5ms"), "expected a number above 0, found -0.005"),
        (cart("startup: -5s"), "cart.startup: expected at least 0"),
        (messages("duration: 10m", "duration: -10m"), "duration: expected at least 1s, found -10m"),
        (messages("at: 2m", "at: -2m"), "faults[0]"),
        (messages("service: cart", "service: crat"), "did you mean \"cart\"?"),
        (
            messages(
                "    bad_deploy: { service: cart, version: v2, mode: crash }",
                "    bad_deploy: { service: cart, version: v2, mode: crash }\n  - at: 2m\n    \
                 bad_deploy: { service: cart, version: v3, mode: slow }",
            ),
            "contradicts faults[0]",
        ),
    ] {
        assert!(error.contains(expected), "{expected:?} is not in {error}");
        assert!(error.starts_with("a.yaml:"), "{error}");
    }
}
