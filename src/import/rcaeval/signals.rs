//! RCAEval's logs and traces.
//!
//! `logs.csv`: `timestamp` or `time`, `container_name`, `message`, perhaps `level`. `traces.csv`:
//! `traceID`, `spanID`, `parentSpanID`, `serviceName`, `operationName` or `methodName`,
//! `startTime` and `duration` in microseconds, `statusCode`. A status of 0 or 100..=499 is good,
//! others are failures (gRPC codes above 0, HTTP 5xx). Ids that are no hex are hashed (BLAKE3).
//! Known limit: spans do not say which end of a call they are.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::import::Flaw;
use crate::import::clock::{Clock, TimeUnit};
use crate::import::draft::Draft;
use crate::import::table::{Cell, Table};
use crate::model::{LogRecord, Span, SpanKind, SpanStatus, severity};
use crate::unit::SimDuration;

const CONTAINER: [&str; 4] = ["container_name", "container", "service", "pod"];
const PARENT: [&str; 3] = ["parentSpanID", "parent_span_id", "parentID"];

/// Adds all log records of a table.
///
/// # Errors
/// If a column is missing or a cell cannot be read.
pub(super) fn logs(path: &Path, bytes: impl Read, draft: &mut Draft) -> Result<(), Flaw> {
    let mut table = Table::read(path, bytes, b',')?;
    let time = table.one_of("time", &["timestamp", "time", "@timestamp"])?;
    let container = table.one_of("container", &CONTAINER)?;
    let message = table.one_of("message", &["message", "log", "body"])?;
    let level = table.first_of(&["level", "severity", "log_level"]);
    let mut clock = Clock::default();
    while let Some(row) = table.next()? {
        if row.text(container).is_empty() {
            draft.tally.count("logs without a container left out");
            continue;
        }
        let at = clock.read(row.text(time)).map_err(|problem| row.flaw(time, &problem))?;
        let body = row.text(message);
        draft.logs.push(LogRecord {
            time: at,
            entity: draft.topology.service(row.text(container)),
            severity: level.map_or(0, |column| severity::parse(row.text(column))),
            body: body.to_owned(),
            trace_id: 0,
            span_id: 0,
        });
    }
    Ok(())
}

/// Adds all spans of a table.
///
/// # Errors
/// If a column is missing or a cell cannot be read.
pub(super) fn traces(path: &Path, bytes: impl Read, draft: &mut Draft) -> Result<(), Flaw> {
    let mut table = Table::read(path, bytes, b',')?;
    let trace = table.one_of("trace", &["traceID", "trace_id"])?;
    let span = table.one_of("span", &["spanID", "span_id"])?;
    let parent = table.one_of("parent", &PARENT)?;
    let service = table.one_of("service", &["serviceName", "service_name", "service"])?;
    let operation = table.one_of("operation", &["operationName", "methodName", "operation"])?;
    let start = table.one_of("start", &["startTime", "start_time"])?;
    let duration = table.one_of("duration", &["duration"])?;
    let status = table.first_of(&["statusCode", "status_code", "status"]);
    let mut clock = Clock::new(TimeUnit::Us);
    while let Some(row) = table.next()? {
        let began = clock.read(row.text(start)).map_err(|problem| row.flaw(start, &problem))?;
        let micros = match row.number(duration)? {
            Cell::Number(micros) if (0.0..9e15).contains(&micros) => micros,
            _ => {
                draft.tally.count("spans without a duration left out");
                continue;
            }
        };
        if row.text(service).is_empty() || row.text(span).is_empty() {
            draft.tally.count("spans without an id or a service left out");
            continue;
        }
        draft.spans.push(Span {
            start: began,
            duration: SimDuration::from_nanos((micros * 1e3) as i64),
            trace_id: id(row.text(trace)),
            span_id: id(row.text(span)) as u64,
            parent_span_id: id(row.text(parent)) as u64,
            entity: draft.topology.service(row.text(service)),
            operation: Arc::from(row.text(operation)),
            kind: SpanKind::Internal,
            status: status.map_or(SpanStatus::Unset, |column| outcome(row.text(column))),
        });
    }
    Ok(())
}

/// An id as a number: hex as it is, other text by its hash, nothing as 0.
fn id(text: &str) -> u128 {
    if matches!(text, "" | "nan" | "NaN") {
        return 0;
    }
    u128::from_str_radix(text, 16).unwrap_or_else(|_| {
        let hash = blake3::hash(text.as_bytes());
        hash.as_bytes()[..16].iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte))
    })
}

fn outcome(code: &str) -> SpanStatus {
    match code.parse::<f64>() {
        Ok(code) if code == 0.0 || (100.0..500.0).contains(&code) => SpanStatus::Ok,
        Ok(code) if code.is_nan() => SpanStatus::Unset,
        Ok(_) => SpanStatus::Error,
        Err(_) if code.is_empty() => SpanStatus::Unset,
        Err(_) if code.eq_ignore_ascii_case("ok") => SpanStatus::Ok,
        Err(_) => SpanStatus::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_grpc_and_http_are_told_apart() {
        for (code, status) in [
            ("0", SpanStatus::Ok),
            ("200", SpanStatus::Ok),
            ("404", SpanStatus::Ok),
            ("13", SpanStatus::Error),
            ("503.0", SpanStatus::Error),
            ("", SpanStatus::Unset),
            ("NaN", SpanStatus::Unset),
        ] {
            assert_eq!(outcome(code), status, "{code}");
        }
    }

    #[test]
    fn ids_are_hex_or_hashed() {
        assert_eq!((id("ff"), id(""), id("nan")), (255, 0, 0));
        assert_ne!(id("span-one"), id("span-two"));
    }
}
