//! One row a trial, and its Parquet form for whoever wants to analyse many.
//!
//! In: the result document. Out: rows with fixed columns; what is absent is null. The schema is
//! written once, in `columns`, from which the names, types and values follow.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use parquet::arrow::ArrowWriter;

use super::document::{RunDocument, TrialDocument};
use super::judge::main_incident;

/// What one trial comes to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Name of the scenario or case.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Its digest.
    pub digest: String,
    /// Cause of the first labelled incident.
    pub true_cause: Option<String>,
    /// Root cause of the first labelled incident.
    pub true_entity: Option<String>,
    /// Entity blamed first.
    pub entity: Option<String>,
    /// Cause blamed first.
    pub cause: Option<String>,
    /// Confidence in both.
    pub confidence: Option<f64>,
    /// Whether every labelled incident was answered.
    pub detected: Option<bool>,
    /// Incidents where nothing was wrong.
    pub false_alarms: Option<u64>,
    /// Best rank of a true root cause.
    pub rank: Option<u64>,
    /// AC@1.
    pub ac_1: Option<f64>,
    /// AC@3.
    pub ac_3: Option<f64>,
    /// AC@5.
    pub ac_5: Option<f64>,
    /// Share with the right entity and cause on top.
    pub cause_accuracy: Option<f64>,
    /// Seconds from onset to detection, mean.
    pub mttd_s: Option<f64>,
    /// Seconds from onset to recovery, mean.
    pub mttr_s: Option<f64>,
    /// Guardrail violations.
    pub violations: u64,
    /// Incidents that the engine opened.
    pub incidents: u64,
    /// Acts on the fleet.
    pub acts: u64,
    /// Whether all expectations were met; null if there are none.
    pub met: Option<bool>,
}

/// Why rows could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// The file cannot be created.
    #[error("cannot write {path}: {error}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Arrow or Parquet refused the table.
    #[error("cannot write the table of results: {0}")]
    Table(String),
}

impl Row {
    /// The row of a trial.
    #[must_use]
    pub fn new(trial: &TrialDocument) -> Self {
        let card = &trial.scorecard;
        let found = card.findings.first();
        let timing = card.timing.as_ref();
        let place = card.localization.as_ref();
        let top = main_incident(&trial.incidents).and_then(|i| i.hypotheses.first());
        let seen = found.and_then(|findings| findings.detection.as_ref());
        let expected = !trial.expectations.is_empty();
        Self {
            name: trial.name.clone(),
            seed: trial.seed,
            digest: trial.digest.clone(),
            true_cause: trial.truth.first().and_then(|t| t.cause).map(|c| c.to_string()),
            true_entity: trial.truth.first().and_then(|t| t.root_causes.first()).map(text),
            entity: top.map(|top| text(&top.entity)),
            cause: top.map(|top| top.cause.to_string()),
            confidence: top.map(|top| top.confidence.get()),
            detected: seen.filter(|d| d.answered + d.missed > 0).map(|d| d.missed == 0),
            false_alarms: seen.map(|d| d.false_alarms),
            rank: found
                .and_then(|f| f.localization.iter().flat_map(|l| &l.ranks).flatten().min())
                .copied(),
            ac_1: place.and_then(|l| l.ac_1.value),
            ac_3: place.and_then(|l| l.ac_3.value),
            ac_5: place.and_then(|l| l.ac_5.value),
            cause_accuracy: place.and_then(|l| l.cause_accuracy.value),
            mttd_s: timing.and_then(|t| t.mttd_s.mean),
            mttr_s: timing.and_then(|t| t.mttr_s.as_ref()?.mean),
            violations: card.safety.total,
            incidents: trial.incidents.len() as u64,
            acts: card.safety.acts,
            met: expected.then(|| trial.expectations.iter().all(|judged| judged.met)),
        }
    }
}

/// The rows of a document, one a trial.
#[must_use]
pub fn rows(document: &RunDocument) -> Vec<Row> {
    document.trials.iter().map(Row::new).collect()
}

/// Writes rows as Parquet.
///
/// # Errors
/// If the file cannot be written.
pub fn write(rows: &[Row], path: &Path) -> Result<(), ResultsError> {
    let table = |error: &dyn std::fmt::Display| ResultsError::Table(error.to_string());
    let batch = RecordBatch::try_from_iter_with_nullable(columns(rows)).map_err(|e| table(&e))?;
    let file =
        File::create(path).map_err(|error| ResultsError::File { path: path.to_owned(), error })?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).map_err(|e| table(&e))?;
    writer.write(&batch).map_err(|e| table(&e))?;
    writer.close().map_err(|e| table(&e))?;
    Ok(())
}

/// Name, values and whether null may stand in them.
fn columns(rows: &[Row]) -> Vec<(&'static str, ArrayRef, bool)> {
    let text = |of: fn(&Row) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<StringArray>())
    };
    let count = |of: fn(&Row) -> Option<u64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<UInt64Array>())
    };
    let real = |of: fn(&Row) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<Float64Array>())
    };
    let flag = |of: fn(&Row) -> Option<bool>| -> ArrayRef {
        Arc::new(rows.iter().map(of).collect::<BooleanArray>())
    };
    vec![
        ("name", text(|r| Some(&r.name)), false),
        ("seed", count(|r| Some(r.seed)), false),
        ("digest", text(|r| Some(&r.digest)), false),
        ("true_cause", text(|r| r.true_cause.as_deref()), true),
        ("true_entity", text(|r| r.true_entity.as_deref()), true),
        ("entity", text(|r| r.entity.as_deref()), true),
        ("cause", text(|r| r.cause.as_deref()), true),
        ("confidence", real(|r| r.confidence), true),
        ("detected", flag(|r| r.detected), true),
        ("false_alarms", count(|r| r.false_alarms), true),
        ("rank", count(|r| r.rank), true),
        ("ac@1", real(|r| r.ac_1), true),
        ("ac@3", real(|r| r.ac_3), true),
        ("ac@5", real(|r| r.ac_5), true),
        ("cause_accuracy", real(|r| r.cause_accuracy), true),
        ("mttd_s", real(|r| r.mttd_s), true),
        ("mttr_s", real(|r| r.mttr_s), true),
        ("violations", count(|r| Some(r.violations)), false),
        ("incidents", count(|r| Some(r.incidents)), false),
        ("acts", count(|r| Some(r.acts)), false),
        ("met", flag(|r| r.met), true),
    ]
}

fn text(name: &crate::unit::Name) -> String {
    name.to_string()
}

#[cfg(test)]
mod tests {
    use arrow::array::Array;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    #[test]
    fn absent_is_null_on_disk_and_never_zero() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.parquet");
        let known = Row { name: "a".to_owned(), rank: Some(2), ..Row::default() };
        write(&[known, Row::default()], &path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        let batch = reader.build().unwrap().next().unwrap().unwrap();
        let rank = batch.column_by_name("rank").unwrap();
        assert_eq!((batch.num_rows(), rank.is_null(0), rank.is_null(1)), (2, false, true));
        assert!(batch.column_by_name("mttr_s").unwrap().is_null(0));
    }
}
