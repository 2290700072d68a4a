//! The course of a trial: what was believed, decided, done and what came of it, without texts.
//!
//! In: the journal and the world's record. Out: 16 bytes of BLAKE3. Reasons, limits and messages
//! for people are no part of it: two runs that differ only in a limit that never mattered took the
//! same course, and their fingerprints are equal. Everything else is, to the last bit of a number.

use crate::model::{Action, Body, Decision, Journal, Operation, WorldRecord};
use crate::unit::{Name, SimTime};

/// Fingerprint of a course.
pub type Fingerprint = [u8; 16];

/// The fingerprint of what happened.
#[must_use]
pub fn course(journal: &Journal, record: &WorldRecord) -> Fingerprint {
    let mut bytes = Bytes { waiting: Vec::with_capacity(2 * CHUNK), hasher: blake3::Hasher::new() };
    for line in journal.lines() {
        bytes.time(line.time);
        bytes.body(&line.body);
    }
    bytes.record(record);
    let mut print = Fingerprint::default();
    print.copy_from_slice(&bytes.hash()[..16]);
    print
}

/// In hexadecimal.
#[must_use]
pub fn hexadecimal(print: Fingerprint) -> String {
    print.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that are hashed in one go: the course of a week is not kept to be hashed.
const CHUNK: usize = 1 << 14;

struct Bytes {
    waiting: Vec<u8>,
    hasher: blake3::Hasher,
}

impl Bytes {
    fn add(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= CHUNK {
            self.hasher.update(&self.waiting);
            self.waiting.clear();
        }
    }

    fn hash(mut self) -> [u8; 32] {
        self.hasher.update(&self.waiting);
        *self.hasher.finalize().as_bytes()
    }

    fn number(&mut self, value: u64) {
        self.add(&value.to_le_bytes());
    }

    fn real(&mut self, value: f64) {
        self.number(value.to_bits());
    }

    fn time(&mut self, time: SimTime) {
        self.number(time.nanos() as u64);
    }

    /// Length first, so that "a", "bc" is not "ab", "c".
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.add(text.as_bytes());
    }

    fn names(&mut self, all: &[&Name]) {
        all.iter().for_each(|name| self.text(name.as_str()));
    }

    /// Plain data that is rare enough to be written out.
    fn plain(&mut self, value: &impl serde::Serialize) {
        let json = serde_json::to_string(value).expect("plain data serialises");
        self.text(&json);
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::Decision(decision) => self.decision(decision),
            Body::Outcome(outcome) => {
                self.number(u64::from(outcome.action.0));
                self.time(outcome.time);
                self.plain(&outcome.status);
            }
            Body::Answer(answer) => self.plain(answer),
            Body::Event(event) => self.plain(event),
            Body::Note(text) => self.text(text),
            Body::EngineFailure(failure) => self.plain(failure),
        }
    }

    fn decision(&mut self, decision: &Decision) {
        match decision {
            Decision::Anomaly(a) => {
                self.number(u64::from(a.id));
                self.names(&[&a.entity]);
                self.text(&a.detector);
                self.text(&a.signal);
                self.time(a.since);
                self.time(a.raised);
                self.real(a.score);
            }
            Decision::Resolved { anomaly, at } => {
                self.number(u64::from(*anomaly));
                self.time(*at);
            }
            Decision::Incident(i) => {
                self.plain(&(i.id, i.change, i.other, i.opened, i.since));
                i.anomalies.iter().for_each(|a| self.number(u64::from(a.id)));
                self.number(i.changes.len() as u64);
            }
            Decision::Diagnosis(d) => {
                self.number(u64::from(d.incident.0));
                for h in &d.hypotheses {
                    self.names(&[&h.entity]);
                    self.text(h.cause.as_str());
                    self.real(h.confidence.get());
                }
            }
            Decision::Plan(p) => {
                self.number(u64::from(p.incident.0));
                self.names(&[&p.entity]);
                self.text(p.cause.as_str());
                self.real(p.confidence.get());
                p.actions.iter().for_each(|action| self.action(action));
            }
            Decision::Verdict(v) => self.plain(&(v.action, &v.guardrail, v.ruling)),
            Decision::Ask(action) | Decision::Act(action) => self.action(action),
            Decision::Verified(v) => self.plain(&(v.action, v.healed)),
            Decision::Notify(n) => self.plain(&(n.incident, n.action)),
        }
        self.add(&[kind(decision)]);
    }

    fn action(&mut self, action: &Action) {
        self.plain(&(action.id, action.incident, &action.target, action.risk, action.dry_run));
        match &action.operation {
            // Its summary is a story for people.
            Operation::PageOnCall { .. } => self.text("page"),
            other => self.plain(other),
        }
    }

    fn record(&mut self, record: &WorldRecord) {
        self.plain(&(&record.objective, record.interval, &record.deeds, &record.replicas));
        for sli in record.sli.iter() {
            self.time(sli.time);
            self.real(sli.requests);
            self.real(sli.failed);
            self.real(sli.latency_p99_s.unwrap_or(f64::NAN));
        }
    }
}

/// A number a kind, so that no line passes for one of another kind.
const fn kind(decision: &Decision) -> u8 {
    match decision {
        Decision::Anomaly(_) => 1,
        Decision::Resolved { .. } => 2,
        Decision::Incident(_) => 3,
        Decision::Diagnosis(_) => 4,
        Decision::Plan(_) => 5,
        Decision::Verdict(_) => 6,
        Decision::Ask(_) => 7,
        Decision::Act(_) => 8,
        Decision::Verified(_) => 9,
        Decision::Notify(_) => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ruling, Source, Verdict};
    use crate::unit::{ActionId, SimDuration};

    fn of(ruling: Ruling, limit: &str) -> Fingerprint {
        let mut journal = Journal::default();
        let verdict = Verdict {
            action: ActionId(1),
            guardrail: "confidence_floor".to_owned(),
            ruling,
            saw: "confidence 0.91".to_owned(),
            limit: limit.to_owned(),
        };
        let body = Body::Decision(Decision::Verdict(verdict));
        journal.push(SimTime::from_secs(1), Source::Engine, body);
        course(&journal, &WorldRecord::default())
    }

    #[test]
    fn a_limit_that_did_not_matter_changes_no_course_and_a_ruling_does() {
        assert_eq!(of(Ruling::Allow, "at least 0.85"), of(Ruling::Allow, "at least 0.90"));
        assert_ne!(of(Ruling::Allow, ""), of(Ruling::Deny, ""));
        let other = WorldRecord { interval: SimDuration::from_secs(1), ..WorldRecord::default() };
        assert_ne!(
            course(&Journal::default(), &other),
            course(&Journal::default(), &WorldRecord::default())
        );
        assert_eq!(hexadecimal([0xab; 16]).len(), 32);
    }
}
