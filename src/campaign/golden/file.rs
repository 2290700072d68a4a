//! A golden on disk: JSON lines. First the header, then stages, scores, then a line an entry.
//!
//! One thing a line, so that a version control system shows what changed. Written beside and
//! renamed, so that it is never half there.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::normal::{Golden, Line};
use crate::campaign::whole_file;

const VERSION: u32 = 1;

/// Why a golden cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// It cannot be read or written.
    #[error("cannot {verb} {path}: {source}")]
    File {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is wrong.
    #[error("{path}:{line}: {problem}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    golden: u32,
    scenario: String,
    seed: u64,
}

/// Writes a golden.
pub(super) fn write(path: &Path, golden: &Golden) -> Result<(), GoldenError> {
    let failed = |source| GoldenError::File { verb: "write", path: path.to_owned(), source };
    let mut text = String::new();
    let header = Header { golden: VERSION, scenario: golden.scenario.clone(), seed: golden.seed };
    let mut line = |value: serde_json::Result<String>| {
        text += &value.expect("plain data serialises");
        text.push('\n');
    };
    line(serde_json::to_string(&header));
    line(serde_json::to_string(&golden.stages));
    line(serde_json::to_string(&golden.scores));
    golden.lines.iter().for_each(|one| line(serde_json::to_string(one)));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    whole_file::write(path, text).map_err(failed)
}

/// Reads a golden.
pub(super) fn read(path: &Path) -> Result<Golden, GoldenError> {
    let text = std::fs::read_to_string(path).map_err(|source| GoldenError::File {
        verb: "read",
        path: path.to_owned(),
        source,
    })?;
    let wrong =
        |line: usize, problem: String| GoldenError::Line { path: path.to_owned(), line, problem };
    let all: Vec<&str> = text.lines().collect();
    let at = |index: usize| {
        all.get(index)
            .copied()
            .ok_or_else(|| wrong(index + 1, "expected a line, found the end".to_owned()))
    };
    let header: Header = serde_json::from_str(at(0)?).map_err(|e| wrong(1, e.to_string()))?;
    if header.golden != VERSION {
        return Err(wrong(1, format!("format version {}, expected {VERSION}", header.golden)));
    }
    let stages = serde_json::from_str(at(1)?).map_err(|e| wrong(2, e.to_string()))?;
    let scores = serde_json::from_str(at(2)?).map_err(|e| wrong(3, e.to_string()))?;
    let line = |(index, text): (usize, &&str)| {
        serde_json::from_str::<Line>(text).map_err(|e| wrong(index + 1, e.to_string()))
    };
    let lines: Result<Vec<Line>, GoldenError> = all.iter().enumerate().skip(3).map(line).collect();
    Ok(Golden { scenario: header.scenario, seed: header.seed, stages, scores, lines: lines? })
}
