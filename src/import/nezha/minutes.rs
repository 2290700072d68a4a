//! The minute files: spans and log records of about one minute each.
//!
//! In: `HH_MM_{trace,log}.csv.gz`. Out: spans and logs with the pod's name, the call edges among
//! pods that the spans show, and how many rows cannot be used. Files overlap: the same span may
//! stand in two. Durations are in microseconds; a few log rows have a clock of the year 1754.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::super::ImportError;
use crate::model::{SpanKind, severity};
use crate::unit::{SimDuration, SimTime};

/// A span with the name of its pod.
#[derive(Debug, Clone)]
pub(super) struct RawSpan {
    pub(super) start: SimTime,
    pub(super) duration: SimDuration,
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) parent: u64,
    pub(super) pod: Arc<str>,
    pub(super) operation: Arc<str>,
    pub(super) kind: SpanKind,
}

/// A log record with the name of its pod.
#[derive(Debug, Clone)]
pub(super) struct RawLog {
    pub(super) time: SimTime,
    pub(super) pod: Arc<str>,
    pub(super) severity: u8,
    pub(super) body: String,
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
}

/// What the files of one minute hold.
#[derive(Debug, Default)]
pub(super) struct Minute {
    pub(super) start: SimTime,
    pub(super) spans: Vec<RawSpan>,
    pub(super) logs: Vec<RawLog>,
    /// Caller pod, callee pod -> when this was first seen.
    pub(super) calls: BTreeMap<(Arc<str>, Arc<str>), SimTime>,
    /// Rows that are malformed or out of time.
    pub(super) skipped: u64,
}

/// Clocks before this are broken.
const PLAUSIBLE: SimTime = SimTime::from_secs(946_684_800);

type Texts = BTreeSet<Arc<str>>;

impl Minute {
    /// Reads what there is of the minute `HH_MM` that begins at `start`.
    pub(super) fn read(
        traces: Option<&Path>,
        logs: Option<&Path>,
        start: SimTime,
    ) -> Result<Self, ImportError> {
        let mut minute = Self { start, ..Self::default() };
        let mut texts = Texts::new();
        if let Some(path) = traces {
            minute.read_spans(path, &mut texts)?;
            minute.connect();
        }
        if let Some(path) = logs {
            minute.read_logs(path, &mut texts)?;
        }
        Ok(minute)
    }

    fn read_spans(&mut self, path: &Path, texts: &mut Texts) -> Result<(), ImportError> {
        let mut reader = open_csv(path)?;
        let columns = [
            "TraceID",
            "SpanID",
            "ParentID",
            "PodName",
            "OperationName",
            "StartTimeUnixNano",
            "Duration",
        ];
        let columns = find_columns(&mut reader, path, columns)?;
        for record in rows_of(&mut reader) {
            let cells = |record: &'_ csv::StringRecord| {
                read_span(columns.map(|i| record.get(i).unwrap_or_default().trim()), texts)
            };
            match record.as_ref().and_then(cells) {
                Some(span) => self.spans.push(span),
                None => self.skipped += 1,
            }
        }
        Ok(())
    }

    fn read_logs(&mut self, path: &Path, texts: &mut Texts) -> Result<(), ImportError> {
        let mut reader = open_csv(path)?;
        let columns = ["TimeUnixNano", "PodName", "TraceID", "SpanID", "Log"];
        let columns = find_columns(&mut reader, path, columns)?;
        for record in rows_of(&mut reader) {
            let cells = |record: &'_ csv::StringRecord| {
                read_log(columns.map(|i| record.get(i).unwrap_or_default()), texts)
            };
            match record.as_ref().and_then(cells) {
                Some(log) => self.logs.push(log),
                None => self.skipped += 1,
            }
        }
        Ok(())
    }

    /// Finds which spans call into another pod or are called from one.
    fn connect(&mut self) {
        let mut ends = BTreeMap::new();
        for (index, span) in self.spans.iter().enumerate() {
            ends.insert((span.trace_id, span.span_id), index);
        }
        for child in 0..self.spans.len() {
            let span = &self.spans[child];
            let Some(parent) = ends.get(&(span.trace_id, span.parent)).copied() else {
                continue;
            };
            let caller = &self.spans[parent];
            if caller.pod == span.pod {
                continue;
            }
            let seen = (caller.start + caller.duration).max(span.start + span.duration);
            let edge = (Arc::clone(&caller.pod), Arc::clone(&span.pod));
            self.calls.entry(edge).and_modify(|first| *first = seen.min(*first)).or_insert(seen);
            self.spans[child].kind = SpanKind::Server;
            if self.spans[parent].kind == SpanKind::Internal {
                self.spans[parent].kind = SpanKind::Client;
            }
        }
    }
}

