//! Replace all replicas of a service, one after the other.
//!
//! In: a hypothesis. Out: a rolling restart. Source: Kubernetes `rollout restart`; Candea and Fox,
//! "Crash-only software" (HotOS 2003). Limit: cures state, not code: a leak comes back.

use schemars::JsonSchema;
use serde::Deserialize;

use super::one_verb::OneVerb;
use super::{Build, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk};
use crate::unit::{Name, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "restart",
    summary: "a rolling restart",
    help: "Frees what leaked and reloads configuration and certificates. Capacity drops \
           by one replica while it rolls.",
    source: "Candea and Fox, Crash-only software, HotOS 2003",
    example: "{ settle: 5m }",
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
        |target: &Name| format!("{target} starts afresh; leaked resources are free again");
    let operation = Operation::Restart;
    let complete = Some(Operation::Restart);
    Ok(Box::new(OneVerb { operation, risk, settle, with_previous, complete, expected }))
}
