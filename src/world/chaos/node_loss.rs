//! A machine goes silent.
//!
//! In: the node. Out: its replicas answer nobody at once; the platform notices after 40 s and
//! starts them elsewhere after 5 minutes, if there is room.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, no_such_node};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{FleetSpec, NodeEffect};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "node_loss",
    summary: "a machine goes silent with everything that stands on it",
    help: "Kubernetes' defaults decide how long nobody notices. With room elsewhere it heals by \
           itself, slowly; draining the node is faster.",
    source: "Kubernetes documentation, node-monitor-grace-period (40s), tolerationSeconds (300s)",
    example: "{ node: pool-0 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `node_loss`.
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

    fn begin(&self, site: &mut Site<'_>) {
        let effect = NodeEffect { down: true, ..NodeEffect::default() };
        site.put_on_node(&self.node, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds_nodes()
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.node, Cause::NodeFailure, &[Verb::Drain], &[Verb::Rollback]))
    }
}
