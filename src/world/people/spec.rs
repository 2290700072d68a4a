//! How the people on call behave, as a scenario file writes it.
//!
//! Plain data. Hours are UTC, 0..24; a stretch whose end is before its begin goes past midnight.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::repair::ManualSpec;
use super::rotation::ShiftSpec;
use crate::unit::{Ratio, SimDuration};

/// How the people on call behave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PeopleSpec {
    /// Who is on call when there is no rotation.
    pub person: String,
    /// Shifts; at an hour that no shift covers nobody is on call (default: `person`, always).
    pub rotation: Vec<ShiftSpec>,
    /// Who is paged when the person on call has not acknowledged in time (default: nobody).
    pub backup: Option<String>,
    /// From a page without acknowledgement to the page of `backup` (default 15m).
    pub escalate_after: SimDuration,
    /// Median time from a page to its acknowledgement (default 5m).
    pub acknowledge_after: SimDuration,
    /// What they say to a request for approval (default yes).
    pub approve: Approve,
    /// Median time from a request to the answer (default 3m).
    pub approve_after: SimDuration,
    /// Standard deviation of the logarithm of all these delays (default 0.4: two of three are
    /// within a factor of 1.5 of the median; 0: exactly the median).
    pub spread: f64,
    /// At night acknowledgements and answers take this many times as long (default 2).
    pub night_factor: f64,
    /// Hour at which the night begins, UTC (default 22).
    pub night_from: f64,
    /// Hour at which the night ends, UTC (default 7).
    pub night_to: f64,
    /// Share of answers that are mistyped: unreadable and typed again, the opposite of what was
    /// meant, or about another request that waits (default 0).
    pub typo_ratio: Ratio,
    /// What they do by hand about what they were paged for.
    pub manual: ManualSpec,
}

/// What a person says to a request for approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approve {
    /// Do it.
    Yes,
    /// Do not.
    No,
    /// Nothing: nobody looks, and pages stay unacknowledged too.
    Absent,
}

/// Plain `yes` and `no` are truth values to many YAML readers, so those are taken too.
impl<'de> Deserialize<'de> for Approve {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Value::deserialize(d)? {
            Value::Bool(true) => Ok(Self::Yes),
            Value::Bool(false) => Ok(Self::No),
            Value::String(text) if text == "yes" => Ok(Self::Yes),
            Value::String(text) if text == "no" => Ok(Self::No),
            Value::String(text) if text == "absent" => Ok(Self::Absent),
            other => Err(Error::custom(format!("expected yes, no or absent, found {other}"))),
        }
    }
}

impl Default for PeopleSpec {
    fn default() -> Self {
        Self {
            person: "on-call".to_owned(),
            rotation: Vec::new(),
            backup: None,
            escalate_after: SimDuration::from_secs(900),
            acknowledge_after: SimDuration::from_secs(300),
            approve: Approve::Yes,
            approve_after: SimDuration::from_secs(180),
            spread: 0.4,
            night_factor: 2.0,
            night_from: 22.0,
            night_to: 7.0,
            typo_ratio: Ratio::ZERO,
            manual: ManualSpec::default(),
        }
    }
}

impl PeopleSpec {
    /// What is out of bounds: path below `people`, what was expected.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut note = |path: String, message: String| found.push((path, message));
        for (name, value) in [
            ("escalate_after", self.escalate_after),
            ("acknowledge_after", self.acknowledge_after),
            ("approve_after", self.approve_after),
        ] {
            if value < SimDuration::ZERO {
                note(name.to_owned(), format!("expected at least 0s, found {value}"));
            }
        }
        for (name, value, least, most) in [
            ("spread", self.spread, 0.0, 3.0),
            ("night_factor", self.night_factor, 1.0, 100.0),
            ("manual.spread", self.manual.spread, 0.0, 3.0),
            ("manual.pace", self.manual.pace, 0.01, 100.0),
        ] {
            if !(least..=most).contains(&value) {
                note(name.to_owned(), format!("expected from {least} to {most}, found {value}"));
            }
        }
        let shifts = self.rotation.iter().enumerate();
        let hours = shifts.flat_map(|(i, shift)| {
            [(format!("rotation[{i}].from"), shift.from), (format!("rotation[{i}].to"), shift.to)]
        });
        let night =
            [("night_from".to_owned(), self.night_from), ("night_to".to_owned(), self.night_to)];
        for (name, hour) in hours.chain(night) {
            if !(0.0..=24.0).contains(&hour) {
                note(name, format!("expected an hour from 0 to 24, found {hour}"));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_read_with_and_without_quotes() {
        for (text, approve) in [
            ("yes", Approve::Yes),
            ("'yes'", Approve::Yes),
            ("no", Approve::No),
            ("absent", Approve::Absent),
        ] {
            let people: PeopleSpec = serde_saphyr::from_str(&format!("approve: {text}")).unwrap();
            assert_eq!(people.approve, approve, "{text}");
        }
        assert!(serde_saphyr::from_str::<PeopleSpec>("approve: maybe").is_err());
    }

    #[test]
    fn what_no_person_does_is_named() {
        let text = "{ spread: -1, night_from: 25, rotation: [{ person: a, from: 8, to: 99 }] }";
        let people: PeopleSpec = serde_saphyr::from_str(text).unwrap();
        let paths: Vec<String> = people.problems().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["spread", "rotation[0].to", "night_from"]);
        assert!(PeopleSpec::default().problems().is_empty());
    }
}
