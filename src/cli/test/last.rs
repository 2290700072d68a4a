//! Which tests did not pass last time, for `--rerun-failed`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::failure::Failure;
use crate::campaign::suite::Outcome;

/// What is kept of a run.
#[derive(Serialize, Deserialize)]
struct Last {
    /// Ids of the tests that did not pass, those not run among them.
    failed: BTreeSet<String>,
}

pub(super) fn path(out: &Path) -> PathBuf {
    out.join("last.json")
}

/// The tests that did not pass last time.
pub(super) fn read(out: &Path) -> Result<BTreeSet<String>, Failure> {
    let path = path(out);
    let file = path.display();
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Failure::usage(format!("no last run is known: {file}: {error}")))?;
    let last: Last = serde_json::from_str(&text)
        .map_err(|error| Failure::usage(format!("{file}: not a last run of mine: {error}")))?;
    Ok(last.failed)
}

/// The text to keep of a run.
pub(super) fn text<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> String {
    let failed = outcomes.filter(|outcome| !outcome.passed());
    let last = Last { failed: failed.map(|outcome| outcome.id.clone()).collect() };
    let mut text = serde_json::to_string_pretty(&last).expect("plain data serialises");
    text.push('\n');
    text
}
