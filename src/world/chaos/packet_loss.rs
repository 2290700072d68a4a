//! Packets between two services are lost.
//!
//! In: caller, callee, share. Out: retransmissions on that edge: a long tail first, time-outs
//! later.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, no_such_call};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{CallEffect, FleetSpec};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "packet_loss",
    summary: "packets between two services are lost and sent again, late",
    help: "Each lost packet costs a retransmission time-out; the tail of the caller's latency \
           grows long before anything fails.",
    source: "RFC 6298 (TCP retransmission timer); Linux tc-netem(8), loss",
    example: "{ service: api-server, callee: users, loss: 0.1 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
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

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        let callee = self.callee.iter().map(|callee| ("callee", callee.as_str()));
        [("service", self.service.as_str())].into_iter().chain(callee).collect()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        no_such_call(fleet, &self.service, self.callee.as_deref())
    }

    fn begin(&self, site: &mut Site<'_>) {
        let effect = CallEffect { loss: self.loss.get(), ..CallEffect::default() };
        site.put_on_calls(&self.service, self.callee.as_deref(), effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds_calls(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        let root = self.callee.as_ref().unwrap_or(&self.service);
        Some(Label::new(
            root,
            Cause::NetworkFault,
            &[Verb::OpenCircuit],
            &[Verb::Rollback, Verb::Restart],
        ))
    }
}

fn twentieth() -> Ratio {
    Ratio::clamped(0.05)
}
