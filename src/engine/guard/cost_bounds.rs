//! Remedies must not grow the bill without end.
//!
//! In: replicas that the engine added within a rolling window, this action's included. Out: a
//! denial above `max_added`, or above `max_growth` times the fleet's replicas. Unit: replicas.
//! Source: cloud budgets; the article's `min(current * 2, max_replicas)`, whose bound is per call
//! only, so that repeated calls grow without end. Limit: replicas cost alike; larger ones count
//! by their growth in size.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if, touched};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Ruling};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "cost_bounds",
    summary: "deny what adds more replicas in a window than the budget pays for",
    help: "Adds up the replicas that the engine's actions added within the window over all \
           services, with this action's; larger replicas count by what they grow.",
    source: "the article, scale_resources (a bound per call bounds nothing)",
    example: "{ max_added: 12, max_growth: 0.5, window: 1h }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Most replicas added within the window.
    max_added: f64,
    /// Most replicas added within the window / replicas of the fleet now.
    max_growth: f64,
    /// Length of the rolling window.
    window: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_added: 20.0, max_growth: 0.5, window: SimDuration::from_secs(3600) }
    }
}

struct CostBounds(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(CostBounds(spec.read()?)))
}

impl Guardrail for CostBounds {
    fn check(&self, request: &Request<'_>) -> Finding {
        let before: f64 =
            request.log.within(request.now, self.0.window).map(|given| given.paid).sum();
        let (disturbed, added) = touched(request.action, request.fleet);
        let own = match request.action.operation {
            Operation::ScaleUp { factor } => f64::from(disturbed) * (factor - 1.0).max(0.0),
            _ => f64::from(added),
        };
        let sum = before + own;
        let fleet = f64::from(request.fleet.total());
        let most = self.0.max_added.min(self.0.max_growth * fleet);
        Finding {
            ruling: allow_if(own <= 0.0 || sum <= most, Ruling::Deny),
            saw: format!("{sum:.1} replicas' worth added, {own:.1} by this action"),
            limit: format!("at most {most:.1} within {}", self.0.window),
        }
    }
}
