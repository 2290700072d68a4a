//! A machine is worn or its kernel is broken: what runs on it errs or crawls.
//!
//! In: the node, how bad. Out: requests to replicas on it fail or take longer; the node reports
//! ready.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound, no_such_node};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{FleetSpec, NodeEffect};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "hardware_fault",
    summary: "a worn disk, bad memory or broken kernel makes one machine err or crawl",
    help: "The node stays ready, so that nobody moves away by itself. Replicas of many services \
           are ill on one machine: that is its mark.",
    source: "Huang et al., Gray Failure (HotOS 2017); Bairavasundaram et al., latent sector \
             errors (2007)",
    example: "{ node: pool-2, error_ratio: 0.3 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `hardware_fault`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The node, as `<pool>-<number>`.
    node: String,
    /// Share of requests to its replicas that fail (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Own work of its replicas takes this many times as long (default 1).
    #[serde(default = "unchanged")]
    slow_factor: f64,
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
        [bound("slow_factor", self.slow_factor, 1.0)].into_iter().flatten().collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let effect = NodeEffect {
            errors: self.error_ratio.get(),
            slower: self.slow_factor - 1.0,
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
        Some(Label::new(&self.node, Cause::NodeFailure, &[Verb::Drain], &[Verb::Rollback]))
    }
}

fn unchanged() -> f64 {
    1.0
}
