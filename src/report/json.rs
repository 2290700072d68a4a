//! The machine-readable result, as it stands in the run's document.
//!
//! In: the document (any serde type with a stable JSON form). Out: text, pretty for people or on
//! one line for pipes, always with a line end. Keys keep the document's order.

use serde::Serialize;

use super::{ReportError, write_text};
use crate::catalog::{self, Entry};

/// What the catalog says of it.
pub(super) const ENTRY: Entry<super::catalog::Build> = Entry {
    kind: "json",
    summary: "the machine-readable result of the run",
    help: "The document that `run --format json` prints, in result.json: source, mode, seed, \
           policy hash, every trial with incidents and scorecard, the aggregate. Absent is null.",
    source: "JSON Schema under docs/schema",
    example: "json",
    schema: catalog::schema_of::<()>,
    build: |material, dir| {
        let path = dir.join("result.json");
        write_text(&path, &pretty(&material.document)?)?;
        Ok(vec![path])
    },
};

/// The document with indentation.
///
/// # Errors
/// If it cannot be serialised: an internal error.
pub fn pretty(document: &impl Serialize) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    Ok(text)
}

/// The document on one line.
///
/// # Errors
/// If it cannot be serialised: an internal error.
pub fn compact(document: &impl Serialize) -> Result<String, ReportError> {
    let mut text = serde_json::to_string(document)?;
    text.push('\n');
    Ok(text)
}