fn read_span(cells: [&str; 7], texts: &mut Texts) -> Option<RawSpan> {
    let [trace, span, parent, pod, operation, start, duration] = cells;
    let root = parent == "root";
    let start = SimTime::from_nanos(start.parse().ok()?);
    if start < PLAUSIBLE || pod.is_empty() {
        return None;
    }
    let micros: f64 = duration.parse().ok()?;
    Some(RawSpan {
        start,
        duration: SimDuration::from_nanos((micros * 1e3).round() as i64),
        trace_id: u128::from_str_radix(trace, 16).ok()?,
        span_id: u64::from_str_radix(span, 16).ok()?,
        parent: if root { 0 } else { u64::from_str_radix(parent, 16).ok()? },
        pod: shared(texts, pod),
        operation: shared(texts, operation),
        kind: if root { SpanKind::Server } else { SpanKind::Internal },
    })
}

fn read_log(cells: [&str; 5], texts: &mut Texts) -> Option<RawLog> {
    let [time, pod, trace, span, log] = cells;
    let time = SimTime::from_nanos(time.trim().parse().ok()?);
    if time < PLAUSIBLE || pod.trim().is_empty() {
        return None;
    }
    let body = body_of(log);
    Some(RawLog {
        time,
        pod: shared(texts, pod.trim()),
        severity: severity_of(&body),
        body,
        trace_id: u128::from_str_radix(trace.trim(), 16).unwrap_or(0),
        span_id: u64::from_str_radix(span.trim(), 16).unwrap_or(0),
    })
}

/// The text inside the container runtime's JSON and, if that is JSON with a message, the message
/// with its severity before it.
fn body_of(log: &str) -> String {
    let field = |text: &str, key: &str| {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(value.get(key)?.as_str()?.to_owned())
    };
    let inner = field(log, "log").unwrap_or_else(|| log.to_owned());
    let inner = inner.trim_end();
    match (field(inner, "message"), field(inner, "severity")) {
        (Some(message), Some(level)) => format!("{} {message}", level.to_uppercase()),
        (Some(message), None) => message,
        _ => inner.to_owned(),
    }
}

/// The first word among the first few that names a level.
fn severity_of(body: &str) -> u8 {
    let words = body.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 2);
    words.take(8).map(severity::parse).find(|level| *level > 0).unwrap_or(0)
}

fn shared(texts: &mut Texts, text: &str) -> Arc<str> {
    match texts.get(text) {
        Some(known) => Arc::clone(known),
        None => {
            let new: Arc<str> = Arc::from(text);
            texts.insert(Arc::clone(&new));
            new
        }
    }
}

/// A file of comma-separated rows, unpacked if its name ends in `.gz`.
pub(super) fn open_csv(path: &Path) -> Result<csv::Reader<Box<dyn std::io::Read>>, ImportError> {
    let file =
        File::open(path).map_err(|e| ImportError::file(path, e, "a file that can be read"))?;
    let source: Box<dyn std::io::Read> = if path.extension().is_some_and(|e| e == "gz") {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    Ok(csv::ReaderBuilder::new().flexible(false).from_reader(source))
}

/// The rows; `None` stands for one that cannot be read. Reading ends where the file is damaged.
pub(super) fn rows_of(
    reader: &mut csv::Reader<Box<dyn std::io::Read>>,
) -> impl Iterator<Item = Option<csv::StringRecord>> + '_ {
    let mut damaged = false;
    reader.records().map_while(move |record| {
        let before =
            std::mem::replace(&mut damaged, record.as_ref().is_err_and(|e| e.is_io_error()));
        (!before).then(|| record.ok())
    })
}

fn find_columns<const N: usize>(
    reader: &mut csv::Reader<Box<dyn std::io::Read>>,
    path: &Path,
    names: [&str; N],
) -> Result<[usize; N], ImportError> {
    let header =
        reader.headers().map_err(|e| ImportError::file(path, e, "a line of columns"))?.clone();
    let mut columns = [0; N];
    for (column, name) in columns.iter_mut().zip(names) {
        *column = header.iter().position(|found| found == name).ok_or_else(|| {
            let found: Vec<&str> = header.iter().collect();
            ImportError::line(path, 1, found.join(","), &format!("a column {name}"))
        })?;
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn log(text: &str, body: &str, level: u8) {
        let inner = serde_json::json!({ "log": text, "stream": "stdout" }).to_string();
        let found = body_of(&inner);
        assert_eq!((found.as_str(), severity_of(&found)), (body, level));
    }

    #[test]
    fn bodies_are_unwrapped_and_levels_found() {
        log("16:42:22 INFO  t.s.Impl#5 hello\n", "16:42:22 INFO  t.s.Impl#5 hello", 9);
        log(r#"{"message":"no","severity":"error"}"#, "ERROR no", severity::ERROR);
        log("just text about nothing", "just text about nothing", 0);
        assert_eq!(body_of("not json"), "not json");
    }

    #[test]
    fn a_span_without_plausible_clock_is_refused() {
        let good = ["0a", "0b", "root", "web-1", "GET", "1661140374351773094", "11209"];
        let span = read_span(good, &mut Texts::new()).unwrap();
        assert_eq!((span.parent, span.duration), (0, SimDuration::from_nanos(11_209_000)));
        let mut bad = good;
        bad[5] = "-6795364578871345152";
        assert!(read_span(bad, &mut Texts::new()).is_none());
    }
}
