//! Put the live configuration back to the desired one.
//!
//! In: a hypothesis. Out: a reconciliation of the service. Source: GitOps controllers (Argo CD
//! self heal, Flux). Limit: if the desired configuration itself is wrong, this makes it live
//! again.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "reconcile_config",
    summary: "live configuration back to the desired one",
    help: "Undoes manual edits and half-applied changes. Use risk: risky where drift can \
           be destructive to take back.",
    source: "Argo CD self-heal, Flux reconciliation",
    example: "{ risk: risky }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How dangerous it is held to be; from `risky` on the default policy asks a person.
    risk: Risk,
    /// How long after it was applied its effect is judged.
    settle: SimDuration,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { risk: Risk::Reversible, settle: SimDuration::from_secs(300), with_previous: false }
    }
}

struct ReconcileConfig(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(ReconcileConfig(spec.read()?)))
}

impl Remedy for ReconcileConfig {
    fn verb(&self) -> Verb {
        Verb::ReconcileConfig
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (_, target) = patient.service()?;
        Ok(Prescription {
            target: target.clone(),
            operation: Operation::ReconcileConfig,
            risk: self.0.risk,
            expected: format!("the live configuration of {target} equals the desired one"),
            settle: self.0.settle,
        })
    }
}
