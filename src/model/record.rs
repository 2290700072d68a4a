//! What really happened to the world: the referee's evidence. Never seen by an engine.
//!
//! A synthetic world fills it while it runs. A recorded world cannot: its record stays empty, and
//! whatever would need it (MTTR, impact, blast radius) is absent from the scorecard.

use serde::{Deserialize, Serialize};

use super::{SliLog, Verb};
use crate::unit::{ActionId, Name, SimDuration, SimTime};

/// What users were promised at the entry of the fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The service where users enter.
    pub service: Name,
    /// Share of requests that must be good, e.g. 0.99.
    pub availability: f64,
    /// p99 latency that must not be exceeded.
    pub latency_p99: SimDuration,
    /// How long both must hold before users count as served again.
    pub sustained: SimDuration,
}

/// What an action (or a person) really did to the fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// When the fleet began to change.
    pub began: SimTime,
    /// When it was done; absent if the trial ended first.
    pub ended: Option<SimTime>,
    /// The action that asked for it; absent if people did it on their own.
    pub action: Option<ActionId>,
    /// What was done.
    pub verb: Verb,
    /// To which service.
    pub target: Name,
    /// Most replicas of the target that were out of service at once because of it; of a drained
    /// node, those of the service that lost the largest share of its replicas.
    pub replicas_down: u32,
    /// Replicas that were touched (replaced, resized, added) in all.
    pub replicas_touched: u32,
    /// Replicas of the target before it began; of a drained node, those that this service wants.
    pub replicas_before: u32,
    /// Replicas of the whole fleet before it began.
    pub fleet_before: u32,
    /// Nodes on which replicas of the target were touched; empty where nobody knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Name>,
    /// Zones of those nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Name>,
    /// Whether the change is complete.
    pub complete: bool,
    /// Whether it was taken back afterwards.
    pub reverted: bool,
}

/// Replicas of one service from `time` on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplicaCount {
    /// From when.
    pub time: SimTime,
    /// Of which service.
    pub service: Name,
    /// Wanted.
    pub desired: u32,
    /// Ready to serve.
    pub ready: u32,
}

/// What really happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WorldRecord {
    /// What users were promised; absent in a recording.
    pub objective: Option<Objective>,
    /// Length of an SLI interval.
    pub interval: SimDuration,
    /// What users saw, interval by interval.
    pub sli: SliLog,
    /// What was done to the fleet.
    pub deeds: Vec<Deed>,
    /// Changes of replica counts, in time order.
    pub replicas: Vec<ReplicaCount>,
}
