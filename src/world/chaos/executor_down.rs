//! What carries orders out is itself out of order.
//!
//! In: how it is broken, how long. Out: orders are refused at once, or taken and begun only when it
//! is back, by when they may be stale. Pages are sent another way.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::{Executor, Site};
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "executor_down",
    summary: "the executor of orders is down: it refuses, or hangs and acts late",
    help: "`refuses`: every order fails at once. `hangs`: orders are taken and begun only when it \
           is back; what was right then may be wrong by now. People's own orders are theirs to \
           give and go through. Labels no incident.",
    source: "windtunnel's own: the automation's tools fail with what they should heal",
    example: "{ mode: hangs, lasts: 20m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `executor_down`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// How it is broken (default refuses).
    #[serde(default = "refuses")]
    mode: Executor,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.around.executor.insert(site.number, self.mode);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.executor.contains_key(&site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}

fn refuses() -> Executor {
    Executor::Refuses
}
