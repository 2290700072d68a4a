//! Issue new credentials and have the replicas load them.
//!
//! In: a hypothesis. Out: a rotation of the service's secret. Source: dynamic secrets with a lease
//! (the article, pattern 5). Limit: whoever holds the old credentials elsewhere fails afterwards.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "rotate_secret",
    summary: "issue new credentials and load them",
    help: "For a lease that ended or is about to.",
    source: "the article, pattern 5 (dynamic secrets)",
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
        Self { risk: Risk::Reversible, settle: SimDuration::from_secs(300), with_previous: false }
    }
}

struct RotateSecret(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(RotateSecret(spec.read()?)))
}

impl Remedy for RotateSecret {
    fn verb(&self) -> Verb {
        Verb::RotateSecret
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (_, target) = patient.service()?;
        let expected = format!("{target} uses valid credentials");
        let Config { risk, settle, .. } = self.0;
        Ok(Prescription::new(target.clone(), Operation::RotateSecret, risk, expected, settle))
    }
}
