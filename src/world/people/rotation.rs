//! Who is on call at an hour: shifts that repeat every day.
//!
//! In: an instant. Out: the person of the first shift that covers it, if any.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::spec::PeopleSpec;
use crate::unit::SimTime;

/// One person's hours, every day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftSpec {
    /// Who is on call.
    pub person: String,
    /// First hour, UTC, 0..24.
    pub from: f64,
    /// Last hour, UTC, 0..24; below `from` it is the next day.
    pub to: f64,
}

/// Whether an hour lies in a stretch that may go past midnight.
pub(super) fn covers(from: f64, to: f64, hour: f64) -> bool {
    if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to }
}

impl PeopleSpec {
    /// Who is on call at `now`.
    #[must_use]
    pub fn on_call(&self, now: SimTime) -> Option<&str> {
        if self.rotation.is_empty() {
            return Some(&self.person);
        }
        let hour = now.hour_of_day();
        let shift = self.rotation.iter().find(|shift| covers(shift.from, shift.to, hour));
        shift.map(|shift| shift.person.as_str())
    }

    /// Whether it is night.
    #[must_use]
    pub fn is_night(&self, now: SimTime) -> bool {
        covers(self.night_from, self.night_to, now.hour_of_day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_go_past_midnight_and_leave_holes() {
        let text =
            "rotation: [{ person: day, from: 8, to: 18 }, { person: night, from: 20, to: 6 }]";
        let people: PeopleSpec = serde_saphyr::from_str(text).unwrap();
        let who = |clock: &str| people.on_call(format!("2026-01-06T{clock}Z").parse().unwrap());
        assert_eq!(who("08:00:00"), Some("day"));
        assert_eq!(who("17:59:59"), Some("day"));
        assert_eq!(who("18:00:00"), None);
        assert_eq!(who("23:30:00"), Some("night"));
        assert_eq!(who("05:59:00"), Some("night"));
        assert_eq!(who("07:00:00"), None);
    }
}
