//! A cluster autoscaler moves everything about, again and again.
//!
//! In: how often. Out: one node after the other is drained and opened again. A service without a
//! disruption budget loses all its replicas on the node at once; two that share nodes lose them
//! all.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::FleetSpec;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "autoscaler_churn",
    summary: "a cluster autoscaler drains one node after the other and evicts what is unprotected",
    help: "A consolidation loop that finds a cheaper placement each time. Disruption budgets \
           (`min_available`) are respected; a service without one is evicted whole. Scaling out \
           spreads it over more nodes and helps a little.",
    source: "Aurora (Arvo-AI/aurora, pull 452): an autoscaler evicted all replicas of two \
             services for 36 h",
    example: "{ every: 10m, root: search, lasts: 2h }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `autoscaler_churn`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Time from one node to the next (default 10m).
    #[serde(default = "ten_minutes")]
    every: SimDuration,
    /// The service that suffers most, for the truth.
    root: String,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("root", &self.root)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        bound("every", self.every.secs_f64(), 60.0).into_iter().collect()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        let none = fleet.nodes.is_empty();
        none.then(|| ("every", "expected a fleet with nodes".to_owned())).into_iter().collect()
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.drain(0);
    }

    fn is_still(&self) -> bool {
        false
    }

    fn go_on(&self, site: &mut Site<'_>) {
        let over = self.lasts.is_some_and(|lasts| site.since() >= lasts);
        let nodes = site.fleet.nodes.len();
        let turn = (site.since().nanos() / self.every.nanos()) as usize;
        if !over && site.turns(self.every) {
            site.fleet.nodes[(turn + nodes - 1) % nodes].cordoned = false;
            site.drain(turn % nodes);
        }
    }

    fn end(&self, site: &mut Site<'_>) {
        site.fleet.nodes.iter_mut().for_each(|node| node.cordoned = false);
        site.grip.over = true;
    }

    fn present(&self, site: &Site<'_>) -> bool {
        !site.grip.over
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(
            &self.root,
            Cause::ConfigDrift,
            &[Verb::ScaleOut],
            &[Verb::Rollback, Verb::Restart],
        ))
    }
}

fn ten_minutes() -> SimDuration {
    SimDuration::from_secs(600)
}
