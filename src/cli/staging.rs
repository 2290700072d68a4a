//! A directory that is either complete or not there.
//!
//! Files are written into a hidden sibling, which is renamed when it is complete. Whatever is
//! still partial is removed when writing fails and on Ctrl-C.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::exit_code;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::campaign::whole_file;

/// The file by which a report directory is known again.
pub(super) const MARKER: &str = "result.json";

/// Directories that are not complete yet.
static PARTIAL: Mutex<Partial> = Mutex::new(Partial { ours: BTreeSet::new(), watched: None });

/// What must not be left behind.
#[derive(Debug)]
struct Partial {
    ours: BTreeSet<PathBuf>,
    watched: Option<Siblings>,
}

/// A directory in the making.
#[derive(Debug)]
pub(super) struct Staging {
    partial: PathBuf,
    target: PathBuf,
}

/// From now on Ctrl-C removes what is partial and ends the process.
pub(super) fn remove_partial_on_interrupt(terminal: Terminal) {
    // An error says that a handler is there already, as in tests: nothing to do.
    let _ = ctrlc::set_handler(move || {
        // An engine in a process group of its own is not reached by the terminal's signal.
        crate::controllers::end_all();
        // The locks are held to the end, so that nothing is renamed or begun meanwhile.
        let _files = whole_file::remove_partial();
        let partial = lock();
        for _ in 0..100 {
            // A file may be created while its directory is being emptied: try again.
            let ours = partial.ours.iter().all(|folder| remove(folder));
            if ours && partial.watched.as_ref().is_none_or(Siblings::remove_new) {
                break;
            }
        }
        terminal.note("interrupted: nothing half-written is left");
        std::process::exit(i32::from(exit_code::INTERRUPTED));
    });
}

/// Watches over the partial siblings of `target` that somebody else makes (`.NAME.partial-N`):
/// those that are new are removed on Ctrl-C. Ends when dropped.
pub(super) fn watch(target: &Path) -> Watch {
    let name = target.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = target.parent().unwrap_or(Path::new("")).to_owned();
    let siblings = Siblings { prefix: format!(".{name}.partial-"), folder, old: BTreeSet::new() };
    let siblings = Siblings { old: siblings.list().collect(), ..siblings };
    lock().watched = Some(siblings);
    Watch(())
}

/// While it lives, partial siblings are watched.
#[derive(Debug)]
pub(super) struct Watch(());

impl Drop for Watch {
    fn drop(&mut self) {
        lock().watched = None;
    }
}

#[derive(Debug)]
struct Siblings {
    folder: PathBuf,
    prefix: String,
    old: BTreeSet<PathBuf>,
}

impl Siblings {
    fn list(&self) -> impl Iterator<Item = PathBuf> + '_ {
        let folder = if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(&self.prefix))
        };
        entries.map(|entry| entry.path()).filter(ours)
    }

    fn remove_new(&self) -> bool {
        let new: Vec<PathBuf> = self.list().filter(|path| !self.old.contains(path)).collect();
        new.iter().all(|path| remove(path))
    }
}

impl Staging {
    /// Begins a directory that will be `target`. Proves that it can be written.
    ///
    /// # Errors
    /// If it cannot be written, or `target` holds something else than a report.
    pub(super) fn begin(target: &Path) -> Result<Self, Failure> {
        let name = target.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            let found = target.display();
            Failure::usage(format!("expected a directory with a name for reports, found {found}"))
        })?;
        refuse_foreign(target)?;
        let folder = target.parent().unwrap_or(Path::new(""));
        let partial = folder.join(format!(".{name}.partial-{}", std::process::id()));
        let mut all = lock();
        std::fs::create_dir_all(&partial).map_err(|error| cannot_write(target, &error))?;
        all.ours.insert(partial.clone());
        Ok(Self { partial, target: target.to_owned() })
    }

    /// Where to write.
    #[must_use]
    pub(super) fn path(&self) -> &Path {
        &self.partial
    }

    /// Complete: from now on it is there, in the place of an older report.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub(super) fn finish(self) -> Result<PathBuf, Failure> {
        let mut all = lock();
        let failed = |error| cannot_write(&self.target, &error);
        let old = self.partial.with_extension("old");
        if self.target.exists() {
            std::fs::rename(&self.target, &old).map_err(failed)?;
        }
        std::fs::rename(&self.partial, &self.target).map_err(failed)?;
        remove(&old);
        all.ours.remove(&self.partial);
        Ok(self.target.clone())
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let mut all = lock();
        if all.ours.remove(&self.partial) {
            remove(&self.partial);
        }
    }
}

fn lock() -> MutexGuard<'static, Partial> {
    PARTIAL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove(folder: &Path) -> bool {
    std::fs::remove_dir_all(folder).is_ok() || !folder.exists()
}

fn refuse_foreign(target: &Path) -> Result<(), Failure> {
    let Ok(mut entries) = std::fs::read_dir(target) else {
        if target.exists() {
            let found = target.display();
            return Err(Failure::usage(format!("expected a directory, found a file: {found}")));
        }
        return Ok(());
    };
    if entries.next().is_none() || target.join(MARKER).exists() {
        return Ok(());
    }
    let found = target.display();
    Err(Failure::usage(format!(
        "{found} holds something that is no report (no {MARKER}): choose another directory"
    )))
}

fn cannot_write(target: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", target.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_complete_or_not_there() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("reports/a");
        let entries = || std::fs::read_dir(root.path().join("reports")).unwrap().count();

        let staging = Staging::begin(&target).unwrap();
        std::fs::write(staging.path().join(MARKER), "{}").unwrap();
        assert!(!target.exists());
        drop(staging);
        assert_eq!(entries(), 0);

        for _ in 0..2 {
            let staging = Staging::begin(&target).unwrap();
            std::fs::write(staging.path().join(MARKER), "{}").unwrap();
            staging.finish().unwrap();
            assert!(target.join(MARKER).exists());
            assert_eq!(entries(), 1);
        }
    }

    #[test]
    fn what_is_no_report_is_never_replaced() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("precious"), "x").unwrap();
        let message = Staging::begin(root.path()).unwrap_err().to_string();
        assert!(message.contains("no report"), "{message}");
        let message = Staging::begin(&root.path().join("precious/a")).unwrap_err().to_string();
        assert!(message.contains("cannot write"), "{message}");
    }
}
