//! A sentence about a trial, or about many seeds, as plain data.
//!
//! The text is kept as it was written and is what a report shows. Sentences about one trial are
//! predicates over its scorecard and its journal; statistical forms speak of many seeds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::names::Metric;
use super::parse::{self, Misread};
use crate::model::{Cause, Verb};
use crate::unit::{Name, SimDuration, SimTime, Window};

/// A sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub form: Form,
}

/// What a sentence says.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// The trial's own seed keeps it.
    Holds(Predicate),
    /// Every one of these many seeds keeps it.
    Every {
        /// What each seed must keep.
        predicate: Predicate,
        /// How many seeds.
        seeds: u64,
    },
    /// A statistic over seeds keeps a bound.
    Statistic {
        /// Which statistic.
        statistic: Statistic,
        /// Of which number.
        metric: Metric,
        /// How it is compared.
        relation: Relation,
        /// With what, in the metric's unit.
        limit: f64,
        /// How many seeds.
        seeds: u64,
    },
    /// The share of seeds that keep a predicate is bounded, with confidence.
    Probability {
        /// What is counted.
        predicate: Predicate,
        /// `<=` or `>=` (`<` and `>` say the same of a continuous share).
        relation: Relation,
        /// The bound, from 0 to 1.
        share: f64,
        /// The confidence, from 0 to 1.
        level: f64,
        /// Most seeds that are tried.
        seeds: u64,
    },
}

/// A statistic over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The quantile, from 0 to 1.
    Quantile(f64),
    /// The mean.
    Mean,
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `==`
    Equal,
    /// `!=`
    Other,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

/// Something that is true of a trial or not.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// The opposite.
    Not(Box<Self>),
    /// A state at the end.
    State(State),
    /// A number of the scorecard keeps a bound.
    Number {
        /// Which number.
        metric: Metric,
        /// How it is compared.
        relation: Relation,
        /// With what, in the metric's unit.
        limit: f64,
    },
    /// The answer names an entity, a cause, or both.
    Blames {
        /// The entity.
        entity: Option<Name>,
        /// The cause.
        cause: Option<Cause>,
        /// How deep in the ranking it may stand, from 1.
        within: usize,
    },
    /// Something happens at least once.
    Happens(Happening),
    /// Something happens so many times.
    Count {
        /// What.
        what: Happening,
        /// How it is compared.
        relation: Relation,
        /// With what.
        limit: f64,
    },
    /// Something happens first before or after an instant.
    When {
        /// What.
        what: Happening,
        /// Before or after.
        order: Order,
        /// The instant.
        instant: Instant,
    },
    /// Things happen first in this order.
    Sequence(Vec<Happening>),
}

/// A state at the end of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Users are served within their objective again.
    Healed,
    /// The engine opened an incident.
    Detected,
    /// The first act on the fleet was wrong by the labels, or there was none to be right.
    WrongAction,
}

/// Before or after an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Before it.
    Before,
    /// After it.
    After,
}

/// An instant of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instant {
    /// The first such time of day (UTC) from the trial's start on, seconds from midnight.
    Clock(u32),
    /// So long after the first fault.
    AfterFault(SimDuration),
}

/// Something that can happen in a trial, to one entity or to any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What.
    pub sort: Sort,
    /// To whom; any if absent.
    pub target: Option<Name>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A fault begins (truth).
    Fault,
    /// A signal leaves its normal range.
    Signal,
    /// An incident is opened.
    Incident,
    /// A diagnosis is made.
    Diagnosis,
    /// A plan is made.
    Plan,
    /// A person is asked for approval.
    Ask,
    /// A person says yes.
    Approval,
    /// A person says no.
    Refusal,
    /// A person is woken.
    Page,
    /// A person saw a page.
    Acknowledgement,
    /// The team is told.
    Notice,
    /// An action is ordered, dry runs left out.
    Act(Verb),
    /// Any action on the fleet is ordered.
    AnyAct,
    /// An effect is verified by the engine.
    Verification,
    /// Users are served again.
    Recovery,
}

/// The words for what can happen; the first of each sort is the one that is suggested.
pub(super) const SORTS: &[(&str, Sort)] = &[
    ("fault", Sort::Fault),
    ("signal", Sort::Signal),
    ("incident", Sort::Incident),
    ("diagnosis", Sort::Diagnosis),
    ("diagnosed", Sort::Diagnosis),
    ("plan", Sort::Plan),
    ("planned", Sort::Plan),
    ("asked", Sort::Ask),
    ("approved", Sort::Approval),
    ("refused", Sort::Refusal),
    ("page", Sort::Page),
    ("paged", Sort::Page),
    ("acknowledged", Sort::Acknowledgement),
    ("notified", Sort::Notice),
    ("act", Sort::AnyAct),
    ("acted", Sort::AnyAct),
    ("verified", Sort::Verification),
    ("recovered", Sort::Recovery),
];

impl Statement {
    /// The format name in schemas.
    pub const FORMAT: &'static str = "expectation";
}

impl Form {
    /// The number of seeds of a statistical form.
    #[must_use]
    pub const fn seeds(&self) -> Option<u64> {
        match self {
            Self::Holds(_) => None,
            Self::Every { seeds, .. }
            | Self::Statistic { seeds, .. }
            | Self::Probability { seeds, .. } => Some(*seeds),
        }
    }
}

impl Relation {
    /// Whether `value` keeps it.
    #[must_use]
    pub fn keeps(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            // Counts and times are whole or read from the same text: exact comparison is meant.
            Self::Equal => value.total_cmp(&limit).is_eq(),
            Self::Other => value.total_cmp(&limit).is_ne(),
            Self::AtLeast => value >= limit,
            Self::More => value > limit,
        }
    }
}

impl Instant {
    /// The instant in a trial whose first fault began at `fault`.
    #[must_use]
    pub fn resolve(self, window: Window, fault: Option<SimTime>) -> Option<SimTime> {
        const DAY: i64 = 86_400;
        match self {
            Self::AfterFault(after) => Some(fault? + after),
            Self::Clock(seconds) => {
                let start = window.start.nanos().div_euclid(1_000_000_000);
                let today = start - start.rem_euclid(DAY) + i64::from(seconds);
                Some(SimTime::from_secs(if today < start { today + DAY } else { today }))
            }
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Statement {
    type Err = Misread;
    fn from_str(text: &str) -> Result<Self, Misread> {
        parse::read(text)
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Statement {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}
