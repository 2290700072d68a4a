//! Recordings on disk: one Parquet format for recorded and synthetic timelines.
//!
//! Owns the layout of a dataset: `dataset.yaml` and one folder per case with `series`, `samples`,
//! `logs`, `spans` and `events` as Parquet, `topology.yaml` and, if labelled, `truth.yaml`. Writer
//! and reader share one schema (`schema.rs`) with a format version. Both stream in row groups, so
//! that memory does not grow with the length of a recording. Missing is absent, never 0.
//!
//! In: telemetry, a topology, labels. Out: the same, in time order. Times in nanoseconds UTC.
//! Source: Apache Parquet; OpenTelemetry data models for logs and spans.
//! Known limit: one file per table and case; a case is not split over files.

mod case_reader;
mod case_writer;
mod check;
mod dataset;
mod dataset_writer;
mod error;
mod event_rows;
mod log_rows;
mod meta;
mod sample_rows;
mod schema;
mod series_rows;
mod span_rows;
mod table_reader;
mod table_writer;
mod topology_file;
mod yaml;

pub use case_reader::{CaseReader, Rows};
pub use case_writer::{CaseCounts, CaseWriter};
pub use dataset::Dataset;
pub use dataset_writer::DatasetWriter;
pub use error::{Severity, TimelineError};
pub use meta::{CaseInfo, DatasetMeta, Provenance};
pub use sample_rows::Sample;
pub use schema::{FORMAT_VERSION, Table};

#[cfg(test)]
mod tests;
