//! When most of the fleet looks sick, the signal is wrong, or it is no job for a machine.
//!
//! In: ready and wanted replicas of all services. Out: a denial when less than `min_healthy` of the
//! replicas whose state is known are ready. Source: the article ("if auto-scaling wants to
//! terminate 80 % of your pods, something is wrong with the signal"); OpenShift machine health
//! checks (maxUnhealthy). Limit: judges by readiness only.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;
use crate::unit::Ratio;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "healthy_quorum",
    summary: "deny every action while too few replicas of the fleet are ready",
    help: "Compares ready with wanted replicas over all services that tell both.",
    source: "the article, guardrails; OpenShift MachineHealthCheck maxUnhealthy",
    example: "{ min_healthy: 0.6 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Least share of the fleet's replicas that must be ready, 0..=1.
    min_healthy: Ratio,
}

impl Default for Config {
    fn default() -> Self {
        Self { min_healthy: Ratio::clamped(0.6) }
    }
}

struct HealthyQuorum(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(HealthyQuorum(spec.read()?)))
}

impl Guardrail for HealthyQuorum {
    fn check(&self, request: &Request<'_>) -> Finding {
        let limit = format!("at least {} of the replicas ready", self.0.min_healthy);
        let (ready, wanted) = request.fleet.ready();
        if wanted == 0 {
            let saw = "nobody says how many replicas are ready".to_owned();
            return Finding { ruling: Ruling::Allow, saw, limit };
        }
        let share = f64::from(ready) / f64::from(wanted);
        Finding {
            ruling: allow_if(share >= self.0.min_healthy.get(), Ruling::Deny),
            saw: format!("{ready} of {wanted} replicas ready, {:.0} %", share * 100.0),
            limit,
        }
    }
}
