//! Somebody else's engine behind the protocol: good ones, single stages, and every way to fail.
//!
//! The misbehaving engines are shell one-liners, so that nothing but a POSIX shell is needed. The
//! Python examples are skipped, and say so, where there is no `python3`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::{root, run, scenario};

/// Two services and a deploy that fails half of all requests; 20 minutes.
const SCENARIO: &str = "\
version: 1
name: small
start: 2026-01-06T09:00:00Z
duration: 20m
seed: 5
fleet:
  objective: { service: web, availability: 0.99, latency_p99: 800ms, sustained: 1m }
  services:
    web: { replicas: 4, service_time: 5ms, calls: [{ to: cart, timeout: 1s }] }
    cart: { replicas: 2, service_time: 10ms, version: v2, previous_version: v1 }
load: { rate: 50 }
faults:
  - { at: 8m, bad_deploy: { service: cart, version: v3, mode: error, error_ratio: 0.5 } }
people: { person: asha }
policy: engine.yaml
expect: []
";

/// Reads requests, sets `s` to their number, answers hello and bye; the rest is the test's.
const LOOP: &str = r#"
echo $$ >> pids
while IFS= read -r l; do s=${l#*'"seq":'}; s=${s%%,*}; case $l in
'{"type":"hello"'*) echo '{"seq":0,"hello":{"protocol":1,"name":"test"}}';;
'{"type":"bye"'*) exit 0;;
"#;

/// A folder with the scenario and a policy whose engine is this shell script.
fn folder(script: &str, more: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("small.yaml"), SCENARIO).expect("written");
    fs::write(folder.path().join("engine.sh"), script).expect("written");
    let policy = format!("version: 1\nname: test\nengine:\n  command: [sh, engine.sh]\n{more}");
    fs::write(folder.path().join("engine.yaml"), policy).expect("written");
    folder
}

fn document(folder: &Path, args: &[&str]) -> Value {
    let base = ["run", "small.yaml", "--no-report", "--quiet", "--format", "json"];
    let (code, out, error) = run(folder, &[&base[..], args].concat());
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&out).expect("one document")
}

fn violations<'d>(document: &'d Value, kind: &str) -> &'d Value {
    &document["trials"][0]["scorecard"]["safety"]["violations"][kind]
}

/// The lines of the audit log of type `engine_failure`.
fn failures(folder: &Path) -> Vec<Value> {
    let (code, _, error) = run(folder, &["run", "small.yaml", "--quiet", "--out", "report"]);
    assert_eq!(code, 0, "{error}");
    let text = fs::read_to_string(folder.join("report/audit.jsonl")).expect("an audit log");
    let lines = text.lines().map(|l| serde_json::from_str::<Value>(l).expect("JSON"));
    let failed = lines.filter(|l| l["type"] == "engine_failure");
    failed.map(|l| l["body"].clone()).collect()
}

/// No process that the engine's script wrote down is left, not even as a zombie.
#[track_caller]
fn nobody_is_left(folder: &Path) {
    let pids = fs::read_to_string(folder.join("pids")).unwrap_or_default();
    for pid in pids.split_whitespace() {
        let left = || {
            let ps = Command::new("ps").args(["-o", "stat=,ppid=", "-p", pid]).output();
            let text = String::from_utf8(ps.expect("ps starts").stdout).expect("text");
            let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            // What a dead engine had started belongs to process 1, which buries it when it likes.
            let buried = words.is_empty() || (words[0].starts_with('Z') && words[1] == "1");
            (!buried).then_some(text)
        };
        let found = (0..1000).map_while(|_| left()).last().and_then(|_| left());
        assert_eq!(found, None, "process {pid} is still there");
    }
}

/// Runs a misbehaving engine: it must fail in this way, once and for good.
#[track_caller]
fn dies(script: &str, timeout: &str, kind: &str, detail: &str) {
    let folder = folder(script, &format!("  timeout: {timeout}\n"));
    let failed = failures(folder.path());
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!((&failed[0]["kind"], &failed[0]["fatal"]), (&kind.into(), &true.into()));
    let said = failed[0]["detail"].as_str().expect("text");
    assert!(said.contains(detail), "{said:?} should contain {detail:?}");
    nobody_is_left(folder.path());
}

