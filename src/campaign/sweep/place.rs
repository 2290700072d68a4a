//! Where a sweep lies: a local folder, or, in builds with the feature `cloud`, a bucket.
//!
//! In: names below the place and their bytes. Out: the same, whole or not at all: a folder renames,
//! an object store shows an object only when it is complete. Limit: nobody locks a place; two runs
//! of the same shard write the same bytes.

#[cfg(feature = "cloud")]
mod bucket;

use std::path::{Path, PathBuf};

use super::super::whole_file;
use super::output::{SweepError, file};

/// Something that holds named bytes.
pub trait Place: std::fmt::Debug + Send + Sync {
    /// What is there under a name; `None` if nothing is.
    ///
    /// # Errors
    /// If it is there and cannot be read, or nobody can tell.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, SweepError>;

    /// What must be there under a name.
    ///
    /// # Errors
    /// If it is not there, or cannot be read.
    fn need(&self, name: &str) -> Result<Vec<u8>, SweepError> {
        let missing = || file(&self.path(name), std::io::ErrorKind::NotFound.into());
        self.read(name)?.ok_or_else(missing)
    }

    /// Puts bytes under a name: whole or not at all.
    ///
    /// # Errors
    /// If they cannot be written.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SweepError>;

    /// The names that are there, sorted; those below `parts/` too.
    ///
    /// # Errors
    /// If nobody can tell.
    fn names(&self) -> Result<Vec<String>, SweepError>;

    /// A name as people are told it; the place itself if it is empty.
    fn path(&self, name: &str) -> PathBuf;
}

/// Opens a place: a path, `file://`, or the URL of a bucket, whose credentials and endpoint are
/// among the settings.
///
/// # Errors
/// If this build cannot reach it, or the URL makes no sense.
pub fn open(text: &str, settings: &[(String, String)]) -> Result<Box<dyn Place>, String> {
    match text.split_once("://") {
        None => Ok(Box::new(Folder(PathBuf::from(text)))),
        Some(("file", path)) => Ok(Box::new(Folder(PathBuf::from(path)))),
        Some((scheme, _)) => bucket(scheme, text, settings),
    }
}

#[cfg(feature = "cloud")]
fn bucket(_: &str, text: &str, settings: &[(String, String)]) -> Result<Box<dyn Place>, String> {
    Ok(Box::new(bucket::Bucket::open(text, settings)?))
}

#[cfg(not(feature = "cloud"))]
fn bucket(scheme: &str, text: &str, _: &[(String, String)]) -> Result<Box<dyn Place>, String> {
    let known = ["s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss"].contains(&scheme);
    let reach = match known {
        true => format!("build with `--features cloud` for {scheme}://, or copy the folder after"),
        false => "there are s3, gs and az in builds with `--features cloud`".to_owned(),
    };
    Err(format!("expected a folder or file:// in this build, found {text:?}: {reach}"))
}

/// A local folder.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Place for Folder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, SweepError> {
        let path = self.path(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(file(&path, error)),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SweepError> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|error| file(folder, error))?;
        whole_file::write(&path, bytes).map_err(|error| file(&path, error))
    }

    fn names(&self) -> Result<Vec<String>, SweepError> {
        let mut names = Vec::new();
        for below in ["", "parts/"] {
            let folder = self.path(below);
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(file(&folder, error)),
            };
            for entry in entries {
                let entry = entry.map_err(|error| file(&folder, error))?;
                names.push(format!("{below}{}", entry.file_name().to_string_lossy()));
            }
        }
        names.retain(|name| name != "parts");
        names.sort();
        Ok(names)
    }

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.0.clone() } else { self.0.join(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_what_it_is_given() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder(root.path().join("new"));
        assert_eq!(folder.names().unwrap(), Vec::<String>::new());
        assert_eq!(folder.read("a.json").unwrap(), None);
        folder.write("a.json", b"1").unwrap();
        folder.write("parts/b", b"2").unwrap();
        assert_eq!(folder.read("parts/b").unwrap(), Some(b"2".to_vec()));
        assert_eq!(folder.names().unwrap(), ["a.json", "parts/b"]);
        assert!(folder.read("parts").is_err(), "a folder is no bytes");
    }

    #[cfg(not(feature = "cloud"))]
    #[test]
    fn what_this_build_cannot_reach_is_said() {
        let said = |text: &str| open(text, &[]).unwrap_err();
        assert!(said("s3://bucket/x").contains("--features cloud` for s3://"));
        assert!(said("ftp://x/y").contains("there are s3, gs and az"));
        assert_eq!(open("file:///a/b", &[]).unwrap().path("c"), PathBuf::from("/a/b/c"));
        assert_eq!(open("a", &[]).unwrap().path(""), PathBuf::from("a"));
    }
}
