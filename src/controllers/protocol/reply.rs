//! What an engine says to windtunnel. Short on purpose: what can be left out has a default.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{Cause, Direction, Operation, Order, Reading, Risk, Role, Ruled, Ruling};
use crate::model::{SignalClass, Verb};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimTime};

/// To `hello`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HelloReply {
    /// The request's number.
    pub seq: u64,
    /// Who answers.
    pub hello: Identity,
}

/// Who an engine is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Version of the protocol that it speaks.
    pub protocol: u32,
    /// Its name, for reports.
    pub name: String,
    /// Its version, for reports.
    #[serde(default)]
    pub version: String,
    /// Which telemetry it wants with steps (default: all). Events, outcomes and answers always
    /// come.
    #[serde(default)]
    pub wants: Option<Vec<Wanted>>,
}

/// Telemetry that can be left out of steps.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Frames.
    Metrics,
    /// Log records.
    Logs,
    /// Spans.
    Spans,
}

/// To `step`: decisions of a whole chain, readings of a substitute for detection, else neither.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepReply {
    /// The request's number.
    pub seq: u64,
    /// What the whole chain decided, in order.
    #[serde(default)]
    pub decisions: Vec<Said>,
    /// What looks wrong.
    #[serde(default)]
    pub readings: Vec<Reading>,
}

/// To `diagnose`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiagnosisReply {
    /// The request's number.
    pub seq: u64,
    /// The ranking.
    pub diagnosis: SaidDiagnosis,
}

/// To `remediate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemediationReply {
    /// The request's number.
    pub seq: u64,
    /// What to do, in order; each goes on only when the one before it was applied. Nothing: a
    /// person is paged.
    pub actions: Vec<Order>,
}

/// To `guard`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulingReply {
    /// The request's number.
    pub seq: u64,
    /// The ruling.
    pub verdict: Ruled,
}

/// Ranked hypotheses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidDiagnosis {
    /// Best first.
    pub hypotheses: Vec<SaidHypothesis>,
    /// One sentence for a person.
    #[serde(default)]
    pub summary: String,
}

/// One possible root cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaidHypothesis {
    /// The entity to blame.
    pub entity: Name,
    /// What is wrong with it.
    pub cause: Cause,
    /// Probability that both are right, 0 to 1.
    pub confidence: Ratio,
    /// What speaks for it, for a person.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// An action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaidAction {
    /// Its number, never used before but for the same action.
    pub id: ActionId,
    /// The incident that it answers.
    pub incident: IncidentId,
    /// The entity that it is done to.
    pub target: Name,
    /// The verb and its parameters.
    #[serde(flatten)]
    pub operation: Operation,
    /// How dangerous it is (default: reversible; a page: safe).
    #[serde(default)]
    pub risk: Option<Risk>,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
    /// Why, for a person.
    #[serde(default)]
    pub reason: String,
}

/// One decision of a whole chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "say", rename_all = "snake_case", deny_unknown_fields)]
pub enum Said {
    /// A signal left its normal range.
    Anomaly {
        /// Its number, from 1.
        id: u32,
        /// The service, node ... that it is about.
        entity: Name,
        /// What exactly was seen.
        signal: String,
        /// How strange (default 1).
        #[serde(default = "one")]
        score: f64,
        /// The replica, if it is about one.
        #[serde(default)]
        instance: Option<Name>,
        /// What sort of telemetry (default: metric).
        #[serde(default = "metric")]
        class: SignalClass,
        /// What it tells (default: other).
        #[serde(default = "other")]
        role: Role,
        /// When it began (default: now).
        #[serde(default)]
        since: Option<SimTime>,
        /// Which way (default: up).
        #[serde(default = "up")]
        direction: Direction,
        /// What was observed.
        #[serde(default)]
        observed: Option<f64>,
        /// What was expected.
        #[serde(default)]
        expected: Option<f64>,
        /// Unit of both.
        #[serde(default)]
        unit: String,
    },
    /// An anomaly is over.
    Resolved {
        /// Its number.
        anomaly: u32,
    },
    /// An incident is opened, grows or is closed.
    Incident {
        /// Its number, from 1.
        id: IncidentId,
        /// Numbers of anomalies that belong to it; those said before stay.
        #[serde(default)]
        anomalies: Vec<u32>,
        /// Whether it is over.
        #[serde(default)]
        closed: bool,
        /// Why these belong together.
        #[serde(default)]
        reason: String,
    },
    /// What is believed to be wrong.
    Diagnosis {
        /// The incident.
        incident: IncidentId,
        /// Best first.
        hypotheses: Vec<SaidHypothesis>,
        /// One sentence for a person.
        #[serde(default)]
        summary: String,
    },
    /// What is to be done.
    Plan {
        /// The incident.
        incident: IncidentId,
        /// The entity that it answers.
        entity: Name,
        /// The cause that it answers.
        cause: Cause,
        /// The confidence in both.
        confidence: Ratio,
        /// What to do, in order.
        actions: Vec<SaidAction>,
        /// What was considered and left out: verb and reason.
        #[serde(default)]
        rejected: Vec<(Verb, String)>,
    },
    /// A guardrail ruled on an action.
    Verdict {
        /// The action.
        action: ActionId,
        /// The guardrail's name; `all` for the ruling over all of them.
        guardrail: String,
        /// The ruling.
        ruling: Ruling,
        /// What it saw, with unit.
        #[serde(default)]
        saw: String,
        /// Its limit, with unit.
        #[serde(default)]
        limit: String,
    },
    /// Ask a person whether this may be done; the answer comes with a later step.
    Ask {
        /// The action.
        action: SaidAction,
    },
    /// Do this now; outcomes come with later steps.
    Act {
        /// The action.
        action: SaidAction,
    },
    /// Whether an action worked, as the engine sees it.
    Verified {
        /// The action.
        action: ActionId,
        /// Whether the signals are back to normal.
        healed: bool,
        /// What was checked.
        #[serde(default)]
        checked: String,
    },
    /// Tell the team.
    Notify {
        /// The incident.
        incident: IncidentId,
        /// The action that is reported.
        #[serde(default)]
        action: Option<ActionId>,
        /// The text.
        text: String,
    },
}

impl SaidAction {
    /// As the trial carries it out.
    #[must_use]
    pub fn action(self) -> crate::model::Action {
        let page = self.operation.verb() == Verb::PageOnCall;
        let usual = if page { Risk::Safe } else { Risk::Reversible };
        crate::model::Action {
            id: self.id,
            incident: self.incident,
            target: self.target,
            operation: self.operation,
            risk: self.risk.unwrap_or(usual),
            dry_run: self.dry_run,
            reason: self.reason,
        }
    }
}

fn one() -> f64 {
    1.0
}

fn metric() -> SignalClass {
    SignalClass::Metric
}

fn other() -> Role {
    Role::Other
}

fn up() -> Direction {
    Direction::Up
}
