//! More replicas of a service.
//!
//! In: a hypothesis and the replicas wanted now. Out: that number times `factor`, at most `max`.
//! Source: Kubernetes horizontal pod autoscaler. Limit: harms what its callee cannot carry: more
//! callers of an overloaded database make it worse.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "scale_out",
    summary: "more replicas",
    help: "Takes the desired pods (metric k8s.deployment.desired_pods, else the replicas \
           in the service map, else one) times factor, rounded up. Does not apply at the \
           maximum.",
    source: "Kubernetes horizontal pod autoscaler",
    example: "{ factor: 1.5, max: 20, with_previous: true }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// New number of replicas / old number, above 1 and at most 10.
    factor: f64,
    /// Most replicas of one service.
    max: u32,
    /// How dangerous it is held to be; from `risky` on the default policy asks a person.
    risk: Risk,
    /// How long after it was applied its effect is judged.
    settle: SimDuration,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            factor: 1.5,
            max: 20,
            risk: Risk::Reversible,
            settle: SimDuration::from_secs(300),
            with_previous: false,
        }
    }
}

struct ScaleOut(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let config: Config = spec.read()?;
    if !(config.factor > 1.0 && config.factor <= 10.0) {
        let problem = format!("factor must be above 1 and at most 10, found {}", config.factor);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(ScaleOut(config)))
}

impl Remedy for ScaleOut {
    fn verb(&self) -> Verb {
        Verb::ScaleOut
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (_, target) = patient.service()?;
        let now = patient.fleet.service(target).replicas.max(1);
        let replicas = ((f64::from(now) * self.0.factor).ceil() as u32).min(self.0.max);
        if replicas <= now {
            let why = format!("{target} has {now} replicas, the maximum is {}", self.0.max);
            return Err(NotApplicable(why));
        }
        Ok(Prescription {
            target: target.clone(),
            operation: Operation::ScaleOut { replicas },
            risk: self.0.risk,
            expected: format!("{target} has {replicas} replicas instead of {now}"),
            settle: self.0.settle,
            undo: Some(Operation::ScaleIn { replicas: now }),
            complete: None,
            check: None,
        })
    }
}
