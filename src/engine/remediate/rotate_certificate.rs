//! Issue and load a new certificate.
//!
//! In: a hypothesis. Out: a rotation on the service. Source: cert-manager renewal. Limit: clients
//! that pin the old certificate fail afterwards.

use schemars::JsonSchema;
use serde::Deserialize;

use super::one_verb::OneVerb;
use super::{Build, NotApplicable, Patient, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::case::LEAD;
use crate::model::{Operation, Risk, names};
use crate::unit::{Name, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "rotate_certificate",
    summary: "a new certificate, loaded",
    help: "For expired or soon expiring certificates and secrets of a service of ours.",
    source: "cert-manager",
    example: "{ settle: 4m }",
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
        Self { risk: Risk::Reversible, settle: SimDuration::from_secs(240), with_previous: false }
    }
}

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let Config { risk, settle, with_previous } = spec.read()?;
    let expected = |target: &Name| format!("handshakes with {target} succeed again");
    let operation = Operation::RotateCertificate;
    let complete = None;
    let applies = certified;
    Ok(Box::new(OneVerb { operation, risk, settle, with_previous, complete, applies, expected }))
}

/// Where it is known that a lease ends and no certificate does, the lease is the matter.
fn certified(patient: &Patient<'_>) -> Result<(), NotApplicable> {
    let target = &patient.hypothesis.entity;
    let due = |metric| patient.mean(target, metric).is_some_and(|left| left <= LEAD.secs_f64());
    if due(names::LEASE_TIME_LEFT) && !due(names::CERTIFICATE_TIME_LEFT) {
        return Err(NotApplicable(format!("a lease of {target} ends, no certificate of it does")));
    }
    Ok(())
}
