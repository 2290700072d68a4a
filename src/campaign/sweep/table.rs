//! Rows as Parquet and back: typed columns, axis values first, absent is null.
//!
//! In: rows of one part. Out: a file that polars, DuckDB and pandas read; the same rows give the
//! same bytes. An axis of numbers is a column of doubles, one of durations is in seconds with `_s`
//! after its name, any other is text. The plan's digest stands in the file's metadata, so that a
//! file of another sweep is recognised. LZ4, one row group.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use serde_json::Value as Json;

use super::plan::Plan;
use super::row::Row;
use crate::model::Cause;
use crate::trial::hexadecimal;
use crate::unit::SimDuration;

/// The metadata key of the plan's digest.
const KEY: &str = "windtunnel.sweep";

/// The bytes of a file with these rows.
///
/// # Errors
/// If Arrow or Parquet refuses them: an internal fault.
pub fn encode(plan: &Plan, digest: &str, rows: &[Row]) -> Result<Vec<u8>, String> {
    let columns = [axes(plan, rows), numbers(plan, rows)].concat();
    let batch = RecordBatch::try_from_iter_with_nullable(columns).map_err(|e| e.to_string())?;
    let mark = KeyValue::new(KEY.to_owned(), digest.to_owned());
    let properties = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_key_value_metadata(Some(vec![mark]))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))
        .map_err(|e| e.to_string())?;
    writer.write(&batch).map_err(|e| e.to_string())?;
    writer.close().map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// The rows of a file; what no reader of ours needs is left out.
///
/// # Errors
/// If the file is damaged or of another sweep.
pub fn decode(bytes: Vec<u8>, digest: &str) -> Result<Vec<Row>, String> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes))
        .map_err(|error| error.to_string())?;
    let marks = builder.metadata().file_metadata().key_value_metadata();
    let found =
        marks.into_iter().flatten().find(|kv| kv.key == KEY).and_then(|kv| kv.value.clone());
    if found.as_deref() != Some(digest) {
        let found = found.unwrap_or_else(|| "none".to_owned());
        return Err(format!("expected a part of the sweep {digest}, found one of {found}"));
    }
    let mut rows = Vec::new();
    for batch in builder.build().map_err(|e| e.to_string())? {
        let batch = batch.map_err(|e| e.to_string())?;
        let reader = Reader { batch: &batch };
        rows.extend((0..batch.num_rows()).map(|row| reader.row(row)));
    }
    Ok(rows)
}

/// Reads a measure off a row; absent if the trial has none.
pub type Measure = fn(&Row) -> Option<f64>;

/// Names of the measures that a sweep can be summed up by, with what reads them.
pub const MEASURES: [(&str, Measure); 11] = [
    ("healed_alone", |r| share(r.healed_alone, r.felt)),
    ("recovered", |r| share(r.recovered, r.felt)),
    ("wrong", |r| Some(f64::from(r.wrong))),
    ("harmful", |r| Some(f64::from(r.harmful))),
    ("violations", |r| Some(f64::from(r.violations))),
    ("acts_alone", |r| Some(f64::from(r.acts_alone))),
    ("pages", |r| Some(f64::from(r.pages))),
    ("mttr_s", |r| r.mttr_s),
    ("bad_minutes", |r| r.bad_minutes),
    ("error_budget_minutes", |r| r.error_budget_minutes),
    ("detected", |r| share(r.detected, r.incidents)),
];

fn share(part: u32, all: u32) -> Option<f64> {
    (all > 0).then(|| f64::from(part) / f64::from(all))
}

type Column = (String, ArrayRef, bool);

