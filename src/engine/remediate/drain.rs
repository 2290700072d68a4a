//! Move everything off a node.
//!
//! In: a hypothesis that blames a node. Out: cordon and eviction. Source: `kubectl drain`. Limit:
//! the other nodes must have room; replicas that find none stay pending.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy, shared_node};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{EntityKind, Operation, Risk, Verb};
use crate::unit::{Name, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "drain",
    summary: "move everything off a node",
    help: "The blamed entity must be a node: it is cordoned and its replicas are evicted within \
           their disruption budgets. With `shared` it is a service, and the node is the one whose \
           replicas of several services have no processor time left while their siblings idle.",
    source: "kubectl drain; OpenShift machine health checks",
    example: "{ settle: 8m }",
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
    /// The blamed entity is a service: the machine that its troubled replicas share is drained, if
    /// it is the machine's trouble.
    shared: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            risk: Risk::Risky,
            settle: SimDuration::from_secs(480),
            with_previous: false,
            shared: false,
        }
    }
}

struct Drain(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(Drain(spec.read()?)))
}

impl Remedy for Drain {
    fn verb(&self) -> Verb {
        Verb::Drain
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let target = match self.0.shared {
            true => shared(patient)?,
            false => patient.entity(&[EntityKind::Node])?,
        };
        let expected = format!("{target} carries nothing; its replicas run elsewhere");
        let Config { risk, settle, .. } = self.0;
        Ok(Prescription::new(target.clone(), Operation::Drain, risk, expected, settle))
    }
}

fn shared<'a>(patient: &'a Patient<'_>) -> Result<&'a Name, NotApplicable> {
    let node = shared_node::find(patient).map(|node| patient.around().topology.name(node));
    node.ok_or_else(|| NotApplicable("no machine is what its troubled replicas share".to_owned()))
}
