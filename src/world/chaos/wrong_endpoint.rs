//! A wrong port, selector or policy: calls are refused though the callee is well.
//!
//! In: caller, callee, share. Out: attempts over that edge are refused at once. With `announced` a
//! config event tells of the edit.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, no_such_call};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Event, EventKind, Verb};
use crate::unit::{Name, Ratio, SimDuration};
use crate::world::fleet::{CallEffect, FleetSpec};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "wrong_endpoint",
    summary: "a wrong port, selector, network or mesh policy makes calls fail at once",
    help: "The callee is well and gets fewer requests. Putting the configuration back heals; for \
           that a person must see what differs, as nothing drifts in the service itself.",
    source: "Kubernetes documentation, Services and NetworkPolicy; Istio, AuthorizationPolicy",
    example: "{ service: api-server, callee: inventory, announced: true }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `wrong_endpoint`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The caller.
    service: String,
    /// Whom it calls (default: all its callees).
    #[serde(default)]
    callee: Option<String>,
    /// Share of attempts that are refused (default 1).
    #[serde(default = "one")]
    share: Ratio,
    /// Whether an event tells of the edit (default false).
    #[serde(default)]
    announced: bool,
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
        let effect = CallEffect { refused: self.share.get(), ..CallEffect::default() };
        if self.announced {
            let entity = Some(Name::from(self.service.as_str()));
            let event = Event::new(site.now(), EventKind::Config, entity, "config edited")
                .with("key", "networkpolicy/egress");
            site.out.events.push(event);
        }
        site.put_on_calls(&self.service, self.callee.as_deref(), effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds_calls(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::ConfigDrift, &[], &[Verb::Rollback, Verb::Restart]))
    }
}

fn one() -> Ratio {
    Ratio::ONE
}
