//! A test run as JUnit XML, the form that Jenkins, GitLab and GitHub's test reporters read.
//!
//! One `testsuite` for the run, one `testcase` a scenario: failures with the text of the terminal,
//! errors for what broke, skipped for what was not run. File, seed, digest and policy changes
//! stand in `system-out`. Control characters that XML cannot hold are left out by the writer.
//! Source: `junit-10.xsd` of the Jenkins xUnit plug-in; it knows no `skipped` of all suites and no
//! properties of a case, so there are none.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Told, rows};
use crate::campaign::suite::Status;

/// The report, ready to be written.
#[must_use]
pub fn junit(all: &[Told]) -> String {
    let mut report = Report::new("windtunnel");
    let mut suite = TestSuite::new("windtunnel test");
    for told in all {
        suite.add_test_case(case(told));
    }
    report.add_test_suite(suite);
    let text = report.to_string().expect("plain text serialises");
    without_total(&text)
}

/// Without the number of skipped tests of all suites, which the schema has for each suite only.
fn without_total(text: &str) -> String {
    const OPEN: &str = "<testsuites ";
    let Some(at) = text.find(OPEN) else { return text.to_owned() };
    let end = text[at..].find('>').map_or(text.len(), |end| at + end);
    let tag: Vec<&str> =
        text[at..end].split(' ').filter(|part| !part.starts_with("skipped=")).collect();
    format!("{}{}{}", &text[..at], tag.join(" "), &text[end..])
}

fn case(told: &Told) -> TestCase {
    let outcome = &told.outcome;
    let (folder, name) = outcome.id.rsplit_once('/').unwrap_or(("", &outcome.id));
    let mut case = TestCase::new(name.to_owned(), status(told));
    let class = if folder.is_empty() { "scenarios".to_owned() } else { folder.replace('/', ".") };
    case.set_classname(class);
    let mut about = vec![
        format!("file: {}", outcome.path.to_string_lossy()),
        format!("seed: {}", outcome.seed),
        format!("trials: {}", outcome.trials),
    ];
    about.extend(outcome.digest.iter().map(|digest| format!("digest: {digest}")));
    about.extend(outcome.policy_changes.iter().map(|change| format!("policy: {change}")));
    case.set_system_out(about.join("\n"));
    case
}

fn status(told: &Told) -> TestCaseStatus {
    let kind = match told.outcome.status {
        Status::Passed => return TestCaseStatus::success(),
        Status::NotRun => return TestCaseStatus::skipped(),
        Status::Failed | Status::TimedOut => NonSuccessKind::Failure,
        Status::Unusable | Status::Broken => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(type_of(told.outcome.status));
    status.set_message(first_line(told));
    status.set_description(body(told));
    status
}

const fn type_of(status: Status) -> &'static str {
    match status {
        Status::TimedOut => "timeout",
        Status::Unusable => "bad input",
        Status::Broken => "broken invariant",
        _ => "expectation",
    }
}

/// Why it failed, in one line.
#[must_use]
pub(super) fn first_line(told: &Told) -> String {
    let outcome = &told.outcome;
    let golden = || outcome.golden.as_ref().and_then(|golden| golden.summary.clone());
    let judged = outcome.failures().next();
    judged
        .map(|judged| format!("expected {}, saw {}", judged.expectation, judged.saw))
        .or_else(|| outcome.problems.first().cloned())
        .or_else(golden)
        .unwrap_or_else(|| "failed".to_owned())
}

/// Everything told of it, as plain text.
#[must_use]
pub(super) fn body(told: &Told) -> String {
    let mut text = String::new();
    for (label, lines) in rows(told) {
        text += &format!("{label}: {}\n", lines.join("\n  "));
    }
    text
}
