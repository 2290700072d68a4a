//! Running processes got into a bad state that a restart clears.
//!
//! In: service, how bad. Out: an effect on the containers that run at the injection: new ones are
//! well.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, Repair, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Operation, Verb};
use crate::unit::{Name, Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "stuck_state",
    summary: "running processes are in a bad state that a restart clears",
    help: "A poisoned cache, a stale connection, a deadlock: what runs now answers badly, \
           whatever starts anew is well. The one case in which the oldest remedy is the right \
           one.",
    source: "Candea and Fox, Crash-Only Software (HotOS 2003); Huang et al., software \
             rejuvenation (1995)",
    example: "{ service: search, error_ratio: 0.4 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `stuck_state`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Share of requests that fail (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Own work takes this many times as long (default 1).
    #[serde(default = "unchanged")]
    slow_factor: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        bound("slow_factor", self.slow_factor, 1.0).into_iter().collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let owner = &site.fleet.services[site.index(&self.service)];
        let last = owner.replicas().map(|replica| replica.container).max().unwrap_or_default();
        let mut effect = Effect::on(Scope::Containers(last));
        effect.errors = self.error_ratio.get();
        effect.slow = self.slow_factor;
        effect.error_words = "stale connection in session store";
        site.put(&self.service, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn repair(&self) -> Repair {
        Repair::Order { target: Name::from(self.service.as_str()), operation: Operation::Restart }
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::CodeDefect, &[Verb::Restart], &[Verb::Rollback]))
    }
}

fn unchanged() -> f64 {
    1.0
}
