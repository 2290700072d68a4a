//! What was really wrong. Read by world, importers and referee; never by an engine.

use serde::{Deserialize, Serialize};

use super::{Cause, Verb};
use crate::unit::{Name, SimDuration, SimTime, Window};

/// The labels of one timeline.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// What went wrong; empty says: nothing did (a healthy control).
    pub incidents: Vec<TrueIncident>,
    /// Stretches known to be disturbed by something else: nothing in them counts either way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<Window>,
}

/// One real incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrueIncident {
    /// Its name.
    pub id: String,
    /// From the fault's injection to its end (or the end of the timeline).
    pub window: Window,
    /// When users began to feel it, if known apart from the injection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<SimTime>,
    /// Entities that are root causes: usually one.
    pub root_causes: Vec<Name>,
    /// What is wrong with them; absent if the label does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Remedies that would help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptable: Vec<Verb>,
    /// Remedies that would hurt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<Verb>,
    /// How much too late the label may be: detections this long before the window count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tolerance_before: SimDuration,
    /// How long after the window's end a detection still counts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tolerance_after: SimDuration,
    /// The alarm that the benchmark's protocol hands to a method, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
}

/// An alarm from outside, part of a benchmark's protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// When it rang.
    pub time: SimTime,
    /// The entity that suffers, if the protocol says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<Name>,
    /// The metric that suffers, if the protocol says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
}

fn is_zero(duration: &SimDuration) -> bool {
    *duration == SimDuration::ZERO
}

impl TrueIncident {
    /// The stretch in which a detection counts as this incident's.
    #[must_use]
    pub fn claim(&self) -> Window {
        Window {
            start: self.window.start - self.tolerance_before,
            end: self.window.end + self.tolerance_after,
        }
    }
}
