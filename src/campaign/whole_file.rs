//! A file that is either complete or as it was.
//!
//! Content is written into a hidden sibling, which is renamed when complete. What is partial is
//! removed when writing fails, when it is dropped, and by `remove_partial`, which whoever handles
//! Ctrl-C calls. Limit: a crash of the machine may leave the sibling behind.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Siblings that are not complete yet.
static PARTIAL: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file in the making.
#[derive(Debug)]
pub struct WholeFile {
    partial: PathBuf,
    target: PathBuf,
}

impl WholeFile {
    /// Begins a file that will be `target`. Proves that it can be written.
    ///
    /// # Errors
    /// If it cannot be, or `target` is no name of a file.
    pub fn begin(target: &Path) -> io::Result<Self> {
        let name = target.file_name().filter(|_| !target.is_dir()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::IsADirectory, "expected the name of a file")
        })?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".partial-{}", std::process::id()));
        let partial = target.with_file_name(hidden);
        let mut all = lock();
        std::fs::write(&partial, "")?;
        all.insert(partial.clone());
        Ok(Self { partial, target: target.to_owned() })
    }

    /// Where the file stands until it is complete.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Replaces what was written so far.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, content: impl AsRef<[u8]>) -> io::Result<()> {
        std::fs::write(&self.partial, content)
    }

    /// Complete: from now on it is there.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub fn finish(self) -> io::Result<()> {
        let mut all = lock();
        std::fs::rename(&self.partial, &self.target)?;
        all.remove(&self.partial);
        Ok(())
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        let mut all = lock();
        if all.remove(&self.partial) {
            let _ = std::fs::remove_file(&self.partial);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// If it cannot be written; it is then as it was.
pub fn write(target: &Path, content: impl AsRef<[u8]>) -> io::Result<()> {
    let file = WholeFile::begin(target)?;
    file.write(content)?;
    file.finish()
}

/// Removes everything partial. For whoever ends the process: nothing is begun or completed while
/// the returned guard lives.
#[must_use]
pub fn remove_partial() -> Removed {
    let all = lock();
    for path in all.iter() {
        let _ = std::fs::remove_file(path);
    }
    Removed { _all: all }
}

/// Nothing partial is there, and nothing partial is begun.
#[derive(Debug)]
pub struct Removed {
    _all: MutexGuard<'static, BTreeSet<PathBuf>>,
}

fn lock() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    PARTIAL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_complete_or_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        let entries = || std::fs::read_dir(folder.path()).unwrap().count();
        write(&target, "old").unwrap();
        let file = WholeFile::begin(&target).unwrap();
        file.write("new").unwrap();
        assert_eq!((std::fs::read_to_string(&target).unwrap().as_str(), entries()), ("old", 2));
        drop(file);
        assert_eq!((std::fs::read_to_string(&target).unwrap().as_str(), entries()), ("old", 1));
        write(&target, "new").unwrap();
        assert_eq!((std::fs::read_to_string(&target).unwrap().as_str(), entries()), ("new", 1));
        assert!(write(folder.path(), "x").is_err(), "a folder is no file");
        assert!(write(&folder.path().join("none/a.txt"), "x").is_err());
    }
}
