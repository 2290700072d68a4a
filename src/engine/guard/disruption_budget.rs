//! Enough replicas of a service stay up while it is worked on.
//!
//! In: ready and wanted replicas of the target, and how many the operation takes away at a time (a
//! rolling change: a quarter, rounded down, as Kubernetes does). Out: a denial if fewer than
//! `min_available` of the wanted ones would be left. Source: Kubernetes PodDisruptionBudget. Limit:
//! where telemetry does not tell what is ready, nothing is denied, and the finding says so. Where a
//! fault took more than the budget allows already, a rolling change passes: it replaces the sick
//! replicas first.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if, taken_at_a_time};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Ruling};
use crate::unit::Ratio;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "disruption_budget",
    summary: "deny what would leave too few replicas of its target ready",
    help: "Takes ready and desired pods, subtracts what the operation takes away at a time, and \
           compares with the share that must stay. A target that is below that already passes.",
    source: "Kubernetes PodDisruptionBudget",
    example: "{ min_available: 0.5 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Least share of the wanted replicas that stays ready, 0..=1.
    min_available: Ratio,
    /// Whether a rolling change may begin while fewer are ready already (default true): what a
    /// fault took is not the remedy's doing, and the sick are replaced first.
    allow_when_short: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { min_available: Ratio::clamped(0.5), allow_when_short: true }
    }
}

struct DisruptionBudget(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(DisruptionBudget(spec.read()?)))
}

impl Guardrail for DisruptionBudget {
    fn check(&self, request: &Request<'_>) -> Finding {
        let limit = format!("at least {} of the wanted replicas ready", self.0.min_available);
        let size = request.fleet.service(&request.action.target);
        let Some(ready) = size.ready else {
            let saw = "nobody says how many replicas are ready".to_owned();
            return Finding { ruling: Ruling::Allow, saw, limit };
        };
        let taken = taken_at_a_time(request.action, request.fleet);
        let left = ready.saturating_sub(taken);
        let least = self.0.min_available.get() * f64::from(size.replicas);
        let enough = f64::from(left) >= least;
        let rolling = self.0.allow_when_short
            && !matches!(
                request.action.operation,
                Operation::ScaleIn { .. } | Operation::ScaleOut { .. }
            );
        let short_already = rolling && f64::from(ready) < least;
        Finding {
            ruling: allow_if(taken == 0 || short_already || enough, Ruling::Deny),
            saw: format!("{ready} of {} ready, {taken} taken at a time", size.replicas),
            limit,
        }
    }
}
