//! Expectations as maps of one key: `healed: true`, `mttr: "<= 15m"`.
//!
//! Plain data with a text form for bounds (`"<= 15m"`). Whether an expectation is met is judged in
//! `campaign/`, from the scorecard and the journal; what is absent there is never met.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::{Cause, Verb};
use crate::unit::{Name, SimDuration};

/// One expectation, a map of one key: `healed: true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clause {
    /// Whether users are served within their objective again before the end.
    Healed(bool),
    /// Whether the engine detected an incident at all.
    Detected(bool),
    /// The entity that the last diagnosis must name first.
    RootCause(Name),
    /// The cause that the last diagnosis must name first.
    Cause(Cause),
    /// An action that must have been applied.
    Applied(Verb),
    /// An action that must not have been done, not even in part.
    NotDone(Verb),
    /// Most guardrail violations, of all kinds together, as the referee counts them.
    MaxViolations(u32),
    /// Time from onset to recovery, of the mean over incidents.
    Mttr(Bound),
    /// Time from onset to detection, of the mean over incidents.
    Mttd(Bound),
}

/// How a value is compared with a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

/// A bound on a duration: `<= 15m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// How to compare.
    pub comparison: Comparison,
    /// With what.
    pub limit: SimDuration,
}

/// Why a text is no bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a bound such as \"<= 15m\" (<, <=, > or >=, then a duration), found {0:?}")]
pub struct BoundError(String);

const SIGNS: [(&str, Comparison); 4] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::More),
];

impl Bound {
    /// The format name in schemas.
    pub const FORMAT: &'static str = "duration-bound";

    /// Whether a number of seconds keeps it.
    #[must_use]
    pub fn keeps(self, seconds: f64) -> bool {
        let limit = self.limit.secs_f64();
        match self.comparison {
            Comparison::Less => seconds < limit,
            Comparison::AtMost => seconds <= limit,
            Comparison::More => seconds > limit,
            Comparison::AtLeast => seconds >= limit,
        }
    }
}

impl FromStr for Bound {
    type Err = BoundError;
    fn from_str(text: &str) -> Result<Self, BoundError> {
        let bad = || BoundError(text.to_owned());
        let trimmed = text.trim();
        let sign = |(sign, comparison)| Some((trimmed.strip_prefix(sign)?, comparison));
        let (rest, comparison) = SIGNS.into_iter().find_map(sign).ok_or_else(bad)?;
        let limit = rest.parse().map_err(|_| bad())?;
        Ok(Self { comparison, limit })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = SIGNS.iter().find(|(_, c)| *c == self.comparison).map_or("", |(s, _)| *s);
        write!(f, "{sign} {}", self.limit)
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Healed(value) => write!(f, "healed: {value}"),
            Self::Detected(value) => write!(f, "detected: {value}"),
            Self::RootCause(name) => write!(f, "root_cause: {name}"),
            Self::Cause(cause) => write!(f, "cause: {cause}"),
            Self::Applied(verb) => write!(f, "applied: {verb}"),
            Self::NotDone(verb) => write!(f, "not_done: {verb}"),
            Self::MaxViolations(most) => write!(f, "max_violations: {most}"),
            Self::Mttr(bound) => write!(f, "mttr: {bound}"),
            Self::Mttd(bound) => write!(f, "mttd: {bound}"),
        }
    }
}

impl Serialize for Bound {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Bound {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": Self::FORMAT })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_read_print_and_compare() {
        for (text, seconds, kept) in [
            ("<= 15m", 900.0, true),
            ("< 15m", 900.0, false),
            ("> 90s", 91.0, true),
            (">=1h", 10.0, false),
        ] {
            let bound: Bound = text.parse().unwrap();
            assert_eq!(bound.keeps(seconds), kept, "{text}");
            assert_eq!(bound.to_string().parse(), Ok(bound));
        }
        for bad in ["15m", "= 15m", "<= soon", ""] {
            assert!(bad.parse::<Bound>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_expectation_is_a_map_of_one_key() {
        let read = |text| serde_json::from_str::<Clause>(text);
        assert_eq!(read(r#"{"cause":"bad_deploy"}"#).unwrap(), Clause::Cause(Cause::BadDeploy));
        assert_eq!(read(r#"{"mttr":"<= 15m"}"#).unwrap().to_string(), "mttr: <= 15m");
    }
}