#[test]
fn an_engine_that_hangs_is_late_and_killed() {
    let hangs = format!("{LOOP} *) sleep 600;; esac; done");
    dies(&hangs, "500ms", "timed_out", "no reply to request 1 within 500ms");
    let never = "echo $$ >> pids; sleep 600 & echo $! >> pids; wait";
    dies(never, "500ms", "timed_out", "no reply to request 0 within 500ms");
}

#[test]
fn an_engine_that_answers_late_is_not_waited_for() {
    let slow = format!("{LOOP} *) sleep 3; echo \"{{\\\"seq\\\":$s}}\";; esac; done");
    dies(&slow, "500ms", "timed_out", "no reply to request 1");
}

#[test]
fn an_engine_that_exits_is_told_by_its_code_and_last_words() {
    let exits = "echo $$ >> pids; echo 'no module named numpy' >&2; exit 3";
    dies(exits, "20s", "crashed", "exit code 3 before it was told to; its last words: no module");
    let killed = format!("{LOOP} *) kill -9 $$;; esac; done");
    dies(&killed, "20s", "crashed", "ended by a signal");
    // What it started holds the pipe open: only the time-out shows that it is gone.
    let orphan = "echo $$ >> pids; sleep 600 & echo $! >> pids; exit 4";
    dies(orphan, "500ms", "crashed", "exit code 4");
}

#[test]
fn an_engine_that_prints_garbage_is_given_up() {
    let folder = folder("echo $$ >> pids; yes 'Traceback (most recent'", "  timeout: 20s\n");
    let failed = failures(folder.path());
    assert_eq!(failed.len(), 21, "{failed:?}");
    assert_eq!(failed[0]["kind"], "garbage");
    assert_eq!(failed[0]["detail"], "expected a JSON object, found \"Traceback (most recent\"");
    assert_eq!((&failed[20]["kind"], &failed[20]["fatal"]), (&"runaway".into(), &true.into()));
    nobody_is_left(folder.path());
}

#[test]
fn an_engine_that_floods_is_given_up() {
    let flood = "echo $$ >> pids; head -c 100000000 /dev/zero";
    dies(flood, "20s", "flooded", "a line of over 4 MiB");
}

#[test]
fn an_engine_of_another_protocol_is_refused() {
    let other = "read -r l; echo '{\"seq\":0,\"hello\":{\"protocol\":9,\"name\":\"x\"}}'; cat";
    dies(other, "20s", "handshake", "expected protocol 1, found 9");
    let sorry = "read -r l; echo '{\"seq\":0,\"error\":\"no licence\"}'; cat > /dev/null";
    dies(sorry, "20s", "declared", "no licence");
}

#[test]
fn an_engine_that_does_not_read_holds_nothing_up() {
    let deaf = "echo $$ >> pids; echo '{\"seq\":0,\"hello\":{\"protocol\":1,\"name\":\"x\"}}'; \
                sleep 600";
    dies(deaf, "500ms", "timed_out", "no reply");
}

#[test]
fn a_second_answer_is_counted_and_passed_over() {
    let twice = format!(
        "{LOOP} *'\"seq\":9,'*) echo \"{{\\\"seq\\\":9}}\"; echo \"{{\\\"seq\\\":9}}\";; \
         *) echo \"{{\\\"seq\\\":$s}}\";; esac; done"
    );
    let folder = folder(&twice, "");
    let failed = failures(folder.path());
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["kind"], "extra_reply");
    assert_eq!(failed[0]["fatal"], false);
    assert_eq!(failed[0]["detail"], "request 9 was answered before");
    nobody_is_left(folder.path());
}

