//! Connections to callees are taken from the pool and never given back.
//!
//! In: the caller, how fast. Out: an effect on the caller: its pool runs dry and its calls wait
//! for a connection, so that the caller suffers and the callee looks idle.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
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
    build,
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

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.connection_leak_per_minute = config.connections_per_minute;
    let problems = [bound("connections_per_minute", config.connections_per_minute, 0.0)]
        .into_iter()
        .flatten()
        .collect();
    let label =
        Label::new(&config.service, Cause::ResourceExhaustion, &[Verb::Restart], &[Verb::Rollback]);
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn two() -> f64 {
    2.0
}
