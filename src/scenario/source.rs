//! A text file, and findings in it as problems.

use std::path::{Path, PathBuf};

use super::diagnostic::Problem;
use super::shape::Finding;
use super::yaml::{self, Node};

/// Largest file that is read, in bytes: nobody writes more by hand.
const MAX_BYTES: u64 = 8 << 20;

/// A file and its text.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is too large or is no text.
    pub fn read(file: &Path) -> Result<Self, Box<Problem>> {
        let size = std::fs::metadata(file).map(|m| m.len());
        if let Ok(size) = size
            && size > MAX_BYTES
        {
            let message = format!("expected at most {MAX_BYTES} bytes, found {size}");
            return Err(Box::new(Problem::of_file(file, message)));
        }
        match std::fs::read_to_string(file) {
            Ok(text) => Ok(Self { file: file.to_owned(), text }),
            Err(error) => Err(Box::new(Problem::of_file(file, format!("cannot be read: {error}")))),
        }
    }

    /// Its tree.
    ///
    /// # Errors
    /// Every lexical problem.
    pub fn tree(&self) -> Result<Node, Vec<Problem>> {
        let problem = |e: yaml::YamlError| Problem::at(&self.file, &self.text, e.at, e.message);
        yaml::parse(&self.text).map_err(|all| all.into_iter().map(problem).collect())
    }

    /// A finding as a problem of this file.
    #[must_use]
    pub fn problem(&self, finding: Finding) -> Problem {
        Problem::at(&self.file, &self.text, finding.at, finding.message).help(finding.help)
    }
}
