//! Packets between two services are lost.
//!
//! In: caller, callee, share. Out: retransmissions on that edge: a long tail first, time-outs
//! later.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault};
use super::on_calls::OnCalls;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::CallEffect;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "packet_loss",
    summary: "packets between two services are lost and sent again, late",
    help: "Each lost packet costs a retransmission time-out; the tail of the caller's latency \
           grows long before anything fails.",
    source: "RFC 6298 (TCP retransmission timer); Linux tc-netem(8), loss",
    example: "{ service: api-server, callee: users, loss: 0.1 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `packet_loss`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The caller.
    service: String,
    /// Whom it calls (default: all its callees).
    #[serde(default)]
    callee: Option<String>,
    /// Share of packets that are lost (default 0.05).
    #[serde(default = "twentieth")]
    loss: Ratio,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let effect = CallEffect { loss: config.loss.get(), ..CallEffect::default() };
    let Config { service, callee, lasts, .. } = config;
    Ok(Box::new(OnCalls::network(service, callee, lasts, effect, Vec::new())))
}

fn twentieth() -> Ratio {
    Ratio::clamped(0.05)
}
