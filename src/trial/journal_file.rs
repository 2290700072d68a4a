//! A journal on disk: JSON lines, the first of them a header.
//!
//! In and out: `Header`, then one `Line` per line, in order. Reading checks the version, the
//! sequence and that time never goes back, and names the line at fault. A stored journal with its
//! truth and record can be scored again without simulating.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};

use crate::model::{Journal, Line};
use crate::referee::Mode;
use crate::unit::Window;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Header {
    /// Format version of the journal.
    pub journal: u32,
    /// Version of windtunnel that wrote it.
    pub windtunnel: String,
    /// The trial's name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Hash of the policy; empty if there is none.
    pub policy_hash: String,
    /// What actions could change.
    pub mode: Mode,
    /// The stretch of time that was run.
    pub window: Window,
}

/// Why a stored journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be read.
    #[error("cannot read the journal: {0}")]
    Read(#[from] std::io::Error),
    /// A line is wrong.
    #[error("journal line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
}

impl Header {
    /// The header of a trial.
    #[must_use]
    pub fn of(trial: &super::Trial, policy_hash: &str) -> Self {
        Self {
            journal: Journal::VERSION,
            windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
            name: trial.name.clone(),
            seed: trial.seed,
            policy_hash: policy_hash.to_owned(),
            mode: trial.mode,
            window: trial.window,
        }
    }
}

/// Writes a journal.
///
/// # Errors
/// If the writer fails.
pub fn write_journal(
    out: &mut dyn Write,
    header: &Header,
    journal: &Journal,
) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, header)?;
    for line in journal.lines() {
        out.write_all(b"\n")?;
        serde_json::to_writer(&mut *out, line)?;
    }
    out.write_all(b"\n")
}

