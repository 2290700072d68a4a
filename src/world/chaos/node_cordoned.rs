//! Somebody closes a machine to new replicas and forgets it.
//!
//! In: the node. Out: nothing at first; whatever must move or start may find no room.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, no_such_node};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::FleetSpec;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "node_cordoned",
    summary: "a machine is closed to new replicas and forgotten: what must start finds no room",
    help: "Nobody feels it until a deploy, a crash or a surge needs the room. Harmless alone, it \
           turns another fault worse.",
    source: "Kubernetes documentation, kubectl cordon; taints and tolerations",
    example: "{ node: pool-0 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `node_cordoned`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The node, as `<pool>-<number>`.
    node: String,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        no_such_node(fleet, &self.node)
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn begin(&self, site: &mut Site<'_>) {
        if let Some(node) = site.fleet.node(&self.node) {
            site.fleet.cordon(node, site.out);
        }
    }

    fn end(&self, site: &mut Site<'_>) {
        if let Some(node) = site.fleet.node(&self.node) {
            site.fleet.nodes[node].cordoned = false;
        }
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.fleet.node(&self.node).is_some_and(|node| site.fleet.nodes[node].cordoned)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.node, Cause::ConfigDrift, &[], &[Verb::Rollback]))
    }
}
