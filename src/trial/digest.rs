//! The fingerprint of a trial.
//!
//! In: the journal and the world's record. Out: the first 16 bytes of BLAKE3 over their canonical
//! JSON lines, in hexadecimal. The scorecard is not part of it: a changed measure changes no run.

use std::io::Write;

use crate::model::{Journal, WorldRecord};

/// The digest of what was said and done.
#[must_use]
pub fn digest(journal: &Journal, record: &WorldRecord) -> String {
    let mut hasher = blake3::Hasher::new();
    for line in journal.lines() {
        serde_json::to_writer(&mut hasher, line).expect("a hasher takes every line");
        hasher.write_all(b"\n").expect("a hasher takes every byte");
    }
    serde_json::to_writer(&mut hasher, record).expect("a hasher takes the record");
    hasher.finalize().as_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Source};
    use crate::unit::{SimDuration, SimTime};

    #[test]
    fn any_change_of_journal_or_record_changes_it() {
        let journal = |text: &str| {
            let mut journal = Journal::default();
            journal.push(SimTime::from_secs(1), Source::Trial, Body::Note(text.to_owned()));
            journal
        };
        let plain = WorldRecord::default();
        let other = WorldRecord { interval: SimDuration::from_secs(1), ..WorldRecord::default() };
        let base = digest(&journal("a"), &plain);
        assert_eq!(base.len(), 32);
        assert_eq!(base, digest(&journal("a"), &plain));
        assert_ne!(base, digest(&journal("b"), &plain));
        assert_ne!(base, digest(&journal("a"), &other));
    }
}
