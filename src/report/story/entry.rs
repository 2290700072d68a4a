//! One line of the story: when, what sort, what, and how to take it.

use crate::unit::SimTime;

/// The sort of an entry; its order is the order at equal times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A fault, from the truth.
    Fault,
    /// Somebody changed something.
    Change,
    /// Something else happened: Kubernetes events, alerts, status pages.
    Event,
    /// Signals left or came back to their normal range.
    Signal,
    /// An incident was opened, merged, split or closed.
    Incident,
    /// A diagnosis was made or changed.
    Diagnosis,
    /// A plan was made.
    Plan,
    /// A guardrail ruled.
    Guard,
    /// An action was ordered.
    Action,
    /// What came of it.
    Outcome,
    /// People were told, paged or asked, or answered.
    People,
    /// Users are served again.
    Recovery,
    /// A remark of the trial.
    Note,
}

/// How an entry is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Harm.
    Bad,
    /// Watch out.
    Warn,
    /// Help.
    Good,
    /// Plain.
    Plain,
}

/// One line of the story.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// When.
    pub time: SimTime,
    /// When it ended, for things that last or repeat.
    pub until: Option<SimTime>,
    /// Its sort.
    pub lane: Lane,
    /// What, for a person.
    pub text: String,
    /// How to take it.
    pub tone: Tone,
}

impl Lane {
    /// Its name in reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Change => "change",
            Self::Event => "event",
            Self::Signal => "signal",
            Self::Incident => "incident",
            Self::Diagnosis => "diagnosis",
            Self::Plan => "plan",
            Self::Guard => "guardrail",
            Self::Action => "action",
            Self::Outcome => "outcome",
            Self::People => "people",
            Self::Recovery => "recovery",
            Self::Note => "note",
        }
    }
}

impl Tone {
    /// Its name as a CSS class.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Good => "good",
            Self::Plain => "plain",
        }
    }
}
