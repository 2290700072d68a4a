//! A service keeps within its smallest and largest size.
//!
//! In: the replicas that a scaling asks for. Out: a denial outside `min..=max` or of a jump larger
//! than `max_step`. Unit: replicas of one service. Source: autoscaler bounds. Limit: other verbs
//! pass.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Ruling};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "replica_bounds",
    summary: "deny scaling outside a smallest and largest size",
    help: "Only scaling is judged. Other operations keep the number of replicas.",
    source: "Kubernetes autoscaler minReplicas and maxReplicas",
    example: "{ min: 2, max: 20, max_step: 10 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Fewest replicas of a service.
    min: u32,
    /// Most replicas of a service.
    max: u32,
    /// Most replicas added or removed by one action.
    max_step: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { min: 1, max: 20, max_step: 10 }
    }
}

struct ReplicaBounds(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(ReplicaBounds(spec.read()?)))
}

impl Guardrail for ReplicaBounds {
    fn check(&self, request: &Request<'_>) -> Finding {
        let Config { min, max, max_step } = self.0;
        let limit = format!("{min} to {max} replicas, at most {max_step} at a time");
        let Operation::ScaleOut { replicas } = request.action.operation else {
            return Finding { ruling: Ruling::Allow, saw: "no scaling".to_owned(), limit };
        };
        let size = request.fleet.service(&request.action.target);
        let from = if size.known { size.replicas.to_string() } else { "unknown".to_owned() };
        let step = replicas.abs_diff(size.replicas);
        Finding {
            ruling: allow_if((min..=max).contains(&replicas) && step <= max_step, Ruling::Deny),
            saw: format!("{from} to {replicas} replicas"),
            limit,
        }
    }
}
