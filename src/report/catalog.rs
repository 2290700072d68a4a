//! The kinds of report, in alphabetical order. One file each.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::story::Story;
use super::{ReportError, audit, html, json, plots, terminal};
use crate::catalog::Entry;
use crate::trial::Trial;

/// What a report of one trial is made of.
#[derive(Debug)]
pub struct Material<'a> {
    /// What happened.
    pub story: &'a Story,
    /// The trial itself.
    pub trial: &'a Trial,
    /// The run's document in its stable JSON form.
    pub document: &'a Value,
}

/// Writes one kind of report into a directory and names its files.
pub type Build = fn(&Material<'_>, &Path) -> Result<Vec<PathBuf>, ReportError>;

/// All kinds.
pub const ALL: &[Entry<Build>] =
    &[audit::ENTRY, html::ENTRY, json::ENTRY, plots::ENTRY, terminal::ENTRY];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn kinds_are_sorted_and_each_writes_what_it_names() {
        assert!(ALL.is_sorted_by(|a, b| a.kind < b.kind));
        let fixture = fixture::leak();
        let (story, trial, document) = (fixture.story(), fixture.trial(), fixture::document());
        let material = Material { story: &story, trial: &trial, document: &document };
        for entry in ALL {
            let dir = tempfile::tempdir().unwrap();
            let files = (entry.build)(&material, dir.path()).unwrap();
            let written = std::fs::read_dir(dir.path()).unwrap().count();
            assert!(!files.is_empty() && files.len() == written, "{}", entry.kind);
            assert!(files.iter().all(|f| f.exists()), "{}", entry.kind);
        }
    }
}
