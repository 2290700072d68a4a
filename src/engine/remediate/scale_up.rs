//! Give each replica more of what ran out.
//!
//! In: a hypothesis. Out: limits times `factor`. Source: Kubernetes vertical pod autoscaler.
//! Limit: replaces the replicas; a leak only takes longer to fill the larger limit.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Role, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "scale_up",
    summary: "larger limits for each replica",
    help: "Multiplies the limits of each replica. Buys time for a leak, cures a limit \
           that was too small.",
    source: "Kubernetes vertical pod autoscaler",
    example: "{ factor: 1.5 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// New limit / old limit, above 1 and at most 8.
    factor: f64,
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
            risk: Risk::Reversible,
            settle: SimDuration::from_secs(300),
            with_previous: false,
        }
    }
}

struct ScaleUp(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let config: Config = spec.read()?;
    if !(config.factor > 1.0 && config.factor <= 8.0) {
        let problem = format!("factor must be above 1 and at most 8, found {}", config.factor);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(ScaleUp(config)))
}

impl Remedy for ScaleUp {
    fn verb(&self) -> Verb {
        Verb::ScaleUp
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (id, target) = patient.service()?;
        // Larger limits of memory and CPU do nothing for a disk, a pool or a table of files.
        let mut short = patient.case.full(id).peekable();
        if short.peek().is_some() && !short.any(|f| matches!(f.role, Role::Cpu | Role::Memory)) {
            let why = format!("what {target} is short of is neither memory nor CPU");
            return Err(NotApplicable(why));
        }
        let factor = self.0.factor;
        Ok(Prescription {
            target: target.clone(),
            operation: Operation::ScaleUp { factor },
            risk: self.0.risk,
            expected: format!("each replica of {target} has {factor} x its limits"),
            settle: self.0.settle,
            undo: None,
            complete: Some(Operation::Restart),
            check: None,
        })
    }
}
