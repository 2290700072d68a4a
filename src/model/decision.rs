//! Everything an engine says in a step. Each is one line of the audit log.

use serde::{Deserialize, Serialize};

use super::{Action, Anomaly, Cause, Diagnosis, Incident, Verb};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimTime};

/// What a guardrail rules.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// Go on.
    Allow,
    /// Say it, do not do it.
    DryRun,
    /// Recommend it to a person, who does it or not; the engine does not.
    Recommend,
    /// A person must say yes first.
    NeedsApproval,
    /// Not now, not by the engine alone.
    Deny,
}

/// One guardrail's ruling on one action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verdict {
    /// The action.
    pub action: ActionId,
    /// Kind of the guardrail; `all` for the ruling over all of them, which comes last.
    pub guardrail: String,
    /// What it rules.
    pub ruling: Ruling,
    /// What it saw, with unit: "confidence 0.91".
    pub saw: String,
    /// Its limit, with unit: "at least 0.85 for bad_deploy".
    pub limit: String,
}

/// What the engine means to do about an incident, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// The incident.
    pub incident: IncidentId,
    /// The entity and cause that the plan answers.
    pub entity: Name,
    /// The cause.
    pub cause: Cause,
    /// The confidence in them at this instant.
    pub confidence: Ratio,
    /// What to do, in order; each goes on only when the one before it was applied.
    pub actions: Vec<Action>,
    /// Remedies that were considered and left out, with the reason.
    pub rejected: Vec<(Verb, String)>,
}

/// The engine's own view of whether an action worked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Verification {
    /// The action.
    pub action: ActionId,
    /// Whether the incident's signals are back to normal.
    pub healed: bool,
    /// What was checked, for a person.
    pub checked: String,
}

/// A message to the team (not a page): sent always, also on success.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Notification {
    /// The incident.
    pub incident: IncidentId,
    /// The action it reports, if one.
    pub action: Option<ActionId>,
    /// The text.
    pub text: String,
}

/// One thing an engine says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    /// A signal left its normal range.
    Anomaly(Anomaly),
    /// An anomaly is over: (anomaly id, time).
    Resolved {
        /// Id of the anomaly.
        anomaly: u32,
        /// When its signal was back to normal.
        at: SimTime,
    },
    /// An incident changed.
    Incident(Incident),
    /// Hypotheses for an incident.
    Diagnosis(Diagnosis),
    /// What to do about it.
    Plan(Plan),
    /// A guardrail ruled.
    Verdict(Verdict),
    /// Ask a person whether this may be done.
    Ask(Action),
    /// Do this now.
    Act(Action),
    /// The engine's view of an action's effect.
    Verified(Verification),
    /// Tell the team.
    Notify(Notification),
}

/// The stages an incident passes, in order; names of the timing columns.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StageReached {
    /// Users began to feel it (truth).
    Onset,
    /// First anomaly.
    Detected,
    /// Incident opened.
    Correlated,
    /// First diagnosis.
    Diagnosed,
    /// Plan made.
    Decided,
    /// Guardrails (and people, if asked) let the first action pass.
    Approved,
    /// The world finished applying it.
    Applied,
    /// The engine saw its effect.
    Verified,
    /// User-visible SLIs back inside their objective (referee).
    Recovered,
}
