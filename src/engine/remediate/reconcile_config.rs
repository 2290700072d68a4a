//! Put the live configuration back to the desired one.
//!
//! In: a hypothesis. Out: a reconciliation of the service, unless it keeps data on a disk of its
//! own: to apply storage settings may make that anew. Source: GitOps controllers (Argo CD
//! self heal, Flux). Limit: if the desired configuration itself is wrong, this makes it live
//! again.

use schemars::JsonSchema;
use serde::Deserialize;

use super::one_verb::OneVerb;
use super::{Build, NotApplicable, Patient, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Role, names};
use crate::unit::{Name, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "reconcile_config",
    summary: "live configuration back to the desired one",
    help: "Undoes manual edits and half-applied changes. Use risk: risky where drift can \
           be destructive to take back. Does not apply to a service with a disk of its own.",
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

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let Config { risk, settle, with_previous } = spec.read()?;
    let expected =
        |target: &Name| format!("the live configuration of {target} equals the desired one");
    let operation = Operation::ReconcileConfig;
    let complete = None;
    let applies = drifted;
    Ok(Box::new(OneVerb { operation, risk, settle, with_previous, complete, applies, expected }))
}

/// Whether it has a disk of its own: to apply other settings may make that anew.
fn keeps_data(patient: &Patient<'_>) -> bool {
    let around = patient.around();
    let target = around.topology.lookup(&patient.hypothesis.entity);
    around.series.iter().any(|(_, meta)| {
        meta.role == Role::Disk && Some(around.topology.service_of(meta.entity)) == target
    })
}

/// Where drift is measured and there is none, there is nothing to put back.
fn drifted(patient: &Patient<'_>) -> Result<(), NotApplicable> {
    let target = &patient.hypothesis.entity;
    if keeps_data(patient) {
        let why = format!("{target} keeps data on a disk of its own: a person applies settings");
        return Err(NotApplicable(why));
    }
    match patient.mean(target, names::CONFIG_DRIFT) {
        Some(keys) if keys <= 0.0 => {
            Err(NotApplicable(format!("{target} has the desired configuration")))
        }
        _ => Ok(()),
    }
}
