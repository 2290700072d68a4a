//! Replace all replicas of a service, one after the other.
//!
//! In: a hypothesis. Out: a rolling restart. A new process gives back what the old one held:
//! memory, threads, connections, files. It is no fewer requests and no fewer files on the disk, so
//! with `when_leaked` processors that are busy and disks that are full are left alone. Source:
//! Kubernetes `rollout restart`; Candea and Fox, "Crash-only software" (HotOS 2003). Limit: cures
//! state, not code: a leak comes back.

use schemars::JsonSchema;
use serde::Deserialize;

use super::one_verb::OneVerb;
use super::{Build, NotApplicable, Patient, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Role};
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
    /// Only where what is short is held by the processes themselves.
    when_leaked: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            risk: Risk::Reversible,
            settle: SimDuration::from_secs(300),
            with_previous: false,
            when_leaked: false,
        }
    }
}

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let Config { risk, settle, with_previous, when_leaked } = spec.read()?;
    let expected =
        |target: &Name| format!("{target} starts afresh; leaked resources are free again");
    let operation = Operation::Restart;
    let complete = Some(Operation::Restart);
    let applies = if when_leaked { leaked } else { |_: &Patient<'_>| Ok(()) };
    Ok(Box::new(OneVerb { operation, risk, settle, with_previous, complete, applies, expected }))
}

/// Whether what the service is short of now is held by its processes. Threads and connections are
/// when processors are idle; beside busy ones they are at work.
fn leaked(patient: &Patient<'_>) -> Result<(), NotApplicable> {
    let (id, target) = patient.service()?;
    let has = |role| patient.case.full(id).any(|full| full.role == role);
    if has(Role::Memory) || has(Role::Saturation) && !has(Role::Cpu) {
        return Ok(());
    }
    Err(NotApplicable(format!("{target} is short of nothing that its processes hold")))
}
