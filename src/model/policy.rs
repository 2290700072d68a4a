//! A declarative engine policy: which kinds at each stage, and the thresholds between them.
//!
//! Plain data; the kinds read their own parameters when the engine is built.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Calibration, Cause, OutsideEngine};
use crate::catalog::Spec;
use crate::unit::{Day, Hours, Ratio, SimDuration};

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
    /// False alarms a day, of the whole fleet, that are put up with: the more series are watched,
    /// the rarer a run of noise must be to alarm. `null`: no limit.
    pub false_alerts_per_day: Option<f64>,
    /// What may open an incident.
    pub opens: Opens,
    /// What it takes to open an incident. 1: any signal that alarms. 2: facts (events, restarts,
    /// expiry, drift, exhausted resources, new errors in logs) and what users feel open at once;
    /// other trouble once users feel something too, a second signal near it backs it, or it lasts.
    pub witnesses: u8,
}

/// What may open an incident.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Opens {
    /// Whatever the engine finds abnormal itself.
    #[default]
    Signals,
    /// Alerts from outside alone: what the engine finds itself is context. This is how benchmarks
    /// of diagnosis ask (`--alarm reported`).
    Alerts,
}

impl Default for AlarmPolicy {
    fn default() -> Self {
        Self {
            threshold: 1.0,
            pending: SimDuration::from_secs(30),
            immediate: 3.0,
            resolve_after: SimDuration::from_secs(180),
            opens: Opens::default(),
            witnesses: 2,
            false_alerts_per_day: Some(1.0),
        }
    }
}

/// Whether there is room for more work on a service, as its processors tell.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, PartialOrd, Ord,
)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// Its processors are at least 80 % busy.
    Short,
    /// They are at most 50 % busy.
    Spare,
}

/// The context in which a rule of the decision table holds; what is absent is not asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Context {
    /// Whether the blamed entity was changed within `change_horizon` before the first symptom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent_change: Option<bool>,
    /// How long before the first symptom a change counts as recent (default 1h).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_horizon: Option<SimDuration>,
    /// How busy the blamed service is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// Hours of the day, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// Days of the week, UTC; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// Blamed entities; `cart*` covers every name that begins with cart; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<String>,
}

/// One rule of the decision table: for these causes, in this context, from this confidence on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Causes that it answers.
    pub causes: Vec<Cause>,
    /// The context in which it holds.
    #[serde(default)]
    pub when: Context,
    /// Least confidence, 0..=1; below it the next rule is asked.
    #[serde(default)]
    pub confidence: Ratio,
    /// Remedies in order of preference.
    pub remedies: Vec<Spec>,
}

/// What the engine learns from what came of its remedies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Learning {
    /// Successes that a remedy is credited with in advance: the higher, the less one failure
    /// lowers the confidence in it; 0 switches learning off.
    pub credit: f64,
    /// Plans of one incident, after which people take over.
    pub max_plans: u32,
}

impl Default for Learning {
    fn default() -> Self {
        Self { credit: 4.0, max_plans: 4 }
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
    /// The decision table: the first rule that holds gives the remedies; where none does,
    /// `remediate` has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decide: Vec<Rule>,
    /// What is learnt from outcomes.
    #[serde(default)]
    pub learn: Learning,
    /// Guardrails; every one must agree.
    #[serde(default)]
    pub guard: Vec<Spec>,
}
