//! A dataset on disk: what it says of itself and the names of its cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::dataset_writer::DATASET_FILE;
use super::meta::{CaseInfo, DatasetFile, DatasetMeta};
use super::schema::FORMAT_VERSION;
use super::{TimelineError, check, yaml};
use crate::unit::SimDuration;

/// A dataset on disk.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// What it says of itself.
    pub meta: DatasetMeta,
    path: PathBuf,
    infos: BTreeMap<String, CaseInfo>,
    cases: Vec<String>,
}

impl Dataset {
    /// Opens a dataset.
    ///
    /// # Errors
    /// All problems of `dataset.yaml` and of the folder's layout, sorted.
    pub fn open(path: &Path) -> Result<Self, Vec<TimelineError>> {
        let file_path = path.join(DATASET_FILE);
        if !Self::is_at(path) && path.join("..").join(DATASET_FILE).is_file() {
            let problem = "is a case, expected its dataset: run the folder above with --case";
            return Err(vec![TimelineError::file(path, problem)]);
        }
        let file: DatasetFile = yaml::read(&file_path).map_err(|e| vec![e])?;
        let mut problems = Vec::new();
        let mut complain =
            |problem: String| problems.push(TimelineError::file(&file_path, problem));
        let DatasetMeta { format_version, interval, .. } = file.dataset;
        if format_version != FORMAT_VERSION {
            complain(format!("format version {format_version}, expected {FORMAT_VERSION}"));
        }
        if interval <= SimDuration::ZERO {
            complain(format!("interval {interval}, expected more than 0s"));
        }
        let folders = folders(path).map_err(|e| vec![e])?;
        for name in file.cases.keys().filter(|name| !folders.contains(*name)) {
            complain(format!("case {name:?} is listed, but its folder is missing"));
        }
        if folders.is_empty() {
            complain("empty dataset: not one case's folder".to_owned());
        }
        if !problems.is_empty() {
            problems.sort();
            return Err(problems);
        }
        let cases = folders.into_iter().collect();
        Ok(Self { meta: file.dataset, path: path.to_owned(), infos: file.cases, cases })
    }

    /// Whether a folder is meant to be a dataset.
    #[must_use]
    pub fn is_at(path: &Path) -> bool {
        path.join(DATASET_FILE).is_file()
    }

    /// Names of the cases, sorted.
    #[must_use]
    pub fn cases(&self) -> &[String] {
        &self.cases
    }

    /// The folder of a case.
    #[must_use]
    pub fn case_path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What the dataset says of a case, if anything.
    #[must_use]
    pub fn case_info(&self, name: &str) -> Option<&CaseInfo> {
        self.infos.get(name)
    }

    /// Everything that is wrong with a dataset, sorted; warnings among them (see `severity`).
    /// Reads all rows of all cases.
    #[must_use]
    pub fn check(path: &Path) -> Vec<TimelineError> {
        check::check(path)
    }
}

fn folders(path: &Path) -> Result<BTreeSet<String>, TimelineError> {
    let fail = |e: std::io::Error| TimelineError::file(path, e);
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(path).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            names.insert(name);
        }
    }
    Ok(names)
}
