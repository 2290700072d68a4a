//! Why it is wrong: ranked hypotheses with confidence, evidence and a causal tree.

use serde::{Deserialize, Serialize};

use super::Cause;
use crate::unit::{IncidentId, Name, Ratio, SimTime};

/// One piece of evidence for or against a hypothesis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// Which method or rule speaks.
    pub method: String,
    /// What was seen, for a person.
    pub text: String,
    /// Its weight: positive speaks for, negative against.
    pub weight: f64,
    /// When it was seen, if at an instant.
    pub time: Option<SimTime>,
}

/// One possible root cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Hypothesis {
    /// The entity to blame.
    pub entity: Name,
    /// What is wrong with it.
    pub cause: Cause,
    /// Probability that entity and cause are right, as the engine believes.
    pub confidence: Ratio,
    /// What speaks for and against it, heaviest first.
    pub evidence: Vec<Evidence>,
}

/// One node of the causal tree: a change or symptom and what it led to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CauseNode {
    /// When it began.
    pub time: SimTime,
    /// What it was, for a person: "memory of api-server up 340 %".
    pub text: String,
    /// The entity, if any.
    pub entity: Option<Name>,
    /// What followed from it.
    pub children: Vec<CauseNode>,
}

/// Ranked hypotheses for one incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Diagnosis {
    /// The incident.
    pub incident: IncidentId,
    /// Best first; ties are in name order and cost rank when scored.
    pub hypotheses: Vec<Hypothesis>,
    /// The story of the top hypothesis.
    pub tree: Option<CauseNode>,
    /// One sentence for a person.
    pub summary: String,
}
