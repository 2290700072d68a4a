//! Fewer replicas of a service.
//!
//! In: a hypothesis and the replicas wanted now. Out: that number times `factor`, at least `min`.
//! Source: Kubernetes horizontal pod autoscaler. Limit: takes capacity away, so it is risky by
//! default: it helps where replicas crowd out what they call (connections of a database).

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "scale_in",
    summary: "fewer replicas",
    help: "Takes the desired pods times factor, rounded up, at least min. Does not apply below \
           that.",
    source: "Kubernetes horizontal pod autoscaler",
    example: "{ factor: 0.5, min: 2 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// New number of replicas / old number, above 0 and below 1.
    factor: f64,
    /// Fewest replicas of the service.
    min: u32,
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
            factor: 0.5,
            min: 2,
            risk: Risk::Risky,
            settle: SimDuration::from_secs(300),
            with_previous: false,
        }
    }
}

struct ScaleIn(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let config: Config = spec.read()?;
    if !(config.factor > 0.0 && config.factor < 1.0) || config.min == 0 {
        let problem = format!(
            "expected a factor above 0 and below 1 and min of at least 1, found {} and {}",
            config.factor, config.min
        );
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(ScaleIn(config)))
}

impl Remedy for ScaleIn {
    fn verb(&self) -> Verb {
        Verb::ScaleIn
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (_, target) = patient.service()?;
        let now = patient.fleet.service(target).replicas;
        let replicas = ((f64::from(now) * self.0.factor).ceil() as u32).max(self.0.min);
        if replicas >= now {
            let why = format!("{target} has {now} replicas, the minimum is {}", self.0.min);
            return Err(NotApplicable(why));
        }
        let expected = format!("{target} has {replicas} replicas instead of {now}");
        let operation = Operation::ScaleIn { replicas };
        let Config { risk, settle, .. } = self.0;
        Ok(Prescription {
            undo: Some(Operation::ScaleOut { replicas: now }),
            ..Prescription::new(target.clone(), operation, risk, expected, settle)
        })
    }
}
