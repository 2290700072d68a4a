//! Foreign files and folders: what there is, in a fixed order, as bytes.
//!
//! Owns listing (sorted, bounded depth), names without their endings, and opening with gzip
//! unpacked on the way. Known limit: Zstandard is named in the message, not unpacked.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::flaw::Flaw;

/// Folders are looked into this deep: enough for every known layout, and no loop is endless.
const DEPTH: usize = 6;

/// A file as bytes; gzip is unpacked on the way, whatever the file's name says.
///
/// # Errors
/// If it cannot be opened, is empty, or is packed otherwise.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, Flaw> {
    let failed = |e: std::io::Error| Flaw::file(path, format!("cannot be read: {e}"));
    let mut bytes = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed)?);
    let head = bytes.fill_buf().map_err(failed)?;
    if head.is_empty() {
        return Err(Flaw::file(path, "expected data, found an empty file"));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Err(Flaw::file(path, "expected plain text or gzip, found Zstandard: unpack it"));
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        let unpacked = MultiGzDecoder::new(bytes);
        return Ok(Box::new(BufReader::with_capacity(1 << 16, unpacked)));
    }
    Ok(Box::new(bytes))
}

/// What a folder holds, sorted by name.
///
/// # Errors
/// If it cannot be listed.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Flaw> {
    let failed = |e: std::io::Error| Flaw::file(folder, format!("cannot be listed: {e}"));
    let listed = std::fs::read_dir(folder).map_err(failed)?;
    let mut paths = listed
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// All files at or below `source` whose name ends in one of `endings` (or that and `.gz`), sorted.
/// A file that was named itself is taken whatever its ending.
///
/// # Errors
/// If a folder cannot be listed, or nothing is found.
pub(super) fn below(source: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Flaw> {
    if source.is_file() {
        return Ok(vec![source.to_owned()]);
    }
    if !source.exists() {
        return Err(Flaw::file(source, "expected a file or a folder, found nothing there"));
    }
    let mut found = Vec::new();
    walk(source, DEPTH, &mut |path| {
        if endings.iter().any(|ending| has_ending(path, ending)) {
            found.push(path.to_owned());
        }
    })?;
    if found.is_empty() {
        let problem = format!("expected a file *.{}, found none", endings.join(" or *."));
        return Err(Flaw::file(source, problem));
    }
    Ok(found)
}

/// Calls `visit` for every file below `folder`, in a fixed order.
fn walk(folder: &Path, depth: usize, visit: &mut dyn FnMut(&Path)) -> Result<(), Flaw> {
    for path in entries(folder)? {
        if path.is_file() {
            visit(&path);
        } else if path.is_dir() && depth > 0 {
            walk(&path, depth - 1, visit)?;
        }
    }
    Ok(())
}

/// Whether a file's name ends in `.ending`, or that and `.gz`.
pub(super) fn has_ending(path: &Path, ending: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    plain.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.'))
}

/// The last part of a path.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The name without `.gz` and one more ending.
pub(super) fn stem(path: &Path) -> String {
    let name = name(path);
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    plain.rsplit_once('.').map_or(plain, |(stem, _)| stem).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    #[test]
    fn files_are_found_in_order_and_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("b")).unwrap();
        std::fs::write(folder.path().join("b/two.CSV"), "x").unwrap();
        std::fs::write(folder.path().join("note.txt"), "x").unwrap();
        let packed = File::create(folder.path().join("a.csv.gz")).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
        gzip.write_all(b"time,value\n").unwrap();
        gzip.finish().unwrap();
        let found = below(folder.path(), &["csv"]).unwrap();
        assert_eq!(found.iter().map(|p| stem(p)).collect::<Vec<_>>(), ["a", "two"]);
        let mut text = String::new();
        open(&found[0]).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "time,value\n");
    }

    #[test]
    fn nothing_found_is_an_error_that_says_what_was_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let error = below(folder.path(), &["csv", "json"]).unwrap_err();
        assert_eq!(error.problem, "expected a file *.csv or *.json, found none");
        std::fs::write(folder.path().join("empty.csv"), "").unwrap();
        let error = open(&folder.path().join("empty.csv")).err().unwrap();
        assert_eq!(error.problem, "expected data, found an empty file");
    }
}