/// Reads a journal.
///
/// # Errors
/// If it cannot be read, is of another version, or a line is wrong or out of order.
pub fn read_journal(input: impl BufRead) -> Result<(Header, Journal), JournalError> {
    let mut lines = input.lines();
    let wrong = |line: usize, problem: String| JournalError::Line { line, problem };
    let first = lines.next().ok_or_else(|| wrong(1, "empty, expected a header".to_owned()))??;
    let header: Header = serde_json::from_str(&first).map_err(|e| wrong(1, e.to_string()))?;
    if header.journal != Journal::VERSION {
        let (found, known) = (header.journal, Journal::VERSION);
        return Err(wrong(1, format!("format version {found}, expected {known}")));
    }
    let mut journal = Journal::default();
    for (index, text) in lines.enumerate() {
        let number = index + 2;
        let line: Line = serde_json::from_str(&text?).map_err(|e| wrong(number, e.to_string()))?;
        if line.sequence != index as u64 {
            let found = line.sequence;
            return Err(wrong(number, format!("sequence {found}, expected {index}")));
        }
        let last = journal.lines().last().map(|l| l.time);
        if let Some(last) = last.filter(|last| line.time < *last) {
            return Err(wrong(number, format!("time {} is before {last}", line.time)));
        }
        journal.push(line.time, line.source, line.body);
    }
    Ok((header, journal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Decision, Source};
    use crate::referee::{Evidence, Rules, score};
    use crate::trial::scripted::{ScriptedEngine, ScriptedWorld, act, verdict};
    use crate::trial::{Settings, digest, run};
    use crate::unit::{Name, SimTime};

    fn stored() -> (crate::trial::Trial, String) {
        let script = [(20, vec![verdict(1), act(1, "a")])];
        let settings = Settings::new("t", 7, Mode::ClosedLoop);
        let trial =
            run(&mut ScriptedWorld::new(5), &mut ScriptedEngine::new(&script), &settings).unwrap();
        let mut bytes = Vec::new();
        write_journal(&mut bytes, &Header::of(&trial, "abc"), &trial.journal).unwrap();
        (trial, String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_stored_journal_is_the_same_journal() {
        let (trial, text) = stored();
        let (header, journal) = read_journal(text.as_bytes()).unwrap();
        assert_eq!((header.seed, header.policy_hash.as_str()), (7, "abc"));
        assert_eq!(journal, trial.journal);
        assert_eq!(digest(&journal, &trial.record), trial.digest);
    }

    /// One of each thing an engine can say.
    fn every_decision() -> Vec<Decision> {
        let lines = r#"
{"decision":"anomaly","id":1,"detector":"mad","class":"metric","entity":"a","instance":"a-0",
 "signal":"m","role":"errors","since":"1970-01-01T00:00:01Z","raised":"1970-01-01T00:00:02Z",
 "score":0.1,"direction":"up","observed":1e-7,"expected":null,"unit":"1"}
{"decision":"resolved","anomaly":1,"at":"1970-01-01T00:00:09.000000001Z"}
{"decision":"incident","id":1,"change":"merged","other":2,"opened":"1970-01-01T00:00:01Z",
 "since":"1970-01-01T00:00:01Z","anomalies":[],"changes":[{"time":"1970-01-01T00:00:00Z",
 "kind":"deploy","entity":"a","reason":"deploy","attributes":{"version":"2"}}],"reason":"r"}
{"decision":"diagnosis","incident":1,"hypotheses":[{"entity":"a","cause":"bad_deploy",
 "confidence":0.9,"evidence":[{"method":"m","text":"t","weight":-0.5,"time":null}]}],
 "tree":{"time":"1970-01-01T00:00:00Z","text":"t","entity":null,"children":[]},"summary":"s"}
{"decision":"plan","incident":1,"entity":"a","cause":"bad_deploy","confidence":0.9,
 "actions":[{"id":2,"incident":1,"target":"a","verb":"rollback","version":null,
 "strategy":"canary","risk":"reversible","dry_run":false,"reason":"r"}],
 "rejected":[["restart","no use"]]}
{"decision":"verdict","action":2,"guardrail":"all","ruling":"needs_approval","saw":"s","limit":"l"}
{"decision":"ask","id":3,"incident":1,"target":"a","verb":"scale_up","factor":1.5,
 "risk":"risky","dry_run":false,"reason":"r"}
{"decision":"act","id":4,"incident":1,"target":"a","verb":"page_on_call","summary":"s",
 "risk":"safe","dry_run":true,"reason":"r"}
{"decision":"verified","action":2,"healed":true,"checked":"c"}
{"decision":"notify","incident":1,"action":null,"text":"t"}
"#;
        let text = lines.replace("\n ", "");
        let said = text.lines().filter(|l| !l.is_empty());
        said.map(|l| serde_json::from_str(l).unwrap()).collect()
    }

    #[test]
    fn everything_an_engine_can_say_survives_the_file() {
        let (trial, _) = stored();
        let mut journal = Journal::default();
        for decision in every_decision() {
            journal.push(SimTime::from_secs(9), Source::Engine, Body::Decision(decision));
        }
        assert_eq!(journal.lines().len(), 10);
        let mut bytes = Vec::new();
        write_journal(&mut bytes, &Header::of(&trial, ""), &journal).unwrap();
        assert_eq!(read_journal(bytes.as_slice()).unwrap().1, journal);
    }

    #[test]
    fn a_stored_journal_is_scored_alike() {
        let (trial, text) = stored();
        let (header, journal) = read_journal(text.as_bytes()).unwrap();
        let candidates = [Name::from("a")];
        let again = score(&Evidence {
            mode: header.mode,
            window: header.window,
            journal: &journal,
            truth: trial.truth.as_ref(),
            record: &trial.record,
            candidates: &candidates,
            topology: Some(&trial.topology),
            rules: &Rules::default(),
        });
        assert_eq!(again, trial.scorecard);
        assert_eq!(again.safety.violations["incomplete_audit"], Some(1), "an act without a plan");
    }

    #[test]
    fn damaged_journals_are_refused_with_the_line() {
        let (_, text) = stored();
        let lines: Vec<&str> = text.lines().collect();
        let without_second = [&lines[..1], &lines[2..]].concat().join("\n");
        let cut = &text[..text.len() - 9];
        let newer = text.replacen("\"journal\":1", "\"journal\":9", 1);
        for (damaged, expected) in [
            ("", "line 1: empty"),
            (newer.as_str(), "line 1: format version 9, expected 1"),
            (without_second.as_str(), "line 2: sequence 1, expected 0"),
            (cut, &format!("line {}", lines.len())),
        ] {
            let error = read_journal(damaged.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
