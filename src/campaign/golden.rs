//! Goldens: what a trial came to, kept in a file beside its scenario or in a folder of its own.
//!
//! In: a trial. Out: a normalised journal and scorecard as JSON lines (`file.rs`), and the
//! difference to the kept one as cause and consequence (`diff.rs`). `--bless` accepts what is new.

mod diff;
mod file;
mod normal;

use std::path::{Path, PathBuf};

use super::suite::{GoldenOutcome, Test};
use crate::trial::Trial;

pub use diff::{Difference, differ};
pub use file::GoldenError;
pub use normal::{Golden, Line};

/// What to do with goldens.
#[derive(Debug, Clone, Copy)]
pub struct Mode<'a> {
    /// Whether they are compared at all.
    pub compare: bool,
    /// Whether what is new is accepted.
    pub bless: bool,
    /// Where new ones are kept, and looked for if none stands beside the scenario.
    pub folder: &'a Path,
}

/// The end of a golden's name.
const SUFFIX: &str = ".golden.jsonl";

/// The golden of a scenario, if there is one: beside it, else in the folder.
#[must_use]
pub fn existing(scenario: &Path, name: &str, folder: &Path) -> Option<PathBuf> {
    let candidates = [beside(scenario), folder.join(format!("{name}{SUFFIX}"))];
    candidates.into_iter().find(|path| path.is_file())
}

fn beside(scenario: &Path) -> PathBuf {
    let stem = scenario.file_stem().unwrap_or_default().to_os_string();
    let mut name = stem;
    name.push(SUFFIX);
    scenario.with_file_name(name)
}

/// Compares a trial with its golden, or accepts it.
#[must_use]
pub fn check(test: &Test, trial: &Trial, mode: &Mode<'_>) -> Option<GoldenOutcome> {
    if !mode.compare {
        return None;
    }
    let new = Golden::of(trial);
    let name = &test.checked.file.name;
    let path = test.golden.clone();
    if mode.bless {
        let path = path.unwrap_or_else(|| mode.folder.join(format!("{name}{SUFFIX}")));
        return Some(bless(&path, &new));
    }
    let path = path?;
    let file = path.display().to_string();
    let problem = |error: String| GoldenOutcome {
        file: file.clone(),
        blessed: false,
        summary: Some(error.clone()),
        differences: vec![error],
    };
    Some(match file::read(&path) {
        Err(error) => problem(error.to_string()),
        Ok(old) => {
            let found = differ(&old, &new);
            let summary = (!found.lines.is_empty()).then(|| found.summary.clone());
            GoldenOutcome { file: file.clone(), blessed: false, summary, differences: found.lines }
        }
    })
}

fn bless(path: &Path, new: &Golden) -> GoldenOutcome {
    let file = path.display().to_string();
    let same = file::read(path).is_ok_and(|old| old == *new);
    if same {
        return GoldenOutcome { file, blessed: false, summary: None, differences: Vec::new() };
    }
    match file::write(path, new) {
        Ok(()) => GoldenOutcome { file, blessed: true, summary: None, differences: Vec::new() },
        Err(error) => GoldenOutcome {
            file,
            blessed: false,
            summary: Some(error.to_string()),
            differences: vec![error.to_string()],
        },
    }
}
