//! Names cannot be looked up: the resolver is silent or refuses.
//!
//! In: caller, shares. Out: attempts wait for the resolver or fail at once, before any callee is
//! asked.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, no_such_call};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{CallEffect, FleetSpec};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "dns_failure",
    summary: "name look-ups of a service fail or are not answered",
    help: "`silent` look-ups cost the resolver's time-out, `refused` ones fail at once. All \
           callees look ill from here and none is.",
    source: "resolv.conf(5): 5 s time-out; Kubernetes documentation, debugging DNS resolution",
    example: "{ service: checkout, silent: 0.5 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
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

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        let callee = self.callee.iter().map(|callee| ("callee", callee.as_str()));
        [("service", self.service.as_str())].into_iter().chain(callee).collect()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        no_such_call(fleet, &self.service, self.callee.as_deref())
    }

    fn begin(&self, site: &mut Site<'_>) {
        let effect = CallEffect {
            dns_silent: self.silent.get(),
            dns_refused: self.refused.get(),
            ..CallEffect::default()
        };
        site.put_on_calls(&self.service, self.callee.as_deref(), effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds_calls(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::NetworkFault, &[], &[Verb::Rollback, Verb::Restart]))
    }
}
