//! One log record, after the OpenTelemetry log data model.

use crate::unit::{EntityId, SimTime};

/// One line of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRecord {
    /// When it was written.
    pub time: SimTime,
    /// Which service or replica wrote it.
    pub entity: EntityId,
    /// OpenTelemetry severity number, 1..=24; 0 if unknown.
    pub severity: u8,
    /// The text.
    pub body: String,
    /// The trace it belongs to; 0 if none.
    pub trace_id: u128,
    /// The span it belongs to; 0 if none.
    pub span_id: u64,
}

/// OpenTelemetry severity numbers (first of each range).
pub mod severity {
    /// Debugging.
    pub const DEBUG: u8 = 5;
    /// Informational.
    pub const INFO: u8 = 9;
    /// A warning.
    pub const WARN: u8 = 13;
    /// An error.
    pub const ERROR: u8 = 17;
    /// A fatal error.
    pub const FATAL: u8 = 21;

    /// The number for a level's usual name, 0 if it is none.
    #[must_use]
    pub fn parse(level: &str) -> u8 {
        match level.trim().to_ascii_uppercase().as_str() {
            "TRACE" => 1,
            "DEBUG" => DEBUG,
            "INFO" | "NOTICE" | "INFORMATION" => INFO,
            "WARN" | "WARNING" => WARN,
            "ERROR" | "ERR" | "SEVERE" => ERROR,
            "FATAL" | "CRITICAL" | "PANIC" | "EMERGENCY" => FATAL,
            _ => 0,
        }
    }
}
