//! One request, one reply: the talk with a child process, and everything that can go wrong in it.
//!
//! In: requests. Out: typed replies or nothing, and remarks about failures. A reply that is late,
//! a crash and a flood end the engine's part in the trial; a stray line, a second answer or a reply
//! of the wrong shape are counted and passed over, up to `MOST_FAILURES`. A stray line that comes
//! between two requests is counted with the next one, so that no clock decides where it stands.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::process::{Heard, MAX_LINE, Process};
use super::protocol::Request;
use super::stopwatch::Stopwatch;
use crate::model::{EngineFailure, FailureKind, Remark};
use crate::unit::SimDuration;

/// Failures that are passed over; one more ends the engine's part.
pub(super) const MOST_FAILURES: usize = 20;
/// Bytes that are read in one trial.
const MAX_TOTAL: u64 = 256 << 20;
/// Characters of a stray line that are quoted.
const QUOTED: usize = 120;

/// The talk with one engine.
#[derive(Debug)]
pub(super) struct Link {
    process: Option<Process>,
    timeout: Duration,
    shown: SimDuration,
    seq: u64,
    read: u64,
    failures: usize,
    remarks: Vec<Remark>,
    unknown_fields: bool,
}

/// What a line was.
enum Sorted<T> {
    Reply(T),
    Unusable,
    Stray,
}

impl Link {
    /// A talk that has not begun.
    pub(super) fn new(process: Process, timeout: SimDuration) -> Self {
        let nanos = u64::try_from(timeout.nanos()).unwrap_or_default();
        Self {
            process: Some(process),
            timeout: Duration::from_nanos(nanos),
            shown: timeout,
            seq: 0,
            read: 0,
            failures: 0,
            remarks: Vec::new(),
            unknown_fields: false,
        }
    }

    /// The number of the next request.
    pub(super) const fn seq(&self) -> u64 {
        self.seq
    }

    /// Whether the engine still takes part.
    pub(super) const fn is_alive(&self) -> bool {
        self.process.is_some()
    }

    /// From now on requests carry a field that nobody knows, or no longer.
    pub(super) fn send_unknown_fields(&mut self, send: bool) {
        self.unknown_fields = send;
    }

    /// Sends a request, which must carry `seq()`, and waits for its reply.
    pub(super) fn ask<T: DeserializeOwned>(&mut self, request: &Request) -> Option<T> {
        let process = self.process.as_ref()?;
        process.send(line(request, self.unknown_fields));
        let seq = self.seq;
        self.seq += 1;
        let watch = Stopwatch::start();
        loop {
            let process = self.process.as_ref()?;
            match process.hear(watch.left(self.timeout)) {
                Heard::Line(text) => match self.sort(seq, &text) {
                    Sorted::Reply(reply) => return Some(reply),
                    Sorted::Unusable => return None,
                    Sorted::Stray => {}
                },
                Heard::Flood => {
                    let limit = MAX_LINE >> 20;
                    self.give_up(FailureKind::Flooded, format!("a line of over {limit} MiB"));
                }
                Heard::Closed => self.crashed(),
                Heard::Nothing => self.silent(),
            }
        }
    }

    /// Says that the trial is over and sees the engine out. Whether it ended by itself.
    pub(super) fn bye(&mut self, request: &Request) -> Option<std::process::ExitStatus> {
        let mut process = self.process.take()?;
        process.send(line(request, false));
        let status = process.end();
        process.kill();
        status
    }

    /// What there is to remark since the last call.
    pub(super) fn remarks(&mut self, out: &mut Vec<Remark>) {
        out.append(&mut self.remarks);
    }

    /// Something worth knowing.
    pub(super) fn note(&mut self, text: String) {
        self.remarks.push(Remark::Note(text));
    }

