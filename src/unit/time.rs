//! Simulated time as integer nanoseconds: instants, durations and windows.
//!
//! Text forms: RFC 3339 in UTC for instants (`2026-01-06T02:47:00Z`), number and unit for
//! durations (`90s`, `5m`, `1h30m`, `250ms`). Integers keep event order exact on every machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An instant: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(i64);

/// A length of time in nanoseconds; may be negative where it is a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimDuration(i64);

/// A half-open stretch of time: `start <= t < end`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// First instant inside.
    pub start: SimTime,
    /// First instant after.
    pub end: SimTime,
}

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 instant.
    #[error("expected a time such as \"2026-01-06T02:47:00Z\", found {0:?}")]
    Instant(String),
    /// Not a duration.
    #[error(
        "expected a duration such as \"90s\", \"5m\" or \"1h30m\" (units ns, us, ms, s, m, h, d), \
         found {0:?}"
    )]
    Duration(String),
}

impl SimTime {
    /// From nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The stretch from `earlier` to `self`; negative if `self` is before it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }

    /// The hour of day in UTC, 0.0..24.0.
    #[must_use]
    pub fn hour_of_day(self) -> f64 {
        self.0.rem_euclid(86_400_000_000_000) as f64 / 3.6e12
    }
}

impl SimDuration {
    /// No time.
    pub const ZERO: Self = Self(0);

    /// From nanoseconds.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// From whole seconds.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs * 1_000_000_000)
    }

    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis * 1_000_000)
    }

    /// From fractional seconds, rounded to the nearest nanosecond; NaN becomes zero.
    #[must_use]
    pub fn from_secs_f64(secs: f64) -> Self {
        Self((secs * 1e9).round() as i64)
    }

    /// Nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Seconds as a float.
    #[must_use]
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// `self` scaled by `factor`, rounded to the nearest nanosecond.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        Self((self.0 as f64 * factor).round() as i64)
    }
}

impl Window {
    /// Whether `time` is inside.
    #[must_use]
    pub fn contains(&self, time: SimTime) -> bool {
        self.start <= time && time < self.end
    }

    /// Whether the two share an instant.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Its length.
    #[must_use]
    pub fn length(&self) -> SimDuration {
        self.end.since(self.start)
    }
}

impl std::ops::Add<SimDuration> for SimTime {
    type Output = Self;
    fn add(self, by: SimDuration) -> Self {
        Self(self.0.saturating_add(by.0))
    }
}

impl std::ops::Sub<SimDuration> for SimTime {
    type Output = Self;
    fn sub(self, by: SimDuration) -> Self {
        Self(self.0.saturating_sub(by.0))
    }
}

impl std::ops::AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, by: SimDuration) {
        *self = *self + by;
    }
}

impl std::ops::Add for SimDuration {
    type Output = Self;
    fn add(self, by: Self) -> Self {
        Self(self.0.saturating_add(by.0))
    }
}

impl std::ops::Sub for SimDuration {
    type Output = Self;
    fn sub(self, by: Self) -> Self {
        Self(self.0.saturating_sub(by.0))
    }
}

impl std::ops::Mul<i64> for SimDuration {
    type Output = Self;
    fn mul(self, by: i64) -> Self {
        Self(self.0.saturating_mul(by))
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(stamp) => write!(f, "{stamp}"),
            Err(_) => write!(f, "{}ns", self.0),
        }
    }
}

impl FromStr for SimTime {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::Instant(text.to_owned());
        let stamp: jiff::Timestamp = text.trim().parse().map_err(|_| bad())?;
        i64::try_from(stamp.as_nanosecond()).map(Self).map_err(|_| bad())
    }
}

const UNITS: [(&str, i64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return write!(f, "0s");
        }
        if self.0 < 0 {
            write!(f, "-")?;
        }
        let mut rest = self.0.unsigned_abs();
        for (name, size) in UNITS {
            let count = rest / size.unsigned_abs();
            rest %= size.unsigned_abs();
            if count > 0 {
                write!(f, "{count}{name}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for SimDuration {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::Duration(text.to_owned());
        let (sign, mut rest) = match text.trim().strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.trim()),
        };
        if rest == "0" {
            return Ok(Self::ZERO);
        }
        let mut total: i64 = 0;
        if rest.is_empty() {
            return Err(bad());
        }
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
            let number: f64 = rest[..digits].parse().map_err(|_| bad())?;
            rest = &rest[digits..];
            let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let (_, size) = UNITS.iter().find(|(n, _)| *n == &rest[..letters]).ok_or_else(bad)?;
            rest = &rest[letters..];
            let nanos = (number * *size as f64).round();
            if nanos > 9e18 {
                return Err(bad());
            }
            total = total.checked_add(nanos as i64).ok_or_else(bad)?;
        }
        Ok(Self(sign * total))
    }
}

macro_rules! text_form {
    ($type:ident, $format:literal) => {
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "format": $format })
            }
        }
    };
}

text_form!(SimTime, "date-time");
text_form!(SimDuration, "duration");

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn duration(text: &str, nanos: i64, printed: &str) {
        let parsed: SimDuration = text.parse().unwrap();
        assert_eq!(parsed, SimDuration(nanos));
        assert_eq!(parsed.to_string(), printed);
    }

    #[test]
    fn durations_read_and_print() {
        duration("90s", 90_000_000_000, "1m30s");
        duration("1h30m", 5_400_000_000_000, "1h30m");
        duration("250ms", 250_000_000, "250ms");
        duration("-60s", -60_000_000_000, "-1m");
        duration("0", 0, "0s");
        duration("1.5h", 5_400_000_000_000, "1h30m");
    }

    #[test]
    fn wrong_units_are_named() {
        for bad in ["5", "5 minutes", "m", "", "5x", "1e400s", "999999999999d"] {
            assert!(bad.parse::<SimDuration>().is_err(), "{bad}");
        }
    }

    #[test]
    fn instants_round_trip() {
        let time: SimTime = "2026-01-06T02:47:00Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-01-06T02:47:00Z");
        assert!((time.hour_of_day() - 2.783_333).abs() < 1e-4);
        assert!("02:47".parse::<SimTime>().is_err());
    }
}
