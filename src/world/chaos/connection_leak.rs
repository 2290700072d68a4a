//! Connections to callees are taken from the pool and never given back.
//!
//! In: the caller, how fast. Out: an effect on the caller: its pool runs dry and its calls wait
//! for a connection, so that the caller suffers and the callee looks idle.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "connection_leak",
    summary: "a service leaks pooled connections until its calls wait for one in vain",
    help: "The pool of each call of `service` shrinks. Upstream of it everything is slow, \
           downstream everything is well. A restart gives the connections back until they leak \
           again. Needs calls with a `pool`.",
    source: "Nygard, Release It! (2007), ch. 4: integration points and resource pools",
    example: "{ service: checkout, connections_per_minute: 3 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `connection_leak`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Connections of each pool of a replica that are lost, per minute (default 2).
    #[serde(default = "two")]
    connections_per_minute: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        [bound("connections_per_minute", self.connections_per_minute, 0.0)]
            .into_iter()
            .flatten()
            .collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.connection_leak_per_minute = self.connections_per_minute;
        site.put(&self.service, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(
            &self.service,
            Cause::ResourceExhaustion,
            &[Verb::Restart],
            &[Verb::Rollback],
        ))
    }
}

fn two() -> f64 {
    2.0
}