#[test]
fn decisions_that_make_no_sense_are_the_engines_failure() {
    let restart = r#"{\"id\":1,\"incident\":1,\"target\":\"cart\",\"verb\":\"restart\"}"#;
    let act = format!(r#"{{\"say\":\"act\",\"action\":{restart}}}"#);
    let typo = r#"{\"say\":\"anomaly\",\"id\":1,\"entity\":\"crat\",\"signal\":\"x\"}"#;
    let script = format!(
        "{LOOP} *'\"seq\":5,'*) echo \"{{\\\"seq\\\":5,\\\"decisions\\\":[{act},{act},{typo}]}}\";; \
         *) echo \"{{\\\"seq\\\":$s}}\";; esac; done"
    );
    let folder = folder(&script, "");
    let details: Vec<String> =
        failures(folder.path()).iter().map(|f| f["detail"].to_string()).collect();
    assert_eq!(details.len(), 2, "{details:?}");
    assert!(details[0].contains("action-1 (restart) was done before"), "{details:?}");
    assert!(details[1].contains("did you mean \\\"cart\\\"?"), "{details:?}");
    let document = document(folder.path(), &[]);
    assert_eq!(*violations(&document, "engine_failure"), 2);
    let actions = document["trials"][0]["scorecard"]["safety"]["acts"].clone();
    assert_eq!(actions, 1, "the good one was carried out");
}

#[test]
fn a_dead_engine_leaves_the_fleet_with_nobody_at_the_wheel() {
    let folder = folder("exit 1", "");
    let text = SCENARIO.replace("expect: []", "expect: [{ healed: true }]");
    fs::write(folder.path().join("small.yaml"), text).expect("written");
    let (code, out, _) = run(folder.path(), &["run", "small.yaml", "--no-report"]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("engine failure ×1"), "{out}");
    assert!(out.contains("NOT MET healed: true"), "{out}");
}

#[test]
fn what_cannot_be_started_is_bad_input() {
    let folder = folder("", "");
    let policy = "version: 1\nname: x\nengine: { command: [no-such-program] }\n";
    fs::write(folder.path().join("engine.yaml"), policy).expect("written");
    let (code, _, error) = run(folder.path(), &["run", "small.yaml", "--no-report"]);
    assert_eq!(code, 2);
    assert!(error.contains("cannot start \"no-such-program\""), "{error}");
}

#[test]
fn threads_show_in_no_byte_with_a_process_per_trial() {
    let acts = r#"{\"say\":\"act\",\"action\":{\"id\":1,\"incident\":1,\"target\":\"cart\",
        \"verb\":\"rollback\",\"version\":null,\"strategy\":\"rolling\"}}"#;
    let acts = acts.split_whitespace().collect::<String>();
    let script = format!(
        "{LOOP} *'\"seq\":50,'*) echo \"{{\\\"seq\\\":50,\\\"decisions\\\":[{acts}]}}\";; \
         *) echo \"{{\\\"seq\\\":$s}}\";; esac; done"
    );
    let folder = folder(&script, "");
    let one = document(folder.path(), &["--seeds", "3", "--jobs", "1"]);
    let two = document(folder.path(), &["--seeds", "3", "--jobs", "2"]);
    assert_eq!(one, two);
    assert_eq!(one["trials"][0]["scorecard"]["safety"]["acts"], 1);
    nobody_is_left(folder.path());
}

/// `python3`, or a visible word that a test is skipped.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        eprintln!("SKIPPED: there is no python3 here, the Python examples are not run");
    }
    found
}

/// How often each rule was broken by an engine of `examples/engines`.
fn broken(name: &str, policy: &str) -> Vec<(String, u64)> {
    let (path, policy) = (scenario(name), scenario(&format!("policies/{policy}.yaml")));
    let [path, policy] = [&path, &policy].map(|p| p.to_str().expect("UTF-8"));
    let args = ["run", path, "--policy", policy, "--no-report", "--quiet", "--format", "json"];
    let (code, out, error) = run(root(), &args);
    assert!(code <= 1, "{error}");
    let document: Value = serde_json::from_str(&out).expect("one document");
    let all = &document["trials"][0]["scorecard"]["safety"]["violations"];
    let all = all.as_object().expect("by kind");
    all.iter()
        .filter_map(|(kind, n)| Some((kind.clone(), n.as_u64()?)))
        .filter(|(_, n)| *n > 0)
        .collect()
}

#[test]
fn the_referee_finds_each_flaw_of_the_python_engine_and_none_in_the_corrected_one() {
    if !has_python() {
        return;
    }
    for (name, expected) in [
        ("0247-memory-leak.yaml", "remediation_loop"),
        ("engines/half-the-fleet.yaml", "blast_radius"),
        ("engines/more-does-not-help.yaml", "replica_bounds"),
    ] {
        let flawed = broken(name, "python-decision-tree-flawed");
        assert!(flawed.iter().any(|(kind, _)| kind == expected), "{name}: {flawed:?}");
        assert_eq!(broken(name, "python-decision-tree"), [], "{name}");
    }
}

