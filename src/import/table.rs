//! Delimited text -> rows with line numbers, and cells -> numbers.
//!
//! Owns headers and the messages that name file, line and column. A row of another width is
//! refused: nobody can say which cell is missing. Source for the syntax: RFC 4180.
//! Known limit: text must be UTF-8; a leading byte order mark is skipped.

use std::io::Read;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::flaw::Flaw;
use crate::catalog::{did_you_mean, nearest};

/// A delimited file with a header line.
pub(super) struct Table<R> {
    path: PathBuf,
    headers: Vec<String>,
    rows: csv::Reader<R>,
    record: StringRecord,
}

/// One row, valid until the next is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    path: &'a Path,
    headers: &'a [String],
    cells: &'a StringRecord,
    /// Its line in the file, from 1.
    pub(super) line: u64,
}

/// What a cell that should hold a number holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Cell {
    /// A finite number.
    Number(f64),
    /// Nothing: empty, `NaN`, `null`, `NA` or `None`.
    Absent,
    /// Plus or minus infinity.
    Infinite,
}

impl<R: Read> Table<R> {
    /// Reads the header line of `bytes`; `path` is for messages.
    ///
    /// # Errors
    /// If there is none, or a name stands in it twice.
    pub(super) fn read(path: &Path, bytes: R, delimiter: u8) -> Result<Self, Flaw> {
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(true)
            .flexible(true)
            .from_reader(bytes);
        let names = rows.headers().map_err(|e| broken(path, &e))?;
        let headers: Vec<String> = names.iter().map(|n| n.trim().to_owned()).collect();
        if headers.iter().all(String::is_empty) {
            return Err(Flaw::file(path, "expected a header line, found none"));
        }
        for (at, name) in headers.iter().enumerate() {
            if !name.is_empty() && headers[..at].contains(name) {
                let problem = format!("expected every column once, found {name:?} twice");
                return Err(Flaw::line(path, 1, problem));
            }
        }
        Ok(Self { path: path.to_owned(), headers, rows, record: StringRecord::new() })
    }

    /// The names of the columns, in order.
    pub(super) fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Where the column `name` stands.
    ///
    /// # Errors
    /// If there is none; names the nearest one and what there is.
    pub(super) fn column(&self, name: &str) -> Result<usize, Flaw> {
        self.headers.iter().position(|h| h == name).ok_or_else(|| {
            let near = nearest(name, self.headers.iter().map(String::as_str));
            let problem = format!(
                "expected a column {name:?}{}, found {}",
                did_you_mean(near),
                listed(&self.headers)
            );
            Flaw::line(&self.path, 1, problem)
        })
    }

    /// Where the first column with one of `names` stands, whatever its case.
    pub(super) fn first_of(&self, names: &[&str]) -> Option<usize> {
        let find = |n: &&str| self.headers.iter().position(|h| h.eq_ignore_ascii_case(n));
        names.iter().find_map(find)
    }

    /// Like `first_of`, for a column that must be there.
    ///
    /// # Errors
    /// If none of them is.
    pub(super) fn one_of(&self, what: &str, names: &[&str]) -> Result<usize, Flaw> {
        self.first_of(names).ok_or_else(|| {
            let problem = format!(
                "expected a {what} column ({}), found {}",
                names.join(", "),
                listed(&self.headers)
            );
            Flaw::line(&self.path, 1, problem)
        })
    }

    /// The next row, if there is one.
    ///
    /// # Errors
    /// If it is broken, no UTF-8, or not as wide as the header.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, Flaw> {
        if !self.rows.read_record(&mut self.record).map_err(|e| broken(&self.path, &e))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        if self.record.len() != self.headers.len() {
            let (found, expected) = (self.record.len(), self.headers.len());
            let problem = format!("expected {expected} cells as in the header, found {found}");
            return Err(Flaw::line(&self.path, line, problem));
        }
        let Self { path, headers, record, .. } = self;
        Ok(Some(Row { path, headers, cells: record, line }))
    }
}

