//! Two services cannot reach each other any more.
//!
//! In: caller, callee, share of attempts. Out: attempts over that edge wait for their time-out; the
//! callee sees fewer requests and is well.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, no_such_call};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{CallEffect, FleetSpec};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "network_partition",
    summary: "a service cannot reach a callee: attempts wait for their time-out",
    help: "A share of the attempts reaches nobody. The callee's traffic falls, which looks like \
           its fault and is not. Callers with long time-outs fill up.",
    source: "Bailis and Kingsbury, The Network is Reliable (2014)",
    example: "{ service: api-server, callee: cart, share: 1, lasts: 15m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
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

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        let callee = self.callee.iter().map(|callee| ("callee", callee.as_str()));
        [("service", self.service.as_str())].into_iter().chain(callee).collect()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        no_such_call(fleet, &self.service, self.callee.as_deref())
    }

    fn begin(&self, site: &mut Site<'_>) {
        let effect = CallEffect { unreachable: self.share.get(), ..CallEffect::default() };
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

fn one() -> Ratio {
    Ratio::ONE
}
