//! OTLP logs and spans -> log records and spans.
//!
//! Source: OpenTelemetry logs and traces data models. A log without a time takes the time it was
//! observed; a span that ends before it begins has suffered a clock and is left out (counted).
//! Known limit: attributes of logs and spans, span events and links are not kept.

use super::value::{AnyValue, Enum, attribute, hex_id};
use super::wire::{Log, WireSpan};
use crate::import::draft::Draft;
use crate::model::{LogRecord, Span, SpanKind, SpanStatus, severity};
use crate::unit::{EntityId, SimTime};

const KINDS: [&str; 6] = [
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];
const STATUSES: [&str; 3] = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
/// First number of each range of four; names in files end in 2, 3 or 4 for the others.
const SEVERITIES: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// Adds one log record.
///
/// # Errors
/// If an id is no hex of its length.
pub(super) fn log(draft: &mut Draft, entity: EntityId, log: &Log) -> Result<(), String> {
    let nanos =
        if log.time_unix_nano.0 > 0 { log.time_unix_nano } else { log.observed_time_unix_nano };
    if nanos.0 <= 0 {
        draft.tally.count("logs without a time left out");
        return Ok(());
    }
    let attributes = log.attributes.as_ref();
    let body = log.body.as_ref().map(AnyValue::render).filter(|body| !body.is_empty());
    let exception = || attribute(attributes, "exception.message");
    draft.logs.push(LogRecord {
        time: SimTime::from_nanos(nanos.0),
        entity,
        severity: severity_of(log),
        body: body.or_else(exception).unwrap_or_default(),
        trace_id: hex_id(&log.trace_id.0, 32)?,
        span_id: span_id(&log.span_id.0)?,
    });
    Ok(())
}

fn severity_of(log: &Log) -> u8 {
    let number = match &log.severity_number {
        Enum::Number(number) => u8::try_from(*number).unwrap_or(0),
        Enum::Name(name) => named_severity(name),
    };
    match number {
        1..=24 => number,
        _ => severity::parse(&log.severity_text.0),
    }
}

/// `SEVERITY_NUMBER_ERROR2` -> 18; 0 if it is no such name.
fn named_severity(name: &str) -> u8 {
    let Some(level) = name.strip_prefix("SEVERITY_NUMBER_") else { return 0 };
    let word = level.trim_end_matches(|c: char| c.is_ascii_digit());
    let nth: u8 = level[word.len()..].parse().unwrap_or(1);
    let first = SEVERITIES.iter().position(|s| *s == word).and_then(|at| u8::try_from(at).ok());
    match (first, nth) {
        (Some(at), 1..=4) => at * 4 + nth,
        _ => 0,
    }
}

/// Adds one span.
///
/// # Errors
/// If an id is no hex of its length.
pub(super) fn span(draft: &mut Draft, entity: EntityId, span: &WireSpan) -> Result<(), String> {
    let (trace_id, span_id) = (hex_id(&span.trace_id.0, 32)?, self::span_id(&span.span_id.0)?);
    let parent_span_id = self::span_id(&span.parent_span_id.0)?;
    let (start, end) = (span.start_time_unix_nano.0, span.end_time_unix_nano.0);
    if trace_id == 0 || span_id == 0 {
        draft.tally.count("spans without an id left out");
        return Ok(());
    }
    if start <= 0 || end < start {
        draft.tally.count("spans without a start, or that end before it, left out");
        return Ok(());
    }
    let start = SimTime::from_nanos(start);
    draft.spans.push(Span {
        start,
        duration: SimTime::from_nanos(end).since(start),
        trace_id,
        span_id,
        parent_span_id,
        entity,
        operation: span.name.0.as_str().into(),
        kind: match span.kind.number(&KINDS) {
            Some(2) => SpanKind::Server,
            Some(3) => SpanKind::Client,
            Some(4) => SpanKind::Producer,
            Some(5) => SpanKind::Consumer,
            _ => SpanKind::Internal,
        },
        status: match span.status.as_ref().and_then(|s| s.code.number(&STATUSES)) {
            Some(1) => SpanStatus::Ok,
            Some(2) => SpanStatus::Error,
            _ => SpanStatus::Unset,
        },
    });
    Ok(())
}

fn span_id(text: &str) -> Result<u64, String> {
    let id = hex_id(text, 16)?;
    Ok(u64::try_from(id).expect("16 hex digits are 64 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_by_name_follow_the_data_model() {
        for (name, number) in [
            ("SEVERITY_NUMBER_TRACE", 1),
            ("SEVERITY_NUMBER_WARN", 13),
            ("SEVERITY_NUMBER_ERROR2", 18),
            ("SEVERITY_NUMBER_FATAL4", 24),
            ("SEVERITY_NUMBER_ERROR9", 0),
            ("ERROR", 0),
        ] {
            assert_eq!(named_severity(name), number, "{name}");
        }
    }
}
