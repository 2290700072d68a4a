//! A test run as JUnit XML, the form that Jenkins, GitLab and GitHub's test reporters read.
//!
//! One `testsuite` for the run, one `testcase` a scenario: failures with the text of the terminal,
//! errors for what broke, skipped for what was not run. Seed, digest and policy changes are
//! properties. Control characters that XML cannot hold are left out by the writer.
//! Source: the XSD of the Jenkins xUnit plug-in, which quick-junit follows.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

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
    report.to_string().expect("plain text serialises")
}

fn case(told: &Told) -> TestCase {
    let outcome = &told.outcome;
    let (folder, name) = outcome.id.rsplit_once('/').unwrap_or(("", &outcome.id));
    let mut case = TestCase::new(name.to_owned(), status(told));
    let class = if folder.is_empty() { "scenarios".to_owned() } else { folder.replace('/', ".") };
    case.set_classname(class);
    let mut property = |name: &str, value: &str| {
        case.properties.push(Property::new(name.to_owned(), value.to_owned()));
    };
    property("file", &outcome.path.to_string_lossy());
    property("seed", &outcome.seed.to_string());
    property("trials", &outcome.trials.to_string());
    if let Some(digest) = &outcome.digest {
        property("digest", digest);
    }
    outcome.policy_changes.iter().for_each(|change| property("policy", change));
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
