//! The people on call: who sees a page, who approves, how long both take.
//!
//! In: a page or a request for approval. Out: `Answer`s at a later instant, or none at all.
//! Known limit: one person, fixed delays; night and fatigue come later.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::model::{Answer, AnswerKind};
use crate::unit::{ActionId, Name, SimDuration, SimTime};

/// How the person on call behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PeopleSpec {
    /// Who is on call.
    pub person: String,
    /// From a page to its acknowledgement (default 5m).
    pub acknowledge_after: SimDuration,
    /// What they say to a request for approval (default yes).
    pub approve: Approve,
    /// From a request to the answer (default 3m).
    pub approve_after: SimDuration,
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
            acknowledge_after: SimDuration::from_secs(300),
            approve: Approve::Yes,
            approve_after: SimDuration::from_secs(180),
        }
    }
}

impl PeopleSpec {
    /// What comes back of a page that is delivered at `now`.
    #[must_use]
    pub fn acknowledge(&self, action: ActionId, now: SimTime) -> Option<Answer> {
        (self.approve != Approve::Absent)
            .then(|| self.answer(action, now + self.acknowledge_after, AnswerKind::Acknowledged))
    }

    /// What comes back of a request for approval made at `now`.
    #[must_use]
    pub fn decide(&self, action: ActionId, now: SimTime) -> Option<Answer> {
        let kind = match self.approve {
            Approve::Yes => AnswerKind::Approved,
            Approve::No => AnswerKind::Refused,
            Approve::Absent => return None,
        };
        Some(self.answer(action, now + self.approve_after, kind))
    }

    fn answer(&self, action: ActionId, time: SimTime, kind: AnswerKind) -> Answer {
        Answer { action, time, kind, person: Name::from(self.person.as_str()) }
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
    fn people_answer_late_or_never() {
        let now = SimTime::from_secs(100);
        let mut people = PeopleSpec::default();
        let answer = people.decide(ActionId(1), now).unwrap();
        assert_eq!((answer.kind, answer.time), (AnswerKind::Approved, SimTime::from_secs(280)));
        people.approve = Approve::No;
        assert_eq!(people.decide(ActionId(1), now).unwrap().kind, AnswerKind::Refused);
        assert!(people.acknowledge(ActionId(1), now).is_some());
        people.approve = Approve::Absent;
        assert!(people.decide(ActionId(1), now).is_none());
        assert!(people.acknowledge(ActionId(1), now).is_none());
    }
}
