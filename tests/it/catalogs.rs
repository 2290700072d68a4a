//! `list`, `explain`, `completions` and `--help` for everything there is.

use super::{root, run};

#[test]
fn every_kind_that_is_listed_is_explained() {
    let (code, text, _) = run(root(), &["list"]);
    assert_eq!(code, 0);
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(names.len() > 40, "{text}");
    // One process a kind would be slow: a sample of each sort.
    for name in ["bad_deploy", "robust_score", "temporal", "baro", "rollback", "cooldown", "csv"] {
        assert!(names.contains(&name), "{name}");
        let (code, page, error) = run(root(), &["explain", name]);
        assert_eq!(code, 0, "{error}");
        assert!(page.contains("Source: ") && page.contains("Example:"), "{page}");
    }
}

#[test]
fn one_sort_can_be_listed_in_singular_and_plural() {
    let (_, one, _) = run(root(), &["list", "guardrail"]);
    let (_, many, _) = run(root(), &["list", "guardrails"]);
    assert_eq!(one, many);
    assert!(one.lines().all(|line| line.trim_start().starts_with("guardrail")), "{one}");
}

#[test]
fn help_states_the_exit_codes_and_completions_know_the_verbs() {
    let (code, help, _) = run(root(), &["--help"]);
    assert_eq!(code, 0);
    assert!(help.contains("Exit codes:\n    0  done\n    1  an expectation"), "{help}");
    let (_, bash, _) = run(root(), &["completions", "bash"]);
    assert!(bash.contains("explain") && bash.contains("--alarm-shift"));
}
