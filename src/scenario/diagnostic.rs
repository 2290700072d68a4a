//! One problem of a file, and how it is printed.
//!
//! A problem knows its file, line and column (from 1), what is wrong and what to do. Problems sort
//! by place and print in the form that editors and compilers share, with the source line and a
//! caret below.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::yaml::Mark;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but hardly does what was meant.
    Warning,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file or directory.
    pub file: PathBuf,
    /// Line from 1; 0 if the problem is of the whole file.
    pub line: usize,
    /// Column from 1, in characters; 0 if the problem is of the whole line.
    pub column: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What was found and what was expected.
    pub message: String,
    /// What to do about it, if that is not in the message.
    pub help: Option<String>,
    /// The source line and the number of characters to underline.
    #[serde(skip)]
    pub excerpt: Option<(String, usize)>,
}

impl Problem {
    /// An error of a whole file.
    #[must_use]
    pub fn of_file(file: &Path, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 0,
            column: 0,
            severity: Severity::Error,
            message: message.into(),
            help: None,
            excerpt: None,
        }
    }

    /// An error at a place of a file whose text is `source`.
    #[must_use]
    pub fn at(file: &Path, source: &str, at: Mark, message: impl Into<String>) -> Self {
        let line = at.line.checked_sub(1).and_then(|index| source.lines().nth(index));
        Self {
            line: at.line,
            column: at.column,
            excerpt: line.map(|line| (line.to_owned(), at.width)),
            ..Self::of_file(file, message)
        }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Whether the file cannot be used.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Error { "error" } else { "warning" })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}: {}", self.severity, self.message)?;
        if let Some((line, width)) = &self.excerpt {
            let number = self.line.to_string();
            let blank = " ".repeat(number.len());
            // Tabs of the line are kept in the indent, so that the caret stands below its place.
            let before = line.chars().take(self.column.saturating_sub(1));
            let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            write!(f, "\n {number} | {line}\n {blank} | {indent}{}", "^".repeat(*width))?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n   help: {help}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_prints_its_place_its_line_and_a_caret() {
        let at = Mark { line: 2, column: 3, width: 7 };
        let problem = Problem::at(Path::new("a.yaml"), "web:\n  replica: 3\n", at, "unknown key")
            .help(Some("see `windtunnel schema scenario`".to_owned()));
        insta::assert_snapshot!(problem.to_string(), @r"
        a.yaml:2:3: error: unknown key
         2 |   replica: 3
           |   ^^^^^^^
           help: see `windtunnel schema scenario`
        ");
        assert_eq!(Problem::of_file(Path::new("b"), "gone").to_string(), "b: error: gone");
    }

    #[test]
    fn problems_sort_by_place() {
        let at =
            |line, column| Problem::at(Path::new("a"), "", Mark { line, column, width: 1 }, "x");
        let mut problems = [at(10, 1), at(2, 9), at(2, 1)];
        problems.sort();
        assert_eq!(problems.map(|p| (p.line, p.column)), [(2, 1), (2, 9), (10, 1)]);
    }
}
