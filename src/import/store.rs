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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Map, Value, json};

    use super::*;
    use crate::import::import;
    use crate::timeline::Dataset;

    const KINDS: [&str; 5] = ["csv", "nab", "otlp", "prometheus", "rcaeval"];

    fn fixtures(kind: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(kind)
    }

    fn run(
        kind: &str,
        source: &Path,
        target: &Path,
        params: &Value,
    ) -> Result<Summary, ImportError> {
        let params: Map<String, Value> = params.as_object().cloned().unwrap_or_default();
        let mut progress = |_: usize, _: usize, _: &str| {};
        let overwrite = false;
        import(
            kind,
            &mut Request { source, target, params: &params, overwrite, progress: &mut progress },
        )
    }

    #[test]
    fn every_format_gives_a_dataset_without_complaints() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, cases) in
            [("csv", 2), ("nab", 2), ("otlp", 1), ("prometheus", 1), ("rcaeval", 1)]
        {
            let target = folder.path().join(kind);
            let summary = run(kind, &fixtures(kind), &target, &json!({})).unwrap();
            assert_eq!(summary.cases, cases, "{kind}");
            assert!(summary.samples > 0, "{kind}");
            let complaints: Vec<String> =
                Dataset::check(&target).iter().map(ToString::to_string).collect();
            assert!(complaints.iter().all(|c| c.contains("no truth")), "{kind}: {complaints:?}");
            assert_eq!(Dataset::open(&target).unwrap().cases().len(), cases, "{kind}");
        }
    }

    #[test]
    fn nothing_to_read_is_an_error_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, target) = (folder.path().join("empty"), folder.path().join("target"));
        std::fs::create_dir(&empty).unwrap();
        for kind in KINDS {
            let error = run(kind, &empty, &target, &json!({})).unwrap_err().to_string();
            assert!(error.contains("expected"), "{kind}: {error}");
            let missing = folder.path().join("missing");
            let error = run(kind, &missing, &target, &json!({})).unwrap_err().to_string();
            assert!(error.contains("missing"), "{kind}: {error}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{kind}");
        }
    }

    #[test]
    fn examples_are_accepted_and_slips_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for entry in crate::import::catalog::ALL.iter().filter(|e| KINDS.contains(&e.kind)) {
            let params: Value = serde_saphyr::from_str(entry.example).unwrap();
            let error = run(entry.kind, folder.path(), &folder.path().join("t"), &params);
            assert!(!matches!(error, Err(ImportError::Kind(_))), "{}: {error:?}", entry.kind);
            let slip = json!({ "intervall": "5m" });
            let error = run(entry.kind, folder.path(), &folder.path().join("t"), &slip);
            assert!(matches!(error, Err(ImportError::Kind(_))), "{}: {error:?}", entry.kind);
        }
    }

    #[test]
    fn a_case_that_fails_leaves_no_dataset() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        std::fs::create_dir(&source).unwrap();
        std::fs::write(source.join("a.csv"), "time,value\n0,1\n60,2\n").unwrap();
        std::fs::write(source.join("b.csv"), "time,value\n0,high\n").unwrap();
        let error = run("csv", &source, &folder.path().join("t"), &json!({})).unwrap_err();
        assert!(error.to_string().ends_with("expected a number, found \"high\""), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_real_benchmark_is_imported_where_it_is_at_hand() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/nab");
        if !source.join("data").is_dir() {
            eprintln!("skipped: {} is not there", source.display());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("nab");
        let summary = run("nab", &source, &target, &json!({})).unwrap();
        eprintln!("{summary:#?}");
        let dataset = Dataset::open(&target).unwrap();
        assert_eq!((summary.cases, dataset.cases().len()), (29, 29));
        assert_eq!(dataset.meta.interval, SimDuration::from_secs(300));
        assert!(Dataset::check(&target).is_empty());
    }
}