    /// A failure that the engine survives, unless there were too many.
    pub(super) fn fail(&mut self, kind: FailureKind, detail: String) {
        if self.process.is_none() {
            return;
        }
        self.failures += 1;
        if self.failures > MOST_FAILURES {
            let detail = format!("more than {MOST_FAILURES} failures, the last: {detail}");
            return self.give_up(FailureKind::Runaway, detail);
        }
        self.remarks.push(Remark::Failure(EngineFailure { kind, detail, fatal: false }));
    }

    /// A failure that ends the engine's part.
    pub(super) fn give_up(&mut self, kind: FailureKind, detail: String) {
        if let Some(mut process) = self.process.take() {
            process.kill();
            self.remarks.push(Remark::Failure(EngineFailure { kind, detail, fatal: true }));
        }
    }

    fn crashed(&mut self) {
        let Some(process) = &mut self.process else { return };
        let how = match process.wait() {
            None => "closed its standard output and went on running".to_owned(),
            Some(status) => match status.code() {
                Some(code) => format!("ended with exit code {code} before it was told to"),
                None => format!("was ended by a signal ({status})"),
            },
        };
        process.kill();
        let last = process.last_words();
        let last = last.map(|said| format!("; its last words: {said}")).unwrap_or_default();
        self.give_up(FailureKind::Crashed, format!("{how}{last}"));
    }

    /// Nothing came in time: it is gone, though something that it started holds the pipe, or hangs.
    fn silent(&mut self) {
        let Some(process) = &mut self.process else { return };
        if process.has_ended() {
            return self.crashed();
        }
        let (seq, limit) = (self.seq - 1, self.shown);
        self.give_up(FailureKind::TimedOut, format!("no reply to request {seq} within {limit}"));
    }

    fn sort<T: DeserializeOwned>(&mut self, seq: u64, text: &[u8]) -> Sorted<T> {
        self.read += text.len() as u64;
        if self.read > MAX_TOTAL {
            let limit = MAX_TOTAL >> 20;
            self.give_up(FailureKind::Flooded, format!("over {limit} MiB in one trial"));
            return Sorted::Unusable;
        }
        let value = match serde_json::from_slice::<Value>(text) {
            Ok(value @ Value::Object(_)) => value,
            _ => return self.stray(FailureKind::Garbage, "expected a JSON object", text),
        };
        match value["seq"].as_u64() {
            Some(found) if found < seq => {
                self.fail(FailureKind::ExtraReply, format!("request {found} was answered before"));
                Sorted::Stray
            }
            Some(found) if found == seq => self.reply(seq, value),
            _ => {
                let what = format!("expected a reply with \"seq\": {seq}");
                self.stray(FailureKind::WrongReply, &what, text)
            }
        }
    }

    fn reply<T: DeserializeOwned>(&mut self, seq: u64, value: Value) -> Sorted<T> {
        if let Some(error) = value.get("error") {
            let text = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
            self.give_up(FailureKind::Declared, quote(text.as_bytes()));
            return Sorted::Unusable;
        }
        match serde_json::from_value(value) {
            Ok(reply) => Sorted::Reply(reply),
            Err(error) => {
                self.fail(FailureKind::WrongReply, format!("reply to request {seq}: {error}"));
                Sorted::Unusable
            }
        }
    }

    fn stray<T>(&mut self, kind: FailureKind, expected: &str, text: &[u8]) -> Sorted<T> {
        self.fail(kind, format!("{expected}, found {:?}", quote(text)));
        Sorted::Stray
    }
}

fn quote(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut quoted: String = text.chars().take(QUOTED).collect();
    if quoted.len() < text.len() {
        quoted.push_str(" ...");
    }
    quoted
}

/// A request on its line: `type` and `seq` come first, what nobody knows last.
fn line(request: &Request, unknown_fields: bool) -> Vec<u8> {
    let mut line = serde_json::to_vec(request).expect("a request is plain data");
    if unknown_fields {
        line.pop();
        line.extend_from_slice(b",\"a_field_of_a_later_version\":{\"seq\":\"not this one\"}}");
    }
    line.push(b'\n');
    line
}
