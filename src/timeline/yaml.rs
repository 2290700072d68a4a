//! Text files of a timeline: YAML in and out, with line and column in every complaint.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::TimelineError;

/// Writes `value`; returns the bytes written.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<String, TimelineError> {
    let text = serde_saphyr::to_string(value).map_err(|e| TimelineError::file(path, e))?;
    std::fs::write(path, &text).map_err(|e| TimelineError::file(path, e))?;
    Ok(text)
}

/// Reads a file of type `T`; a slip is reported with its place.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, TimelineError> {
    let text = std::fs::read_to_string(path).map_err(|e| TimelineError::file(path, missing(&e)))?;
    serde_saphyr::from_str(&text).map_err(|e| {
        let place = e.location();
        let problem = e.without_snippet().to_string();
        match place {
            Some(at) => TimelineError::Text {
                path: path.to_owned(),
                line: at.line(),
                column: at.column(),
                problem,
            },
            None => TimelineError::file(path, problem),
        }
    })
}

/// What to say of a file that cannot be opened.
pub(super) fn missing(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "is missing".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