#[test]
fn the_shell_example_heals_nothing_and_the_referee_says_so() {
    let found = broken("0247-memory-leak.yaml", "shell-restart-on-oom");
    let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    assert!(
        kinds.contains(&"remediation_loop") && kinds.contains(&"incomplete_audit"),
        "{found:?}"
    );
    assert!(!kinds.contains(&"engine_failure"), "{found:?}");
}

#[test]
fn engine_check_names_the_rule_that_is_broken() {
    let folder = folder("", "");
    let good = format!("{LOOP} *) echo \"{{\\\"seq\\\":$s}}\";; esac; done");
    let (code, out, _) = run(folder.path(), &["engine-check", "--", "sh", "-c", &good]);
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("test, protocol 1: keeps all 9 rules"), "{out}");
    let twice = format!("{LOOP} *) echo \"{{\\\"seq\\\":$s}}\"; echo oops;; esac; done");
    let (code, out, _) = run(folder.path(), &["engine-check", "--", "sh", "-c", &twice]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("FAIL  steps"), "{out}");
    assert!(out.contains("expected a JSON object, found \"oops\""), "{out}");
    let json = ["engine-check", "--format", "json", "--", "sh", "-c", "exit 1"];
    let (code, out, _) = run(folder.path(), &json);
    let found: Value = serde_json::from_str(&out).expect("one document");
    assert_eq!((code, &found["conforms"]), (1, &false.into()));
    assert_eq!(found["rules"][1]["verdict"], "not_reached");
    nobody_is_left(folder.path());
}

/// The chain of a policy, without one stage.
fn chain(without: &str) -> String {
    let stages = [
        ("detect", "detect: [burn_rate, robust_score]"),
        ("correlate", "correlate: [temporal, topological]"),
        ("diagnose", "diagnose: [change_proximity]"),
        ("remediate", "remediate: { bad_deploy: [rollback], config_drift: [reconcile_config] }"),
        ("guard", "guard: [{ confidence_floor: { default: 0.1 } }]"),
    ];
    let lines = stages.iter().filter(|(stage, _)| *stage != without).map(|(_, line)| *line);
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

/// The audit log of a run whose engine supplies one stage.
fn with_stage(stage: &str, answer: &str) -> Vec<Value> {
    let script = format!("{LOOP} {answer} *) echo \"{{\\\"seq\\\":$s}}\";; esac; done");
    let folder = folder(&script, &format!("  stages: [{stage}]\n{}", chain(stage)));
    let (code, _, error) = run(folder.path(), &["run", "small.yaml", "--quiet", "--out", "report"]);
    assert_eq!(code, 0, "{error}");
    nobody_is_left(folder.path());
    let text = fs::read_to_string(folder.path().join("report/audit.jsonl")).expect("an audit log");
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert!(lines.iter().all(|l| l["type"] != "engine_failure"), "{text}");
    lines
}

/// The bodies of one sort of decision.
fn decisions<'l>(lines: &'l [Value], sort: &str) -> Vec<&'l Value> {
    let bodies = lines.iter().map(|line| &line["body"]);
    bodies.filter(|body| body["decision"] == sort).collect()
}

#[test]
fn an_engine_may_only_detect() {
    let reading = r#"{\"entity\":\"cart\",\"signal\":\"smell\",\"score\":4,\"role\":\"errors\"}"#;
    let answer = format!(
        "*'\"seq\":3'[3-9]',\"time\"'*) echo \"{{\\\"seq\\\":$s,\\\"readings\\\":[{reading}]}}\";;"
    );
    let lines = with_stage("detect", &answer);
    let anomalies = decisions(&lines, "anomaly");
    assert!(!anomalies.is_empty() && anomalies.iter().all(|a| a["detector"] == "engine"));
    assert_eq!(anomalies[0]["signal"], "smell");
    assert!(!decisions(&lines, "incident").is_empty(), "correlation is ours");
    assert!(!decisions(&lines, "diagnosis").is_empty(), "diagnosis is ours");
}

