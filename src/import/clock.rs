//! Timestamps as foreign files write them -> instants.
//!
//! Owns the guess of an epoch's unit (s, ms, us, ns by magnitude, decided once per column) and
//! text with or without a zone (none: UTC, and the clock remembers that it assumed so). Decimals
//! are read digit by digit, so that nanoseconds survive. Source for text: RFC 3339 and ISO 8601.
//! Known limit: the guess reads numbers below 1e11 as seconds, so milliseconds before 1973-03-03
//! need their unit said.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::unit::SimTime;

/// How a column writes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimeUnit {
    /// Decided by the first value: text, or an epoch whose unit its magnitude tells.
    #[default]
    Auto,
    /// Seconds since 1970, decimals allowed.
    S,
    /// Milliseconds since 1970.
    Ms,
    /// Microseconds since 1970.
    Us,
    /// Nanoseconds since 1970.
    Ns,
    /// Text such as `2026-01-06T02:47:00Z`; without a zone it is UTC.
    Rfc3339,
}

/// Reads the timestamps of one column.
#[derive(Debug, Clone, Default)]
pub(super) struct Clock {
    unit: TimeUnit,
    /// Whether some text had no zone, so that UTC was assumed.
    pub(super) assumed_utc: bool,
    /// The unit that `Auto` settled on.
    pub(super) settled: Option<TimeUnit>,
}

impl Clock {
    pub(super) fn new(unit: TimeUnit) -> Self {
        Self { unit, ..Self::default() }
    }

    /// The instant that `text` writes.
    ///
    /// # Errors
    /// A fragment with what was found and what was expected.
    pub(super) fn read(&mut self, text: &str) -> Result<SimTime, String> {
        let text = text.trim();
        let unit = match (self.unit, self.settled) {
            (TimeUnit::Auto, Some(unit)) => unit,
            (TimeUnit::Auto, None) => guess(text),
            (said, _) => said,
        };
        let time = match nanos_per(unit) {
            Some(scale) => decimal(text, scale).ok_or_else(|| {
                format!("expected a number of {} since 1970, found {text:?}", word(unit))
            })?,
            None => self.civil(text)?,
        };
        self.settled = Some(unit);
        Ok(time)
    }

    fn civil(&mut self, text: &str) -> Result<SimTime, String> {
        if let Ok(time) = text.parse::<SimTime>() {
            return Ok(time);
        }
        let bad = || {
            format!(
                "expected a time such as \"2026-01-06T02:47:00Z\" or \"2026-01-06 02:47:00\", \
                 found {text:?}"
            )
        };
        let civil: jiff::civil::DateTime = text.parse().map_err(|_| bad())?;
        let stamp = jiff::tz::Offset::UTC.to_timestamp(civil).map_err(|_| bad())?;
        let nanos = i64::try_from(stamp.as_nanosecond()).map_err(|_| bad())?;
        self.assumed_utc = true;
        Ok(SimTime::from_nanos(nanos))
    }
}

/// An instant from a number of seconds, rounded to the millisecond.
pub(super) fn from_secs_f64(secs: f64) -> Option<SimTime> {
    let millis = (secs * 1e3).round();
    (millis.abs() < 9.2e12).then(|| SimTime::from_nanos(millis as i64 * 1_000_000))
}

fn guess(text: &str) -> TimeUnit {
    match text.parse::<f64>() {
        Ok(number) if number.abs() < 1e11 => TimeUnit::S,
        Ok(number) if number.abs() < 1e14 => TimeUnit::Ms,
        Ok(number) if number.abs() < 1e17 => TimeUnit::Us,
        Ok(_) => TimeUnit::Ns,
        Err(_) => TimeUnit::Rfc3339,
    }
}

const fn nanos_per(unit: TimeUnit) -> Option<i128> {
    match unit {
        TimeUnit::S => Some(1_000_000_000),
        TimeUnit::Ms => Some(1_000_000),
        TimeUnit::Us => Some(1_000),
        TimeUnit::Ns => Some(1),
        TimeUnit::Auto | TimeUnit::Rfc3339 => None,
    }
}

