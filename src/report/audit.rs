//! The audit log: everything that crossed a contract, one JSON object a line.
//!
//! In: the trial. Out: `audit.jsonl` in the form of `trial::write_journal`: a header with version
//! and provenance, then every line of the journal. Nothing is collapsed or left out.

use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use super::{Material, ReportError};
use crate::catalog::{self, Entry};
use crate::trial::{Header, write_journal};

/// What the catalog says of it.
pub(super) const ENTRY: Entry<super::catalog::Build> = Entry {
    kind: "audit",
    summary: "the whole journal as JSON lines",
    help: "audit.jsonl: a header line with format version and provenance, then one line for each \
           decision, outcome, answer, event and remark, in order, with simulated time. It can be \
           read back and scored again.",
    source: "JSON Lines; the journal of this crate",
    example: "audit",
    schema: catalog::schema_of::<()>,
    build: |material, dir| {
        let path = dir.join("audit.jsonl");
        write(&path, material)?;
        Ok(vec![path])
    },
};

fn write(path: &Path, material: &Material<'_>) -> Result<(), ReportError> {
    let failed = |source| ReportError::write(path, source);
    let policy = material.document.get("policy_hash").and_then(Value::as_str).unwrap_or_default();
    let header = Header::of(material.trial, policy);
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).map_err(failed)?);
    write_journal(&mut out, &header, &material.trial.journal).map_err(failed)?;
    out.flush().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_log_can_be_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.jsonl");
        let fixture = fixture::leak();
        let (story, trial, document) = (fixture.story(), fixture.trial(), fixture::document());
        write(&path, &Material { story: &story, trial: &trial, document: &document }).unwrap();
        let text = std::fs::read(&path).unwrap();
        let (header, journal) = crate::trial::read_journal(&mut text.as_slice()).unwrap();
        assert_eq!(journal, fixture.journal);
        assert_eq!(header.policy_hash, "5f0c77aa");
    }
}
