//! The four forms of one run, as people and machines read them.

use std::path::PathBuf;

use super::*;
use crate::campaign::Judged;
use crate::campaign::suite::{Blame, GoldenOutcome};
use crate::report::terminal::Colour;
use crate::unit::{SimDuration, SimTime};

fn told(id: &str, status: Status) -> Told {
    let failed = !matches!(status, Status::Passed | Status::NotRun);
    let judged = |met| Judged {
        expectation: "mttr <= 5m".to_owned(),
        met,
        saw: "users not served <again> | %".to_owned(),
    };
    Told {
        outcome: Outcome {
            id: id.to_owned(),
            path: PathBuf::from(format!("{id}.yaml")),
            name: "leak".to_owned(),
            seed: 7,
            status,
            digest: Some("abc".to_owned()),
            trials: 1,
            simulated: SimDuration::from_secs(60),
            expectations: vec![judged(!failed)],
            golden: failed.then(|| GoldenOutcome {
                file: "leak.golden.jsonl".to_owned(),
                blessed: false,
                summary: Some("no recovery any more because act `restart` is new".to_owned()),
                differences: vec!["- 00:00:05 act rollback web".to_owned()],
            }),
            blame: failed.then(|| Blame {
                stage: "guard".to_owned(),
                what: "rollback of web was held back".to_owned(),
                at: Some(SimTime::from_secs(5)),
            }),
            policy_changes: if failed {
                vec!["guard: cooldown removed".to_owned()]
            } else {
                vec![]
            },
            problems: Vec::new(),
            trial: None,
        },
        headline: Some("not healed".to_owned()),
        story: if failed { vec!["00:00:01  fault      bad deploy".to_owned()] } else { vec![] },
        again: format!("windtunnel run {id}.yaml --seed 7"),
        report: failed.then(|| "reports/test/leak/report.html".to_owned()),
    }
}

#[test]
fn a_failure_on_the_terminal_says_what_where_and_how_again() {
    insta::assert_snapshot!(line(&told("scenarios/leak", Status::Failed), false, Colour::Never));
    let passed = told("scenarios/leak", Status::Passed);
    assert_eq!(line(&passed, false, Colour::Never), "PASS    scenarios/leak: not healed\n");
}

#[test]
fn junit_has_failures_errors_and_skipped_cases() {
    let all = [
        told("a/leak", Status::Failed),
        told("a/crash", Status::Broken),
        told("a/fine", Status::Passed),
        told("late", Status::NotRun),
    ];
    let xml = junit(&all);
    let tests = "tests=\"4\" skipped=\"1\" errors=\"1\" failures=\"1\"";
    assert!(xml.contains(tests), "{xml}");
    assert!(xml.contains("classname=\"a\"") && xml.contains("&lt;again"), "{xml}");
    assert_eq!(xml, junit(&all), "no time of day");
}

#[test]
fn annotations_are_one_line_each_and_escaped() {
    let text = annotations(&[told("a,b", Status::Failed), told("fine", Status::Passed)]);
    assert_eq!(text.lines().count(), 1);
    assert!(text.starts_with("::error file=a%2Cb.yaml,line=1,title=leak%3A expected"), "{text}");
    assert!(text.contains("%25%0A"), "{text}");
}

#[test]
fn markdown_folds_failures_and_nothing_breaks_its_table() {
    let text = markdown(&[told("scenarios/leak", Status::Failed), told("b", Status::Passed)]);
    insta::assert_snapshot!(text);
}
