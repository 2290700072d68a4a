//! Single series with labels, as anomaly benchmarks publish them, in memory and in file order.
//!
//! In: CSV files with a time, a value and perhaps a label column (Microsoft's cloud-monitoring
//! set: `TimeStamp,Value,Label`), or without one and with NAB's `labels/combined_windows.json`
//! nearby (`timestamp,value`). Out: rows as they stand, with the texts, so that they can be written
//! again, and labelled stretches as row numbers. An empty value is absent. All flaws at once.
//! Known limit: a file's labels must name its folder and name, as NAB's do.

use std::path::{Path, PathBuf};

use super::clock::Clock;
use super::files;
use super::flaw::Flaw;
use super::nab;
use super::table::{Cell, Table};
use crate::unit::SimTime;

/// One series of one file.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledSeries {
    /// Path below what was read, for output.
    pub path: PathBuf,
    /// Time and value of each row as the file writes them.
    pub texts: Vec<(String, String)>,
    /// The same as instants.
    pub times: Vec<SimTime>,
    /// The same as numbers; NaN is absent.
    pub values: Vec<f64>,
    /// First and last row of each labelled stretch; `None` without labels.
    pub stretches: Option<Vec<(usize, usize)>>,
}

/// Where NAB keeps its windows.
const WINDOWS: &str = "labels/combined_windows.json";

/// Reads a file, or all `*.csv` below a folder; `labels` names a window file, else it is looked
/// for beside and up to three folders above.
///
/// # Errors
/// Every flaw of every file.
pub fn read_labelled(
    source: &Path,
    labels: Option<&Path>,
) -> Result<Vec<LabelledSeries>, Vec<Flaw>> {
    let windows = match labels.map(Path::to_owned).or_else(|| nearby(source)) {
        Some(path) => {
            let read = files::open(&path).and_then(|bytes| nab::parse_labels(&path, bytes));
            Some(read.map_err(|flaw| vec![flaw])?)
        }
        None => None,
    };
    let paths = files::below(source, &["csv"]).map_err(|flaw| vec![flaw])?;
    let (mut read, mut flaws) = (Vec::new(), Vec::new());
    for path in paths {
        match files::open(&path).and_then(|bytes| one(source, &path, bytes, windows.as_ref())) {
            Ok(series) => read.push(series),
            Err(flaw) => flaws.push(flaw),
        }
    }
    if flaws.is_empty() { Ok(read) } else { Err(flaws) }
}

fn nearby(source: &Path) -> Option<PathBuf> {
    let whole = source.canonicalize().ok()?;
    whole.ancestors().take(4).map(|folder| folder.join(WINDOWS)).find(|path| path.is_file())
}

fn one(
    source: &Path,
    path: &Path,
    bytes: impl std::io::Read,
    windows: Option<&nab::Labels>,
) -> Result<LabelledSeries, Flaw> {
    let below = path.strip_prefix(source).ok().filter(|p| !p.as_os_str().is_empty());
    let below = below.or(path.file_name().map(Path::new)).unwrap_or(path).to_owned();
    let mut table = Table::read(path, bytes, b',')?;
    let time = table.one_of("time", &["timestamp", "time"])?;
    let value = table.one_of("value", &["value"])?;
    let label = table.first_of(&["label", "is_anomaly"]);
    let mut clock = Clock::default();
    let mut series = LabelledSeries {
        path: below,
        texts: Vec::new(),
        times: Vec::new(),
        values: Vec::new(),
        stretches: None,
    };
    let mut marked = Vec::new();
    while let Some(row) = table.next()? {
        let stamp = row.text(time).trim_matches('"');
        series.times.push(clock.read(stamp).map_err(|problem| row.flaw(time, &problem))?);
        series.texts.push((stamp.to_owned(), row.text(value).to_owned()));
        series.values.push(match row.number(value)? {
            Cell::Number(number) => number,
            Cell::Absent | Cell::Infinite => f64::NAN,
        });
        if let Some(label) = label {
            marked.push(matches!(row.number(label)?, Cell::Number(one) if one > 0.0));
        }
    }
    if series.times.is_empty() {
        return Err(Flaw::file(path, "expected rows below the header, found none"));
    }
    series.stretches = match (label, windows.and_then(|all| all.get(&key(path)))) {
        (Some(_), _) => Some(runs(&marked)),
        (None, found) => found.map(|windows| rows(&series.times, windows)),
    };
    Ok(series)
}

/// `<folder>/<file>`, as label files name a series.
fn key(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().map(files::name).unwrap_or_default();
    format!("{folder}/{}", files::name(&whole))
}

/// Stretches of marked rows.
fn runs(marked: &[bool]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (row, _) in marked.iter().enumerate().filter(|(_, marked)| **marked) {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => found.push((row, row)),
        }
    }
    found
}

/// The rows within each window; a window without rows is none.
fn rows(times: &[SimTime], windows: &[(SimTime, SimTime)]) -> Vec<(usize, usize)> {
    let inside = |(first, last): &(SimTime, SimTime)| {
        let within = |time: &SimTime| first <= time && time <= last;
        Some((times.iter().position(within)?, times.iter().rposition(within)?))
    };
    windows.iter().filter_map(inside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LabelledSeries, Flaw> {
        one(Path::new("set"), Path::new("set/a/b.csv"), text.as_bytes(), None)
    }

    #[test]
    fn rows_keep_their_order_and_texts_and_labels_become_stretches() {
        let series = read(
            "TimeStamp,Value,Label\n2018-01-01 00:02:00,7.50,0\n\"2018-01-01 00:01:00\",,1\n\
             2018-01-01 00:03:00,1,1\n2018-01-01 00:04:00,1,0\n2018-01-01 00:05:00,1,1\n",
        )
        .unwrap();
        assert_eq!(series.path, Path::new("a/b.csv"));
        assert_eq!(series.texts[0], ("2018-01-01 00:02:00".to_owned(), "7.50".to_owned()));
        assert!(series.times[1] < series.times[0] && series.values[1].is_nan());
        assert_eq!(series.stretches, Some(vec![(1, 2), (4, 4)]));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let flaw = |text| read(text).unwrap_err().to_string();
        let said = flaw("when,value\n1,2\n");
        assert!(said.contains("b.csv:1: expected a time column"), "{said}");
        let said = flaw("timestamp,value\n2018-01-01 00:00:00,many\n");
        assert!(said.contains("b.csv:2") && said.contains("many"), "{said}");
    }
}
