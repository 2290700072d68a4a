//! What the referee is given: the journal, the truth and what really happened. No engine, no world.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::safety::Rules;
use crate::model::{Journal, Topology, Truth, WorldRecord};
use crate::unit::{Name, Window};

/// What an action can change in the world that was run.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A mock fleet: an action changes the telemetry that follows.
    ClosedLoop,
    /// A recording: actions are judged against the truth, their effect is unknown.
    OpenLoop,
    /// A recording whose deviation fades after a right remedy: results are modelled.
    Counterfactual,
}

/// Everything that one trial is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What actions could change.
    pub mode: Mode,
    /// The stretch of time that was run.
    pub window: Window,
    /// What was said and answered.
    pub journal: &'a Journal,
    /// What really was wrong; absent if nothing is labelled.
    pub truth: Option<&'a Truth>,
    /// What really happened to the fleet; empty for a recording.
    pub record: &'a WorldRecord,
    /// Entities that a diagnosis may name, for the chance baselines.
    pub candidates: &'a [Name],
    /// The service map, for distances and relations; absent if unknown.
    pub topology: Option<&'a Topology>,
    /// The referee's own limits.
    pub rules: &'a Rules,
}

impl Mode {
    /// Its name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClosedLoop => "closed_loop",
            Self::OpenLoop => "open_loop",
            Self::Counterfactual => "counterfactual",
        }
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
