//! The audit log: everything that crossed a contract, one JSON object a line.
//!
//! The first line is a header with the format version and the trial's provenance; every further
//! line is a `model::Line`. Append-only by nature: nothing is collapsed or left out.

use std::io::Write as _;
use std::path::Path;

use super::ReportError;
use crate::catalog::{self, Entry};
use crate::model::Journal;

/// What the catalog says of it.
pub(super) const ENTRY: Entry<super::catalog::Build> = Entry {
    kind: "audit",
    summary: "the whole journal as JSON lines",
    help: "audit.jsonl: a header line with format version and provenance, then one line for each \
           decision, outcome, answer, event and remark, in order, with simulated time.",
    source: "JSON Lines; the journal of this crate",
    example: "audit",
    schema: catalog::schema_of::<()>,
    build: |material, dir| {
        let path = dir.join("audit.jsonl");
        write(&path, material.journal, &material.story.title, &material.story.facts)?;
        Ok(vec![path])
    },
};

fn write(
    path: &Path,
    journal: &Journal,
    trial: &str,
    facts: &[(String, String)],
) -> Result<(), ReportError> {
    let failed = |source| ReportError::write(path, source);
    let file = std::fs::File::create(path).map_err(failed)?;
    let mut out = std::io::BufWriter::new(file);
    let header = serde_json::json!({
        "audit": Journal::VERSION,
        "trial": trial,
        "lines": journal.lines().len(),
        "provenance": facts.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    });
    writeln!(out, "{header}").map_err(failed)?;
    for line in journal.lines() {
        writeln!(out, "{}", serde_json::to_string(line)?).map_err(failed)?;
    }
    out.flush().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Line;
    use crate::report::fixture;

    #[test]
    fn every_line_can_be_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let journal = fixture::leak().journal;
        write(&path, &journal, "leak", &[]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let read: Vec<Line> =
            text.lines().skip(1).map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(read, journal.lines());
        assert!(text.starts_with("{\"audit\":1"), "{text}");
    }
}