const fn word(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::S => "seconds",
        TimeUnit::Ms => "milliseconds",
        TimeUnit::Us => "microseconds",
        _ => "nanoseconds",
    }
}

/// `text` times `scale` in nanoseconds, exact for plain decimals, rounded for exponents.
fn decimal(text: &str, scale: i128) -> Option<SimTime> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.len() <= 20 && s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) {
        let nanos = text.parse::<f64>().ok()? * scale as f64;
        return (nanos.abs() < 9.2e18).then(|| SimTime::from_nanos(nanos.round() as i64));
    }
    let mut nanos = whole.parse::<i128>().ok()? * scale;
    let mut place = scale;
    for digit in part.bytes() {
        place /= 10;
        nanos += i128::from(digit - b'0') * place;
    }
    i64::try_from(sign * nanos).ok().map(SimTime::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(unit: TimeUnit, text: &str, expected: Option<&str>) {
        let read = Clock::new(unit).read(text).ok().map(|t| t.to_string());
        assert_eq!(read.as_deref(), expected, "{text}");
    }

    #[test]
    fn epochs_tell_their_unit_by_magnitude() {
        let expected = Some("2023-11-14T22:13:20Z");
        for text in ["1700000000", "1700000000000", "1700000000000000", "1700000000000000000"] {
            check(TimeUnit::Auto, text, expected);
        }
        check(TimeUnit::Auto, "1700000000.123456789", Some("2023-11-14T22:13:20.123456789Z"));
        check(TimeUnit::Auto, "1.7e9", expected);
        check(TimeUnit::Ms, "1000", Some("1970-01-01T00:00:01Z"));
        check(TimeUnit::S, "-1.5", Some("1969-12-31T23:59:58.5Z"));
    }

    #[test]
    fn text_needs_no_zone_but_that_is_remembered() {
        check(TimeUnit::Auto, "2014-04-10 07:15:00.000000", Some("2014-04-10T07:15:00Z"));
        check(TimeUnit::Auto, "2014-04-10T07:15:00+02:00", Some("2014-04-10T05:15:00Z"));
        check(TimeUnit::Auto, "2014-04-10 07:15:00Z", Some("2014-04-10T07:15:00Z"));
        let mut clock = Clock::default();
        clock.read("2014-04-10T07:15:00Z").unwrap();
        assert!(!clock.assumed_utc);
        clock.read("2014-04-10 07:15").unwrap();
        assert!(clock.assumed_utc);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "soon", "2014-13-01 00:00:00", "NaN", "inf", "1e300", "12:30"] {
            check(TimeUnit::Auto, text, None);
        }
        check(TimeUnit::Ns, "99999999999999999999", None);
        check(TimeUnit::S, "99999999999", None);
        let error = Clock::new(TimeUnit::Ms).read("2014-04-10").unwrap_err();
        assert_eq!(error, "expected a number of milliseconds since 1970, found \"2014-04-10\"");
    }

    #[test]
    fn seconds_beyond_the_calendar_are_no_instant() {
        assert_eq!(from_secs_f64(1.5), Some(SimTime::from_nanos(1_500_000_000)));
        for secs in [9.3e9, -9.3e9, f64::NAN, f64::INFINITY] {
            assert_eq!(from_secs_f64(secs), None);
        }
    }

    #[test]
    fn the_unit_is_decided_once() {
        let mut clock = Clock::default();
        clock.read("1700000000000").unwrap();
        assert_eq!(clock.read("1000").unwrap().to_string(), "1970-01-01T00:00:01Z");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            text in ".{0,40}", digits in "-?[0-9]{0,25}[.]?[0-9]{0,25}"
        ) {
            let _ = Clock::default().read(&text);
            let _ = Clock::default().read(&digits);
        }

        #[test]
        fn nanoseconds_survive(nanos in 100_000_000_000_000_000_i64..i64::MAX) {
            let read = Clock::default().read(&nanos.to_string());
            prop_assert_eq!(read, Ok(SimTime::from_nanos(nanos)));
        }
    }
}
