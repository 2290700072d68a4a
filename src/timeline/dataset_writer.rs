//! Writes a dataset: beside its target first, in place only when it is whole.
//!
//! Everything goes into `.NAME.partial-N` next to the target and is renamed at `finish`; a
//! writer that is dropped before removes it. A folder that is not a dataset is never replaced.
//! Known limit: a process that is killed leaves its partial folder, which nothing reads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::meta::{CaseInfo, DatasetFile, DatasetMeta};
use super::{CaseWriter, TimelineError, yaml};
use crate::model::{SeriesCatalog, Topology};

/// Cases that are written in full, by name.
pub(super) type Finished = BTreeMap<String, CaseInfo>;

/// Name of the file that makes a folder a dataset.
pub(super) const DATASET_FILE: &str = "dataset.yaml";

/// Writes a dataset.
pub struct DatasetWriter {
    target: PathBuf,
    partial: PathBuf,
    meta: DatasetMeta,
    replace: bool,
    finished: Arc<Mutex<Finished>>,
}

impl DatasetWriter {
    /// Begins a dataset at a path where there is nothing yet, or an empty folder.
    ///
    /// # Errors
    /// If there is something already, or the place cannot be written to.
    pub fn create(target: &Path, meta: DatasetMeta) -> Result<Self, TimelineError> {
        Self::begin(target, meta, false)
    }

    /// The same, but a windtunnel dataset that is there already will be replaced at `finish`.
    ///
    /// # Errors
    /// If something else is there already, or the place cannot be written to.
    pub fn replace(target: &Path, meta: DatasetMeta) -> Result<Self, TimelineError> {
        Self::begin(target, meta, true)
    }

    fn begin(target: &Path, meta: DatasetMeta, replace: bool) -> Result<Self, TimelineError> {
        check_target(target, replace)?;
        let name = target.file_name().and_then(|n| n.to_str()).ok_or_else(|| {
            TimelineError::file(target, "expected a path that ends in a folder's name")
        })?;
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let cannot = |e| TimelineError::file(target, format!("cannot be written here: {e}"));
        std::fs::create_dir_all(parent).map_err(cannot)?;
        let partial = make_partial(parent, name).map_err(cannot)?;
        let finished = Arc::default();
        Ok(Self { target: target.to_owned(), partial, meta, replace, finished })
    }

    /// Begins a case. Cases may be written at the same time, in any order.
    ///
    /// # Errors
    /// If the name is taken or no folder's name, or the folder cannot be made.
    pub fn case(
        &self,
        name: &str,
        map: &Topology,
        series: &SeriesCatalog,
    ) -> Result<CaseWriter, TimelineError> {
        let folder = self.partial.join(name);
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            let problem = format!("{name:?} cannot be a case's name: it must be a folder's name");
            return Err(TimelineError::file(&self.target, problem));
        }
        if folder.exists() {
            return Err(TimelineError::file(&self.target, format!("duplicate case {name:?}")));
        }
        CaseWriter::create(&folder, name, map, series, Arc::clone(&self.finished))
    }

    /// Adds a note on the whole dataset.
    pub fn note(&mut self, note: impl Into<String>) {
        self.meta.notes.push(note.into());
    }

    /// Ends the dataset and puts it in place.
    ///
    /// # Errors
    /// If it has no finished case, or cannot be put in place.
    pub fn finish(self) -> Result<(), TimelineError> {
        let cases = std::mem::take(&mut *lock(&self.finished));
        if cases.is_empty() {
            return Err(TimelineError::file(&self.target, "empty dataset: not one case"));
        }
        let file = DatasetFile { dataset: self.meta.clone(), cases };
        yaml::write(&self.partial.join(DATASET_FILE), &file)?;
        check_target(&self.target, self.replace)?;
        let failed = |e| TimelineError::file(&self.target, format!("cannot be put in place: {e}"));
        if self.target.exists() {
            std::fs::remove_dir_all(&self.target).map_err(failed)?;
        }
        std::fs::rename(&self.partial, &self.target).map_err(failed)
    }
}

impl Drop for DatasetWriter {
    /// Removes whatever was not put in place.
    fn drop(&mut self) {
        if self.partial.exists() {
            let _ = std::fs::remove_dir_all(&self.partial);
        }
    }
}

/// A folder beside the target that nobody else writes to.
fn make_partial(parent: &Path, name: &str) -> std::io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let partial = parent.join(format!(".{name}.partial-{number}"));
        match std::fs::create_dir(&partial) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && number < 1000 => number += 1,
            made => return made.map(|()| partial),
        }
    }
}

fn check_target(target: &Path, replace: bool) -> Result<(), TimelineError> {
    let refuse = |problem: &str| Err(TimelineError::file(target, problem));
    match std::fs::read_dir(target).map(Iterator::count) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(e) => refuse(&format!("cannot be written to: {e}")),
        Ok(0) => Ok(()),
        Ok(_) if !target.join(DATASET_FILE).is_file() => {
            refuse("is not empty and no windtunnel dataset, expected a new folder")
        }
        Ok(_) if !replace => refuse("holds a dataset already, expected a new folder"),
        Ok(_) => Ok(()),
    }
}

/// The lock holds plain data: a panic elsewhere leaves it whole.
pub(super) fn lock(finished: &Mutex<Finished>) -> MutexGuard<'_, Finished> {
    finished.lock().unwrap_or_else(PoisonError::into_inner)
}
