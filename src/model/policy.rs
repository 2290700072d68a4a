//! A declarative engine policy: which kinds at each stage, and the thresholds between them.
//!
//! Plain data; the kinds read their own parameters when the engine is built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Calibration, Cause, OutsideEngine};
use crate::catalog::Spec;
use crate::unit::SimDuration;

/// How scores become alarms: the one place where detection thresholds are applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AlarmPolicy {
    /// Score from which a signal is abnormal; 1 is each detector's own nominal threshold.
    pub threshold: f64,
    /// How long a signal must stay abnormal before an alarm; at most two scrapes are waited for.
    pub pending: SimDuration,
    /// Score from which an alarm does not wait.
    pub immediate: f64,
    /// How long a signal must stay normal before its alarm is over.
    pub resolve_after: SimDuration,
    /// Alarms a day, of the whole fleet, that may rest on one place alone (no neighbour abnormal,
    /// few of its own series); further ones wait for company or for the next day's share. Absent:
    /// no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lone_alerts_per_day: Option<f64>,
}

impl Default for AlarmPolicy {
    fn default() -> Self {
        Self {
            threshold: 1.0,
            pending: SimDuration::from_secs(30),
            immediate: 3.0,
            resolve_after: SimDuration::from_secs(180),
            lone_alerts_per_day: None,
        }
    }
}

/// What the engine under test is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Format version; 1.
    pub version: u32,
    /// Its name, for reports.
    pub name: String,
    /// One sentence on what it is for.
    #[serde(default)]
    pub description: String,
    /// An engine of one's own, in place of the whole chain or of some of its stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<OutsideEngine>,
    /// Detectors.
    #[serde(default)]
    pub detect: Vec<Spec>,
    /// How their scores become alarms.
    #[serde(default)]
    pub alarm: AlarmPolicy,
    /// Correlators, in the order asked.
    #[serde(default)]
    pub correlate: Vec<Spec>,
    /// RCA methods; one of them alone, or an `ensemble` over the others.
    #[serde(default)]
    pub diagnose: Vec<Spec>,
    /// What the ensemble's raw confidence is worth; `windtunnel calibrate` writes it. Absent: the
    /// raw confidence is taken at its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// From cause to remedies, in order of preference. A cause without an entry is paged.
    #[serde(default)]
    pub remediate: BTreeMap<Cause, Vec<Spec>>,
    /// Guardrails; every one must agree.
    #[serde(default)]
    pub guard: Vec<Spec>,
}
