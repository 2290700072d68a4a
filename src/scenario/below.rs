//! YAML files below a folder, of whatever sort.
//!
//! In: a folder. Out: paths in order, and a problem for each folder that cannot be read. Limit:
//! hidden files and folders are passed over.

use std::path::{Path, PathBuf};

use super::Problem;

/// All YAML files below `folder`.
#[must_use]
pub fn yaml_below(folder: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(folder, &mut found, problems);
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>, problems: &mut Vec<Problem>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            return problems.push(Problem::of_file(folder, format!("cannot be read: {error}")));
        }
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, found, problems);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
}
