//! The engine acts alone only when it is sure enough.
//!
//! In: the confidence behind an action as it stands when the action is ruled on. Out: a denial
//! below the floor of its cause; never for taking back what the engine did. Unit: probability in
//! 0..=1. Source: the article (typically 85 % or higher). Limit: as good as the confidence is
//! calibrated.

use std::cell::RefCell;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Leeway, Request, allow_if};
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

/// Parameters: the floors.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Least confidence, 0..=1.
    default: Ratio,
    /// Least confidence for single causes, 0..=1.
    per_cause: BTreeMap<Cause, Ratio>,
}

impl Config {
    /// The floors of a list of guardrails, if it has exactly one such guardrail.
    #[must_use]
    pub fn of(specs: &[Spec]) -> Option<Self> {
        let mut mine = specs.iter().filter(|spec| spec.kind == ENTRY.kind);
        let (Some(spec), None) = (mine.next(), mine.next()) else { return None };
        spec.read().ok()
    }

    /// The least confidence for a cause.
    #[must_use]
    pub fn floor(&self, cause: Cause) -> Ratio {
        self.per_cause.get(&cause).copied().unwrap_or(self.default)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { default: Ratio::clamped(0.85), per_cause: BTreeMap::new() }
    }
}

struct ConfidenceFloor {
    config: Config,
    /// What was compared so far.
    seen: RefCell<Leeway>,
}

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(ConfidenceFloor { config: spec.read()?, seen: RefCell::default() }))
}

impl Guardrail for ConfidenceFloor {
    fn check(&self, request: &Request<'_>) -> Finding {
        let floor = self.config.floor(request.cause);
        if request.mends {
            return Finding {
                ruling: Ruling::Allow,
                saw: "it mends what the engine did itself".to_owned(),
                limit: "no confidence is asked for that".to_owned(),
            };
        }
        let fine = request.confidence >= floor;
        self.seen.borrow_mut().compared(request.cause, request.confidence, fine);
        Finding {
            ruling: allow_if(fine, Ruling::Deny),
            saw: format!("confidence {:.2}", request.confidence.get()),
            limit: format!("at least {:.2} for {}", floor.get(), request.cause),
        }
    }

    fn leeway(&self) -> Leeway {
        self.seen.borrow().clone()
    }
}
