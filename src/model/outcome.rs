//! What the world and its people answer to an engine.

use serde::{Deserialize, Serialize};

use crate::unit::{ActionId, Name, SimTime};

/// How an action ended, or that it began.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeStatus {
    /// Under way.
    Started,
    /// Done as asked. Says nothing about whether it helped.
    Applied,
    /// Done in part; the rest failed.
    Partial,
    /// Not done; nothing changed or it was taken back.
    Failed,
    /// Makes no sense here (nothing to roll back to, no such target).
    NotApplicable,
    /// Nobody can know: the world is a recording.
    Unknown,
}

impl OutcomeStatus {
    /// Whether nothing more will come.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Started)
    }
}

/// What the world says of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Outcome {
    /// The action.
    pub action: ActionId,
    /// When.
    pub time: SimTime,
    /// How it stands.
    pub status: OutcomeStatus,
    /// Particulars, for a person.
    pub detail: String,
}

/// What a person does with a page or a request.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// Saw the page.
    Acknowledged,
    /// Yes, do it.
    Approved,
    /// No, do not.
    Refused,
    /// Mended by hand what the page was about.
    Fixed,
}

/// One answer of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answer {
    /// The action it is about.
    pub action: ActionId,
    /// When.
    pub time: SimTime,
    /// What they said.
    pub kind: AnswerKind,
    /// Who.
    pub person: Name,
    /// What they did or why, for a person; empty if there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}
