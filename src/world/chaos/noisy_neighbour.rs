//! Somebody else on a machine takes processors and memory.
//!
//! In: the node, what is taken. Out: replicas on it get less; those elsewhere are well. Memory
//! that runs out makes the kubelet evict.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound, no_such_node};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{FleetSpec, NodeEffect};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "noisy_neighbour",
    summary: "somebody else on a machine takes its processors, memory or disk",
    help: "Replicas keep what they requested and lose what they used beyond it. Moving away from \
           the node helps; restarting in place does not.",
    source: "Zhang et al., CPI2 (EuroSys 2013); Kubernetes documentation, node-pressure eviction",
    example: "{ node: pool-1, cpu: 7 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `noisy_neighbour`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The node, as `<pool>-<number>`.
    node: String,
    /// Processors that are taken (default 0).
    #[serde(default = "none")]
    cpu: f64,
    /// Memory that is taken, MiB (default 0).
    #[serde(default = "none")]
    memory_mib: f64,
    /// Written to its disk, MiB per minute (default 0).
    #[serde(default = "none")]
    disk_mib_per_minute: f64,
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

    fn problems(&self) -> Vec<(&'static str, String)> {
        [
            bound("cpu", self.cpu, 0.0),
            bound("memory_mib", self.memory_mib, 0.0),
            bound("disk_mib_per_minute", self.disk_mib_per_minute, 0.0),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let effect = NodeEffect {
            cpu_taken: self.cpu,
            memory_taken_mib: self.memory_mib,
            disk_mib_per_minute: self.disk_mib_per_minute,
            ..NodeEffect::default()
        };
        site.put_on_node(&self.node, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds_nodes()
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(
            &self.node,
            Cause::NodeFailure,
            &[Verb::Drain, Verb::ScaleOut],
            &[Verb::Rollback],
        ))
    }
}

fn none() -> f64 {
    0.0
}
