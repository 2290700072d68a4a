//! The engine acts alone only when it is sure enough.
//!
//! In: the confidence behind a plan. Out: a denial below the floor of its cause. Unit: probability
//! in 0..=1. Source: the article (typically 85 % or higher). Limit: as good as the confidence is
//! calibrated.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Ruling};
use crate::unit::Ratio;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "confidence_floor",
    summary: "deny below a confidence, by default 0.85, per cause if wanted",
    help: "Compares the confidence of the plan's hypothesis with the floor of its cause. \
           Below it a person is paged instead.",
    source: "the article, stage 3",
    example: "{ default: 0.85, per_cause: { bad_deploy: 0.8 } }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Least confidence, 0..=1.
    default: Ratio,
    /// Least confidence for single causes, 0..=1.
    per_cause: BTreeMap<Cause, Ratio>,
}

impl Default for Config {
    fn default() -> Self {
        Self { default: Ratio::clamped(0.85), per_cause: BTreeMap::new() }
    }
}

struct ConfidenceFloor(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(ConfidenceFloor(spec.read()?)))
}

impl Guardrail for ConfidenceFloor {
    fn check(&self, request: &Request<'_>) -> Finding {
        let floor = self.0.per_cause.get(&request.cause).copied().unwrap_or(self.0.default);
        Finding {
            ruling: allow_if(request.confidence >= floor, Ruling::Deny),
            saw: format!("confidence {:.2}", request.confidence.get()),
            limit: format!("at least {:.2} for {}", floor.get(), request.cause),
        }
    }
}
