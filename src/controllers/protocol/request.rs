//! What windtunnel says to an engine. Times are simulated; nothing tells the wall clock.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{
    Answer, Diagnosis, EntityKind, Event, Incident, Instrument, Outcome, Proposal, Role, Stage,
};
use crate::unit::SimTime;

/// One line to the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// The first: who speaks, what there is.
    Hello(Box<Hello>),
    /// Something became visible.
    Step(Box<Step>),
    /// Rank suspects (to an engine that supplies `diagnose`).
    Diagnose(DiagnoseRequest),
    /// Say what to do (to an engine that supplies `remediate`).
    Remediate(RemediateRequest),
    /// Rule on an action (to an engine that supplies `guard`).
    Guard(GuardRequest),
    /// The trial is over: end. No reply is read.
    Bye {
        /// Its number.
        seq: u64,
        /// The last simulated instant.
        time: SimTime,
    },
}

/// The first request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// Its number: 0.
    pub seq: u64,
    /// Version of the protocol.
    pub protocol: u32,
    /// Version of windtunnel.
    pub windtunnel: String,
    /// The first simulated instant, RFC 3339 in UTC.
    pub time: SimTime,
    /// A number to seed the engine's own chance with; the same in every run of this trial.
    pub seed: u32,
    /// The stages that the engine is to supply; all four for a whole chain.
    pub stages: Vec<Stage>,
    /// Whether it supplies the whole chain: then it says decisions, correlation included.
    pub whole: bool,
    /// Entities, by id; more may come with steps.
    pub entities: Vec<EntityRow>,
    /// Calls: ids of caller and callee.
    pub calls: Vec<(u32, u32)>,
    /// The columns of frames, by id; more may come with steps.
    pub series: Vec<SeriesRow>,
}

/// A service, replica, node ...
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntityRow {
    /// Its id, from 0.
    pub id: u32,
    /// Its unique name.
    pub name: String,
    /// What it is.
    pub kind: EntityKind,
    /// Id of a replica's service or a node's zone.
    pub parent: Option<u32>,
    /// Id of the node that a replica ran on when the map was drawn; `Scheduled` and `Killing`
    /// events tell of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<u32>,
}

/// One column of the frames.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesRow {
    /// Its id: the place of its value in every frame, from 0.
    pub id: u32,
    /// Id of the entity that it measures.
    pub entity: u32,
    /// Metric, OpenTelemetry style.
    pub metric: String,
    /// Unit, UCUM.
    pub unit: String,
    /// Gauge or counter.
    pub instrument: Instrument,
    /// What it tells.
    pub role: Role,
    /// Further dimensions: `stat: p99`.
    pub labels: BTreeMap<String, String>,
}

/// What became visible since the last step. Lists that are empty are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its number.
    pub seq: u64,
    /// The simulated instant.
    pub time: SimTime,
    /// Seconds since the first instant.
    pub elapsed_s: f64,
    /// Entities that are new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntityRow>,
    /// Calls that are new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<(u32, u32)>,
    /// Columns that are new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<SeriesRow>,
    /// A scrape, if there was one: a value per column by its id; null says "no sample". It may
    /// be shorter than the columns: the rest is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Vec<Option<f64>>>,
    /// When the scrape's values were true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_time: Option<SimTime>,
    /// Log records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogRow>,
    /// Spans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<SpanRow>,
    /// Events and changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// What the world answered to actions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<Outcome>,
    /// What people answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
}

/// One log record: time, id of the entity, OpenTelemetry severity number, text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogRow(pub SimTime, pub u32, pub u8, pub String);

/// One span: start, duration in seconds, trace id, span id, parent span id or null, id of the
/// entity, operation, kind, status.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpanRow(
    pub SimTime,
    pub f64,
    pub String,
    pub String,
    pub Option<String>,
    pub u32,
    pub String,
    pub String,
    pub String,
);

/// A question to an engine that supplies `diagnose`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiagnoseRequest {
    /// Its number.
    pub seq: u64,
    /// The simulated instant.
    pub time: SimTime,
    /// What belongs together, with its suspect changes.
    pub incident: Incident,
}

/// A question to an engine that supplies `remediate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RemediateRequest {
    /// Its number.
    pub seq: u64,
    /// The simulated instant.
    pub time: SimTime,
    /// The incident.
    pub incident: Incident,
    /// What is believed to be wrong.
    pub diagnosis: Diagnosis,
}

/// A question to an engine that supplies `guard`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GuardRequest {
    /// Its number.
    pub seq: u64,
    /// The simulated instant.
    pub time: SimTime,
    /// What is to be ruled on.
    #[serde(flatten)]
    pub proposal: Proposal,
}
