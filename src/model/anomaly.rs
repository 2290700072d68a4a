//! What looks wrong (`Anomaly`) and what belongs together (`Incident`).

use serde::{Deserialize, Serialize};

use super::{Direction, Event, Role};
use crate::unit::{IncidentId, Name, SimTime};

/// Which sort of telemetry an anomaly was seen in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SignalClass {
    /// A metric series.
    Metric,
    /// Log templates.
    Log,
    /// Spans.
    Trace,
    /// Events.
    Event,
}

/// One signal that left its normal range, as raised by the alarm gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Anomaly {
    /// Sequence number within the trial, from 1.
    pub id: u32,
    /// Kind of the detector that scored it.
    pub detector: String,
    /// Which sort of telemetry.
    pub class: SignalClass,
    /// The service, node ... that it is about (for a replica: its service).
    pub entity: Name,
    /// The replica, where the signal has one.
    pub instance: Option<Name>,
    /// Metric with labels, log template, operation or event reason: what exactly was seen.
    pub signal: String,
    /// What the signal tells.
    pub role: Role,
    /// When the deviation began, as far as the detector can tell.
    pub since: SimTime,
    /// When the alarm gate raised it.
    pub raised: SimTime,
    /// Continuous score; 1 is the detector's own nominal threshold, higher is stranger.
    pub score: f64,
    /// Which way it left its normal range.
    pub direction: Direction,
    /// Observed value, in the signal's unit.
    pub observed: Option<f64>,
    /// Value expected from its baseline, in the signal's unit.
    pub expected: Option<f64>,
    /// The unit of `observed` and `expected`.
    pub unit: String,
}

/// How an incident just changed.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum IncidentChange {
    /// It was opened.
    Opened,
    /// It gained anomalies or suspect changes.
    Grew,
    /// It was merged into `into`.
    Merged,
    /// It was split off from another.
    Split,
    /// Its signals are back to normal.
    Closed,
}

/// Anomalies and suspect changes that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// What just happened to it.
    pub change: IncidentChange,
    /// For `Merged`: the incident that goes on. For `Split`: the one it came from.
    pub other: Option<IncidentId>,
    /// When it was opened.
    pub opened: SimTime,
    /// Earliest `since` of its anomalies.
    pub since: SimTime,
    /// All its anomalies so far, in the order raised.
    pub anomalies: Vec<Anomaly>,
    /// Changes near enough in time and topology to be suspects, oldest first.
    pub changes: Vec<Event>,
    /// Why these belong together, e.g. "caller of cart; within 2m".
    pub reason: String,
}

impl Incident {
    /// One that is opened `now`, with nothing in it yet.
    #[must_use]
    pub const fn new(id: IncidentId, now: SimTime) -> Self {
        Self {
            id,
            change: IncidentChange::Opened,
            other: None,
            opened: now,
            since: now,
            anomalies: Vec::new(),
            changes: Vec::new(),
            reason: String::new(),
        }
    }
}
