//! Finds everything that is wrong with a dataset on disk, reading every row once.
//!
//! Out: all problems, sorted by file and row, at most `PER_FILE` of one table. A case without
//! labels is a warning. Memory: one batch per table and one instant per series.

use std::fs::File;
use std::path::Path;

use super::dataset::Dataset;
use super::schema::Table;
use super::{CaseReader, Rows, Sample, TimelineError};
use crate::unit::{SimDuration, SimTime};

/// Problems of one table that are told before the rest is only counted.
const PER_FILE: usize = 20;

/// All problems of the dataset at `path`.
pub(super) fn check(path: &Path) -> Vec<TimelineError> {
    let dataset = match Dataset::open(path) {
        Ok(dataset) => dataset,
        Err(problems) => return problems,
    };
    let mut problems = Vec::new();
    for name in dataset.cases() {
        problems.extend(check_checksums(&dataset, name));
        problems.extend(check_case(&dataset.case_path(name), dataset.meta.interval));
    }
    problems.sort();
    problems.dedup();
    problems
}

fn check_case(folder: &Path, interval: SimDuration) -> Vec<TimelineError> {
    let case = match CaseReader::open(folder, interval) {
        Ok(case) => case,
        Err(problems) => return problems,
    };
    let mut problems = Vec::new();
    if case.truth().is_none() {
        problems.push(TimelineError::MissingTruth { path: folder.to_owned() });
    }
    let samples = folder.join(Table::Samples.file_name());
    let mut last = vec![SimTime::from_nanos(i64::MIN); case.series().len()];
    problems.extend(scan(&samples, case.samples(), |sample: &Sample| {
        let last = &mut last[sample.series.index()];
        let twice = std::mem::replace(last, sample.time) == sample.time;
        twice.then(|| format!("{} has two samples at {}", sample.series, sample.time))
    }));
    problems.extend(scan(&folder.join(Table::Logs.file_name()), case.logs(), |_| None));
    problems.extend(scan(&folder.join(Table::Spans.file_name()), case.spans(), |_| None));
    problems.extend(scan(&folder.join(Table::Events.file_name()), case.events(), |_| None));
    problems
}

fn scan<T>(
    path: &Path,
    rows: Result<Rows<T>, TimelineError>,
    mut objection: impl FnMut(&T) -> Option<String>,
) -> Vec<TimelineError> {
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => return vec![error],
    };
    let mut problems = Vec::new();
    let mut more = 0_u64;
    for row in rows {
        let problem = match row {
            Ok(row) => objection(&row).map(|problem| TimelineError::file(path, problem)),
            Err(error) => Some(error),
        };
        match problem {
            Some(problem) if problems.len() < PER_FILE => problems.push(problem),
            Some(_) => more += 1,
            None => {}
        }
    }
    if more > 0 {
        problems.push(TimelineError::file(path, format!("and {more} more problems")));
    }
    problems
}

fn check_checksums(dataset: &Dataset, name: &str) -> Vec<TimelineError> {
    let Some(info) = dataset.case_info(name) else { return Vec::new() };
    let mut problems = Vec::new();
    for (file, expected) in &info.blake3 {
        let path = dataset.case_path(name).join(file);
        let mut hasher = blake3::Hasher::new();
        let hashed = File::open(&path).and_then(|mut f| std::io::copy(&mut f, &mut hasher));
        match hashed {
            Err(e) => problems.push(TimelineError::file(&path, super::yaml::missing(&e))),
            Ok(_) if hasher.finalize().to_hex().as_str() != expected => {
                let problem = "checksum differs from the one in dataset.yaml: edited or damaged";
                problems.push(TimelineError::file(&path, problem));
            }
            Ok(_) => {}
        }
    }
    problems
}
