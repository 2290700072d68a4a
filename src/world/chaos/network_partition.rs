//! Two services cannot reach each other any more.
//!
//! In: caller, callee, share of attempts. Out: attempts over that edge wait for their time-out; the
//! callee sees fewer requests and is well.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault};
use super::on_calls::OnCalls;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::CallEffect;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "network_partition",
    summary: "a service cannot reach a callee: attempts wait for their time-out",
    help: "A share of the attempts reaches nobody. The callee's traffic falls, which looks like \
           its fault and is not. Callers with long time-outs fill up.",
    source: "Bailis and Kingsbury, The Network is Reliable (2014)",
    example: "{ service: api-server, callee: cart, share: 1, lasts: 15m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `network_partition`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The caller.
    service: String,
    /// Whom it calls (default: all its callees).
    #[serde(default)]
    callee: Option<String>,
    /// Share of attempts that reach nobody (default 1).
    #[serde(default = "one")]
    share: Ratio,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let effect = CallEffect { unreachable: config.share.get(), ..CallEffect::default() };
    let Config { service, callee, lasts, .. } = config;
    Ok(Box::new(OnCalls::network(service, callee, lasts, effect, Vec::new())))
}

fn one() -> Ratio {
    Ratio::ONE
}
