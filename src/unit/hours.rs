//! Hours of the day and days of the week, UTC: when a rule is in force.
//!
//! In: texts such as `22:00-06:00` and `sat`. Out: whether an instant lies in them. A stretch whose
//! end is not after its begin runs over midnight. Limit: UTC only, no daylight saving, no holidays.

use serde::{Deserialize, Serialize};

use super::SimTime;

const DAY_MINUTES: u32 = 24 * 60;

/// A daily stretch of time, UTC, its end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    from: u32,
    until: u32,
}

/// A day of the week.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// All days, from Monday.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// The day of an instant, UTC.
    #[must_use]
    pub fn of(time: SimTime) -> Self {
        let days = time.nanos().div_euclid(86_400_000_000_000);
        // The epoch was a Thursday.
        Self::ALL[(days + 3).rem_euclid(7) as usize]
    }
}

impl Hours {
    /// Whether an instant lies in the stretch.
    #[must_use]
    pub fn contains(&self, time: SimTime) -> bool {
        let minute = (time.nanos().div_euclid(60_000_000_000)).rem_euclid(i64::from(DAY_MINUTES));
        let minute = minute as u32;
        if self.from < self.until {
            (self.from..self.until).contains(&minute)
        } else {
            minute >= self.from || minute < self.until
        }
    }
}

/// Why a text is no stretch of the day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected hours such as \"22:00-06:00\" (UTC), found {0:?}")]
pub struct HoursError(String);

impl std::str::FromStr for Hours {
    type Err = HoursError;
    fn from_str(text: &str) -> Result<Self, HoursError> {
        let clock = |part: &str| -> Option<u32> {
            let (hour, minute) = part.trim().split_once(':')?;
            let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
            let whole = hour * 60 + minute;
            (minute < 60 && whole <= DAY_MINUTES).then_some(whole)
        };
        let read = || {
            let (from, until) = text.split_once('-')?;
            let (from, until) = (clock(from)?, clock(until)?);
            (from != until && from < DAY_MINUTES).then_some(Self { from, until })
        };
        read().ok_or_else(|| HoursError(text.to_owned()))
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, until / 60, until % 60)
    }
}

impl Serialize for Hours {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Hours {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hours".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9]{1,2}:[0-9]{2}-[0-9]{1,2}:[0-9]{2}$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64, minute: i64) -> SimTime {
        SimTime::from_secs(86_400 * 20_000 + hour * 3600 + minute * 60)
    }

    #[test]
    fn a_stretch_may_run_over_midnight() {
        let night: Hours = "22:00-06:00".parse().unwrap();
        let work: Hours = "09:00-17:30".parse().unwrap();
        for (hour, minute, in_night, in_work) in [
            (21, 59, false, false),
            (22, 0, true, false),
            (3, 0, true, false),
            (6, 0, false, false),
        ] {
            let time = at(hour, minute);
            assert_eq!((night.contains(time), work.contains(time)), (in_night, in_work), "{hour}");
        }
        assert!(work.contains(at(17, 29)) && !work.contains(at(17, 30)));
        assert_eq!(night.to_string(), "22:00-06:00");
        for bad in ["22-6", "25:00-06:00", "09:00-09:00", "09:60-10:00", ""] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_counted_from_a_thursday() {
        assert_eq!(Day::of(SimTime::from_secs(0)), Day::Thu);
        assert_eq!(Day::of(SimTime::from_secs(-1)), Day::Wed);
        assert_eq!(Day::of(SimTime::from_secs(4 * 86_400)), Day::Mon);
    }
}
