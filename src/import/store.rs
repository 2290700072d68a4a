//! Finished cases -> a dataset on disk and its summary.
//!
//! In: cases as an importer yields them, one by one, so that only one is held at a time. Out: the
//! dataset, put in place when all is well and not at all otherwise; what the cases left out or
//! assumed is summed over them. Known limit: a dataset has one interval for all its cases.

use std::path::Path;

use super::draft::{Draft, case_name};
use super::tally::Tally;
use super::{Flaw, ImportError, Request, Summary, files};
use crate::timeline::DatasetMeta;
use crate::unit::SimDuration;

/// The interval that was given, or else the one that was found.
///
/// # Errors
/// If there is neither, or what was given is not positive.
pub(super) fn interval(
    source: &Path,
    given: Option<SimDuration>,
    found: Option<SimDuration>,
) -> Result<SimDuration, Flaw> {
    match given.or(found) {
        Some(interval) if interval > SimDuration::ZERO => Ok(interval),
        Some(wrong) => {
            Err(Flaw::file(source, format!("expected an interval above 0s, found {wrong}")))
        }
        None => {
            let problem = "no series has two samples, so the interval is unknown: give `interval`";
            Err(Flaw::file(source, problem))
        }
    }
}

/// Writes the cases.
///
/// # Errors
/// If one cannot be read or written; then nothing is left behind.
pub(super) fn write(
    request: &mut Request<'_>,
    meta: DatasetMeta,
    total: usize,
    cases: impl Iterator<Item = Result<(String, Draft), ImportError>>,
) -> Result<Summary, ImportError> {
    let mut dataset = request.dataset(meta)?;
    let (mut summary, mut tally) = (Summary::default(), Tally::default());
    for (at, case) in cases.enumerate() {
        let (name, draft) = case?;
        tally.merge(&draft.tally);
        summary.add(draft.gathered().write(&dataset, &name)?);
        (request.progress)(at + 1, total, &name);
    }
    summary.skipped = tally.notes();
    summary.skipped.iter().for_each(|note| dataset.note(note.as_str()));
    dataset.finish()?;
    Ok(summary)
}

/// Writes the only case of a source, named after it.
///
/// # Errors
/// As `interval` and `write`.
pub(super) fn single(
    request: &mut Request<'_>,
    name: Option<String>,
    given: Option<SimDuration>,
    draft: Draft,
) -> Result<Summary, ImportError> {
    let found = draft.step().or_else(|| draft.samples().is_empty().then_some(NO_METRICS));
    let interval = interval(request.source, given, found)?;
    let source = case_name(&[&files::stem(request.source)]);
    let origin = format!("imported from {}", files::name(request.source));
    let name = name.unwrap_or_else(|| source.clone());
    let meta = DatasetMeta::recorded(&name, &origin, "not stated", interval);
    write(request, meta, 1, std::iter::once(Ok((source, draft))))
}

/// The interval of a recording that has no metrics: how often an engine looks.
const NO_METRICS: SimDuration = SimDuration::from_secs(15);