impl<'a> Row<'a> {
    /// The text of a column, trimmed.
    pub(super) fn text(&self, column: usize) -> &'a str {
        self.cells.get(column).unwrap_or_default().trim()
    }

    /// The number in a column.
    ///
    /// # Errors
    /// If other text stands there.
    pub(super) fn number(&self, column: usize) -> Result<Cell, Flaw> {
        let text = self.text(column);
        number(text).ok_or_else(|| self.flaw(column, &format!("expected a number, found {text:?}")))
    }

    /// A flaw of one of its cells.
    pub(super) fn flaw(&self, column: usize, problem: &str) -> Flaw {
        let name = self.headers.get(column).map_or("", String::as_str);
        Flaw::line(self.path, self.line, format!("column {name:?}: {problem}"))
    }
}

/// The number that `text` writes; `None` if it writes none.
pub(super) fn number(text: &str) -> Option<Cell> {
    const ABSENT: [&str; 6] = ["", "nan", "null", "na", "n/a", "none"];
    let text = text.trim();
    if ABSENT.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(Cell::Absent);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_nan() => Some(Cell::Absent),
        Ok(value) if value.is_infinite() => Some(Cell::Infinite),
        Ok(value) => Some(Cell::Number(value)),
        Err(_) => None,
    }
}

/// At most eight of `names`, for a message.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(8).map(String::as_str).collect();
    match names.len() {
        0..=8 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), more - 8),
    }
}

fn broken(path: &Path, error: &csv::Error) -> Flaw {
    let line = error.position().map(csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8 text, found other bytes".to_owned(),
        csv::ErrorKind::Io(e) => format!("cannot be read: {e}"),
        _ => error.to_string(),
    };
    Flaw { path: path.to_owned(), line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(text: &str) -> Result<Table<&[u8]>, Flaw> {
        Table::read(Path::new("t.csv"), text.as_bytes(), b',')
    }

    #[track_caller]
    fn fails(text: &str, expected: &str) {
        let run = || -> Result<(), Flaw> {
            let mut table = table(text)?;
            let value = table.column("value")?;
            while let Some(row) = table.next()? {
                row.number(value)?;
            }
            Ok(())
        };
        assert_eq!(run().unwrap_err().to_string(), expected);
    }

    #[test]
    fn messages_name_file_line_and_column() {
        fails("", "t.csv: expected a header line, found none");
        fails(
            "time,vaule\n",
            "t.csv:1: expected a column \"value\", did you mean \"vaule\"?, found time, vaule",
        );
        fails(
            "time,value\n1,2\n3,high\n",
            "t.csv:3: column \"value\": expected a number, found \"high\"",
        );
        fails("time,value\n1\n", "t.csv:2: expected 2 cells as in the header, found 1");
        fails("a,value,a\n", "t.csv:1: expected every column once, found \"a\" twice");
    }

    #[test]
    fn absent_is_no_number_and_no_error() {
        for text in ["", " ", "NaN", "null", "N/A", "None"] {
            assert_eq!(number(text), Some(Cell::Absent), "{text:?}");
        }
        assert_eq!(number(" 1e3 "), Some(Cell::Number(1000.0)));
        assert_eq!(number("+Inf"), Some(Cell::Infinite));
        assert_eq!(number("1,5"), None);
    }

    #[test]
    fn quoted_lines_keep_the_count() {
        let mut table = table("\u{feff}a,value\n\"x\ny\",1\nz,2\n").unwrap();
        assert_eq!(table.headers(), ["a", "value"]);
        let lines: Vec<u64> =
            std::iter::from_fn(|| table.next().unwrap().map(|r| r.line)).collect();
        assert_eq!(lines, [2, 4]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(mut table) = Table::read(Path::new("t"), bytes.as_slice(), b',') {
                for _ in 0..300 {
                    match table.next() {
                        Ok(Some(row)) => drop(row.number(0)),
                        _ => break,
                    }
                }
            }
        }
    }
}