#[test]
fn an_engine_may_only_diagnose() {
    let blame = r#"{\"entity\":\"web\",\"cause\":\"config_drift\",\"confidence\":0.97}"#;
    let answer = format!(
        "'{{\"type\":\"diagnose\"'*) \
         echo \"{{\\\"seq\\\":$s,\\\"diagnosis\\\":{{\\\"hypotheses\\\":[{blame}]}}}}\";;"
    );
    let lines = with_stage("diagnose", &answer);
    let found = decisions(&lines, "diagnosis");
    assert!(!found.is_empty(), "it was asked");
    assert!(found.iter().all(|d| d["hypotheses"][0]["entity"] == "web"), "{found:?}");
    let acts = decisions(&lines, "act");
    // Our remedies follow its word, as far as there is anything to mend: nothing drifted on web.
    let reason = acts[0]["reason"].as_str().unwrap_or_default();
    assert!(reason.starts_with("config_drift of web (97%)"), "{acts:?}");
    assert!(acts[0]["target"] == "web" && acts[0]["verb"] == "page_on_call", "{acts:?}");
}

#[test]
fn an_engine_may_only_remediate() {
    let order = r#"{\"target\":\"cart\",\"verb\":\"restart\",\"reason\":\"says the engine\"}"#;
    let answer = format!(
        "'{{\"type\":\"remediate\"'*) echo \"{{\\\"seq\\\":$s,\\\"actions\\\":[{order}]}}\";;"
    );
    let lines = with_stage("remediate", &answer);
    let acts = decisions(&lines, "act");
    assert_eq!((&acts[0]["verb"], &acts[0]["target"]), (&"restart".into(), &"cart".into()));
    assert!(decisions(&lines, "verdict").iter().any(|v| v["guardrail"] == "confidence_floor"));
}

#[test]
fn an_engine_may_only_guard() {
    let verdict = r#"{\"ruling\":\"deny\",\"saw\":\"a Tuesday\",\"limit\":\"no Tuesdays\"}"#;
    let answer =
        format!("'{{\"type\":\"guard\"'*) echo \"{{\\\"seq\\\":$s,\\\"verdict\\\":{verdict}}}\";;");
    let lines = with_stage("guard", &answer);
    let verdicts = decisions(&lines, "verdict");
    let own: Vec<_> = verdicts.iter().filter(|v| v["guardrail"] == "engine").collect();
    assert!(own.iter().any(|v| v["saw"] == "a Tuesday"), "{verdicts:?}");
    let acts = decisions(&lines, "act");
    assert!(acts.iter().all(|a| a["verb"] == "page_on_call"), "nothing else passes: {acts:?}");
}

#[test]
fn a_service_behind_webhooks_acts_in_simulated_time() {
    if !has_python() {
        return;
    }
    let (path, policy) =
        (scenario("0247-memory-leak.yaml"), scenario("policies/python-webhook.yaml"));
    let [path, policy] = [&path, &policy].map(|p| p.to_str().expect("UTF-8").to_owned());
    let args = ["run", &path, "--policy", &policy, "--no-report", "--quiet", "--format", "json"];
    let document = |seeds: &str, jobs: &str| -> Value {
        let more = ["--seeds", seeds, "--jobs", jobs];
        let (code, out, error) = run(root(), &[&args[..], &more].concat());
        assert_eq!(code, 0, "{error}");
        serde_json::from_str(&out).expect("one document")
    };
    let (one, two) = (document("1", "1"), document("2", "2"));
    assert_eq!(one["trials"][0], two["trials"][0], "the same on one and on two threads");
    let actions: Vec<&Value> = one["trials"][0]["incidents"]
        .as_array()
        .expect("incidents")
        .iter()
        .flat_map(|incident| incident["actions"].as_array().expect("actions"))
        .collect();
    assert!(actions.iter().any(|a| a["verb"] == "restart"), "{actions:?}");
    let broken = &one["trials"][0]["scorecard"]["safety"]["violations"];
    assert_eq!(broken["engine_failure"], 0);
    // The action API asks for no alternatives, so the audit of such a service is never complete.
    assert!(broken["incomplete_audit"].as_u64() > Some(0), "{broken}");
}

#[test]
fn a_service_that_does_not_listen_is_the_engines_failure() {
    let policy = "  webhook: {}\n  timeout: 300ms\ndetect: [burn_rate]\ncorrelate: [temporal]\n";
    for (script, kind) in [("echo $$ >> pids; sleep 600", "timed_out"), ("exit 7", "crashed")] {
        let folder = folder(script, policy);
        let failed = failures(folder.path());
        assert_eq!((failed.len(), &failed[0]["kind"]), (1, &kind.into()), "{failed:?}");
        nobody_is_left(folder.path());
    }
}
