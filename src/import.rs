//! Foreign recordings -> timelines, one file per format.
//!
//! Owns the contract of an importer (`Request` -> `Summary`) and `Gathered`, a case in memory that
//! is put in order and written. A row that cannot be used is counted and said, never guessed at.
//! Labels go into the truth of a case and nowhere else. Times in nanoseconds UTC.
//! Known limit: one case at a time is held in memory while it is put in order.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::catalog::{KindError, Spec};
use crate::timeline::{CaseCounts, DatasetMeta, DatasetWriter, TimelineError};

pub mod catalog;
mod clock;
mod csv;
mod draft;
mod files;
mod flaw;
mod gathered;
mod labelled;
mod nab;
mod nezha;
mod otlp;
mod parallel;
mod petshop;
mod prometheus;
mod rcaeval;
mod store;
mod table;
mod tally;

pub use flaw::Flaw;
pub use gathered::Gathered;
pub use labelled::{LabelledSeries, read_labelled};
pub use parallel::write_cases;

/// Called after each case with (done, total, name of the case).
pub type Progress<'a> = dyn FnMut(usize, usize, &str) + Send + 'a;

/// What is to be imported.
pub struct Request<'a> {
    /// The foreign recording: a file or a folder, as the format says.
    pub source: &'a Path,
    /// Where the dataset will stand.
    pub target: &'a Path,
    /// The kind's own parameters.
    pub params: &'a Map<String, Value>,
    /// Whether a dataset that stands there already may be replaced.
    pub overwrite: bool,
    /// Told of each case that is done.
    pub progress: &'a mut Progress<'a>,
}

/// How a kind imports.
pub type Build = fn(&mut Request<'_>) -> Result<Summary, ImportError>;

/// What was imported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases written.
    pub cases: usize,
    /// Samples written.
    pub samples: u64,
    /// Log records written.
    pub logs: u64,
    /// Spans written.
    pub spans: u64,
    /// Events written.
    pub events: u64,
    /// What was left out or assumed, and how often.
    pub skipped: Vec<String>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file of the recording cannot be used.
    #[error("{path}{}: found {found}, expected {expected}", at(*line))]
    Source {
        /// The file.
        path: PathBuf,
        /// Line, from 1, where it has one.
        line: Option<u64>,
        /// What was found there.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A file cannot be used, in words that need more room.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// No such importer, or its parameters are wrong.
    #[error(transparent)]
    Kind(#[from] KindError),
    /// The dataset cannot be written.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
}

fn at(line: Option<u64>) -> String {
    line.map(|line| format!(":{line}")).unwrap_or_default()
}

impl ImportError {
    /// A complaint about a whole file.
    pub fn file(path: &Path, found: impl std::fmt::Display, expected: &str) -> Self {
        Self::Source {
            path: path.to_owned(),
            line: None,
            found: found.to_string(),
            expected: expected.to_owned(),
        }
    }

    /// A complaint about one line, counted from 1.
    pub fn line(path: &Path, line: u64, found: impl std::fmt::Display, expected: &str) -> Self {
        Self::Source {
            path: path.to_owned(),
            line: Some(line),
            found: found.to_string(),
            expected: expected.to_owned(),
        }
    }
}

impl Request<'_> {
    /// The parameters as the kind's own type.
    ///
    /// # Errors
    /// If one is unknown or wrong.
    pub fn config<C: serde::de::DeserializeOwned>(&self, kind: &str) -> Result<C, KindError> {
        Spec { kind: kind.to_owned(), params: self.params.clone() }.read()
    }

    /// Begins the dataset.
    ///
    /// # Errors
    /// If the target cannot be written, or holds something that may not be replaced.
    pub fn dataset(&self, meta: DatasetMeta) -> Result<DatasetWriter, TimelineError> {
        if self.overwrite {
            DatasetWriter::replace(self.target, meta)
        } else {
            DatasetWriter::create(self.target, meta)
        }
    }
}

impl Summary {
    /// Counts one more case in.
    pub fn add(&mut self, counts: CaseCounts) {
        self.cases += 1;
        self.samples += counts.samples;
        self.logs += counts.logs;
        self.spans += counts.spans;
        self.events += counts.events;
    }

    /// Says that something was left out `count` times; nothing is said of 0.
    pub fn skip(&mut self, count: u64, what: &str) {
        if count > 0 {
            self.skipped.push(format!("{count} {what}"));
        }
    }
}

/// Imports a recording of the given kind.
///
/// # Errors
/// If there is no such kind, its parameters are wrong, the source cannot be used or the target
/// cannot be written. Nothing is left behind then.
pub fn import(kind: &str, request: &mut Request<'_>) -> Result<Summary, ImportError> {
    let entry = crate::catalog::find("import format", catalog::ALL, kind)?;
    (entry.build)(request)
}

#[cfg(test)]
mod shared_tests;
