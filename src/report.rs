//! What a person reads: terminal, HTML, plots, JSON, Parquet.
//!
//! In: one trial told as a `Story`, or a run's document. Out: files in a directory that the caller
//! has made, and makes visible only when all are there. Every renderer reads the same `Story`, so
//! that all say the same. Known limit: English only, times in UTC.

pub mod audit;
pub mod catalog;
#[cfg(test)]
mod fixture;
pub mod format;
pub mod html;
pub mod json;
pub mod plots;
pub mod scores;
pub mod story;
pub mod summary;
pub mod terminal;
pub mod tune;
pub mod twins;

use std::path::{Path, PathBuf};

pub use catalog::Material;
pub use tune::{calibration_text, tune_markdown, tune_text, write_tune};

use serde::Serialize;

use self::story::{Story, Told};
use self::summary::Summary;
use crate::trial::Trial;

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A picture cannot be drawn.
    #[error("cannot draw {}: {problem}", path.display())]
    Draw {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// A result has no JSON form: an internal error.
    #[error("cannot serialise the result: {0}")]
    Serialise(#[from] serde_json::Error),
}

impl ReportError {
    fn write(path: &Path, source: std::io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }
}

/// Tells the story of a finished trial; `document` gives the provenance.
///
/// # Errors
/// If the scorecard or the document has no JSON form: an internal error.
pub fn story_of(trial: &Trial, document: &impl Serialize) -> Result<Story, ReportError> {
    Ok(Story::tell(&Told::of(trial, &serde_json::to_value(document)?)?))
}

/// Writes every kind of report of one trial into `dir` and names the files.
///
/// # Errors
/// If a file cannot be written; `dir` may then hold some of them.
pub fn write_reports(
    dir: &Path,
    trial: &Trial,
    document: &impl Serialize,
) -> Result<Vec<PathBuf>, ReportError> {
    let document = serde_json::to_value(document)?;
    let story = Story::tell(&Told::of(trial, &document)?);
    let material = Material { story: &story, trial, document: &document };
    make(dir)?;
    let mut files = Vec::new();
    for entry in catalog::ALL {
        files.extend((entry.build)(&material, dir)?);
    }
    files.sort();
    Ok(files)
}

/// Writes the report over all cases of a run into `dir`: index page, pictures, text and JSON.
///
/// # Errors
/// If a file cannot be written; `dir` may then hold some of them.
pub fn write_dataset(dir: &Path, document: &impl Serialize) -> Result<Vec<PathBuf>, ReportError> {
    let document = serde_json::to_value(document)?;
    make(dir)?;
    let summary = Summary::read(&document);
    let mut files = plots::dataset(dir, &summary)?;
    for (name, text) in [
        ("index.html", html::index(&summary)),
        ("report.txt", terminal::dataset(&summary)),
        ("result.json", json::pretty(&document)?),
    ] {
        let path = dir.join(name);
        write_text(&path, &text)?;
        files.push(path);
    }
    files.sort();
    Ok(files)
}

fn make(dir: &Path) -> Result<(), ReportError> {
    std::fs::create_dir_all(dir).map_err(|source| ReportError::write(dir, source))
}

fn write_text(path: &Path, text: &str) -> Result<(), ReportError> {
    std::fs::write(path, text).map_err(|source| ReportError::write(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_and_a_dataset_write_all_their_files() {
        let dir = tempfile::tempdir().unwrap();
        let (trial, document) = (fixture::leak().trial(), fixture::document());
        let files = write_reports(&dir.path().join("a"), &trial, &document).unwrap();
        let names: Vec<_> = files.iter().filter_map(|f| f.file_name()?.to_str()).collect();
        assert_eq!(
            names,
            [
                "audit.jsonl",
                "report.html",
                "report.txt",
                "result.json",
                "stages.png",
                "stages.svg",
                "story.png",
                "story.svg"
            ]
        );
        assert_eq!(write_dataset(&dir.path().join("b"), &document).unwrap().len(), 7);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("taken");
        std::fs::write(&file, "x").unwrap();
        let error = write_dataset(&file.join("a"), &fixture::document()).unwrap_err();
        assert!(error.to_string().starts_with("cannot write"), "{error}");
    }
}
