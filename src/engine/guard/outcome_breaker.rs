//! When remedies keep failing, whatever they are, the engine stops and people take over.
//!
//! In: the engine's actions within a rolling window and what came of each. Out: a denial once `max`
//! of them did not heal. Every outcome class counts: failed, partial, not applicable, unknown, an
//! outcome that never came, and applied without the signals ending (inconclusive). Source: the
//! article's remediation circuit breaker; the field failure that inspired it: guards that never
//! fire because inconclusive results are not counted. Limit: an action that is still being judged
//! does not count yet.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "outcome_breaker",
    summary: "deny everything after too many remedies that did not heal",
    help: "Counts over all verbs and targets (or, with per_target, over the action's target). \
           Failed, partial, not applicable, unknown, overdue and applied without effect all count.",
    source: "the article, remediation circuit breakers; Nygard, Release It!",
    example: "{ max: 3, window: 1h, overdue: 30m, per_target: false }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Remedies that may fail to heal within the window.
    max: u32,
    /// Length of the rolling window.
    window: SimDuration,
    /// After this long an action without an outcome counts as not healed.
    overdue: SimDuration,
    /// Count the action's target only.
    per_target: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max: 3,
            window: SimDuration::from_secs(3600),
            overdue: SimDuration::from_secs(1800),
            per_target: false,
        }
    }
}

struct OutcomeBreaker(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(OutcomeBreaker(spec.read()?)))
}

impl Guardrail for OutcomeBreaker {
    fn check(&self, request: &Request<'_>) -> Finding {
        let Config { max, window, overdue, per_target } = self.0;
        let unhealed = request
            .log
            .within(request.now, window)
            .filter(|given| given.verb.touches_fleet())
            .filter(|given| !per_target || given.target == request.action.target)
            .filter(|given| given.did_not_heal(request.now, overdue))
            .count();
        Finding {
            ruling: allow_if(unhealed < max as usize, Ruling::Deny),
            saw: format!("{unhealed} remedies did not heal"),
            limit: format!("fewer than {max} within {window}"),
        }
    }
}
