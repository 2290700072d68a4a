//! A test run as workflow commands of GitHub Actions: an annotation on each failing scenario.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions": properties and messages
//! are escaped, so that one failure is one command.

use super::{Told, junit};
use crate::campaign::suite::Status;

/// One command a failure.
#[must_use]
pub fn annotations(all: &[Told]) -> String {
    let failed = |told: &&Told| !matches!(told.outcome.status, Status::Passed | Status::NotRun);
    all.iter().filter(failed).map(annotation).collect()
}

fn annotation(told: &Told) -> String {
    let file = property(&told.outcome.path.to_string_lossy());
    let title = property(&format!("{}: {}", told.outcome.name, junit::first_line(told)));
    format!("::error file={file},line=1,title={title}::{}\n", data(&junit::body(told)))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
