//! Text files of a timeline: YAML in and out, with line and column in every complaint.

use std::path::Path;

use serde::Serialize;

use super::TimelineError;

/// Writes `value`; returns the bytes written.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<String, TimelineError> {
    let text = serde_saphyr::to_string(value).map_err(|e| TimelineError::file(path, e))?;
    std::fs::write(path, &text).map_err(|e| TimelineError::file(path, e))?;
    Ok(text)
}
