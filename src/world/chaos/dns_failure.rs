//! Names cannot be looked up: the resolver is silent or refuses.
//!
//! In: caller, shares. Out: attempts wait for the resolver or fail at once, before any callee is
//! asked.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::on_calls::OnCalls;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::CallEffect;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "dns_failure",
    summary: "name look-ups of a service fail or are not answered",
    help: "`silent` look-ups cost the resolver's time-out, `refused` ones fail at once. All \
           callees look ill from here and none is.",
    source: "resolv.conf(5): 5 s time-out; Kubernetes documentation, debugging DNS resolution",
    example: "{ service: checkout, silent: 0.5 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `dns_failure`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The caller.
    service: String,
    /// Whom it calls (default: all its callees).
    #[serde(default)]
    callee: Option<String>,
    /// Share of look-ups that are not answered (default 0).
    #[serde(default)]
    silent: Ratio,
    /// Share of look-ups that fail at once (default 0).
    #[serde(default)]
    refused: Ratio,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let effect = CallEffect {
        dns_silent: config.silent.get(),
        dns_refused: config.refused.get(),
        ..CallEffect::default()
    };
    let problems = Vec::new();
    let label =
        Label::new(&config.service, Cause::NetworkFault, &[], &[Verb::Rollback, Verb::Restart]);
    let Config { service, callee, lasts, .. } = config;
    Ok(Box::new(OnCalls { service, callee, lasts, effect, problems, label }))
}