fn axes(plan: &Plan, rows: &[Row]) -> Vec<Column> {
    let column = |(place, axis): (usize, &super::axis::Axis)| -> Column {
        let value = |row: &Row| &plan.settings[row.setting as usize][place];
        let all = || plan.settings.iter().map(|setting| &setting[place]);
        let seconds = |value: &Json| value.as_str()?.parse::<SimDuration>().ok();
        if all().all(Json::is_number) {
            let values: Float64Array = rows.iter().map(|row| value(row).as_f64()).collect();
            return (axis.name.clone(), Arc::new(values), false);
        }
        if all().all(|value| seconds(value).is_some()) {
            let in_s = |row: &Row| seconds(value(row)).map(SimDuration::secs_f64);
            let values: Float64Array = rows.iter().map(in_s).collect();
            return (format!("{}_s", axis.name), Arc::new(values), false);
        }
        let text = |row: &Row| match value(row) {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let values: StringArray = rows.iter().map(|row| Some(text(row))).collect();
        (axis.name.clone(), Arc::new(values), false)
    };
    plan.axes.iter().enumerate().map(column).collect()
}

fn numbers(plan: &Plan, rows: &[Row]) -> Vec<Column> {
    let known = |name: &str, of: fn(&Row) -> u32| -> Column {
        // A trial that could not be run has no counts: null, not 0.
        let values: UInt32Array = rows.iter().map(|r| r.problem.is_none().then(|| of(r))).collect();
        (name.to_owned(), Arc::new(values), true)
    };
    let place = |name: &str, of: fn(&Row) -> u32| -> Column {
        (
            name.to_owned(),
            Arc::new(rows.iter().map(|r| Some(of(r))).collect::<UInt32Array>()),
            false,
        )
    };
    let real = |name: &str, of: fn(&Row) -> Option<f64>| -> Column {
        (name.to_owned(), Arc::new(rows.iter().map(of).collect::<Float64Array>()), true)
    };
    let flag = |name: &str, of: fn(&Row) -> Option<bool>| -> Column {
        (name.to_owned(), Arc::new(rows.iter().map(of).collect::<BooleanArray>()), true)
    };
    let text = |name: &str, of: &dyn Fn(&Row) -> Option<String>, nullable: bool| -> Column {
        (name.to_owned(), Arc::new(rows.iter().map(of).collect::<StringArray>()), nullable)
    };
    let name = |r: &Row| Some(plan.scenarios[r.scenario as usize].name.clone());
    let seeds: UInt64Array = rows.iter().map(|r| Some(r.seed)).collect();
    let digest = |r: &Row| r.problem.is_none().then(|| hexadecimal(r.course));
    vec![
        text("scenario", &name, false),
        place("scenario_index", |r| r.scenario),
        ("seed".to_owned(), Arc::new(seeds), false),
        place("setting", |r| r.setting),
        text("digest", &digest, true),
        known("incidents", |r| r.incidents),
        known("detected", |r| r.detected),
        known("felt", |r| r.felt),
        known("recovered", |r| r.recovered),
        known("healed_alone", |r| r.healed_alone),
        real("mttr_s", |r| r.mttr_s),
        known("acts_alone", |r| r.acts_alone),
        known("acts_approved", |r| r.acts_approved),
        flag("wrong", |r| r.problem.is_none().then_some(r.wrong)),
        known("harmful", |r| r.harmful),
        known("violations", |r| r.violations),
        known("pages", |r| r.pages),
        known("pages_at_night", |r| r.pages_at_night),
        real("bad_minutes", |r| r.bad_minutes),
        real("error_budget_minutes", |r| r.error_budget_minutes),
        real("answer_confidence", |r| r.confidence),
        flag("right", |r| r.right),
        flag("entity_right", |r| r.entity_right),
        text("true_cause", &|r| r.true_cause.map(|c| c.to_string()), true),
        text("cause", &|r| r.cause.map(|c| c.to_string()), true),
        text("verb", &|r| r.verb.map(|v| v.to_string()), true),
        text("problem", &|r| r.problem.clone(), true),
    ]
}

struct Reader<'b> {
    batch: &'b RecordBatch,
}

impl Reader<'_> {
    fn cell<A: Array + 'static, T>(
        &self,
        name: &str,
        row: usize,
        get: impl Fn(&A) -> T,
    ) -> Option<T> {
        let column = self.batch.column_by_name(name)?;
        if column.is_null(row) {
            return None;
        }
        column.as_any().downcast_ref::<A>().map(get)
    }

    fn row(&self, row: usize) -> Row {
        let count =
            |name: &str| self.cell(name, row, |a: &UInt32Array| a.value(row)).unwrap_or_default();
        let real = |name: &str| self.cell(name, row, |a: &Float64Array| a.value(row));
        let flag = |name: &str| self.cell(name, row, |a: &BooleanArray| a.value(row));
        let text = |name: &str| self.cell(name, row, |a: &StringArray| a.value(row).to_owned());
        let cause =
            |name: &str| text(name).and_then(|t| Cause::ALL.into_iter().find(|c| c.as_str() == t));
        Row {
            scenario: count("scenario_index"),
            seed: self.cell("seed", row, |a: &UInt64Array| a.value(row)).unwrap_or_default(),
            setting: count("setting"),
            course: Default::default(),
            incidents: count("incidents"),
            detected: count("detected"),
            felt: count("felt"),
            recovered: count("recovered"),
            healed_alone: count("healed_alone"),
            mttr_s: real("mttr_s"),
            acts_alone: count("acts_alone"),
            acts_approved: count("acts_approved"),
            wrong: flag("wrong").unwrap_or_default(),
            harmful: count("harmful"),
            violations: count("violations"),
            pages: count("pages"),
            pages_at_night: count("pages_at_night"),
            bad_minutes: real("bad_minutes"),
            error_budget_minutes: real("error_budget_minutes"),
            confidence: real("answer_confidence"),
            right: flag("right"),
            entity_right: flag("entity_right"),
            true_cause: cause("true_cause"),
            cause: cause("cause"),
            verb: None,
            problem: text("problem"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::axis::Axis;
    use super::super::plan::{Sampling, Seeds};
    use super::*;
    use crate::campaign::corpus::Corpus;

    #[test]
    fn columns_have_names_of_their_own_and_rows_come_back() {
        let path = std::path::PathBuf::from("scenarios/traps/innocent-deploy.yaml");
        let corpus = Corpus::read(&[path], None).unwrap();
        let turned = ["confidence=0.5,0.9", "guard.cooldown.rest=1m,5m"];
        let parsed = turned.iter().map(|text| Axis::parse(text).unwrap()).collect();
        let seeds = Seeds { first: 1, count: 1 };
        let plan = Plan::new(&corpus, parsed, Sampling::Grid, seeds).unwrap();
        let known = Row {
            setting: 3,
            confidence: Some(0.25),
            right: Some(true),
            cause: Some(Cause::BadDeploy),
            pages: 2,
            ..Row::default()
        };
        let rows = vec![known, Row::failed(0, 2, "x".to_owned())];
        let mut names: Vec<String> =
            [axes(&plan, &rows), numbers(&plan, &rows)].concat().into_iter().map(|c| c.0).collect();
        assert_eq!(names[..2], ["confidence", "guard.cooldown.rest_s"]);
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a name stands for one column");
        let bytes = encode(&plan, "d", &rows).unwrap();
        assert_eq!(decode(bytes.clone(), "d").unwrap(), rows);
        assert!(decode(bytes, "other").unwrap_err().contains("found one of d"));
    }
}
