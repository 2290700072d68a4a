//! A short brownout after which retries keep a callee down.
//!
//! In: caller, callee, retries, the trigger. Out: callers retry without a budget; the callee is
//! slow for a while, attempts multiply, and the load of the retries alone keeps it overloaded
//! when the trigger is gone.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound, no_such_call};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, FleetSpec, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "retry_storm",
    summary: "a short brownout sets off retries that keep a callee down afterwards",
    help: "Metastable: the trigger ends after `trigger`, the failure does not. It ends when the \
           load falls far enough: calls stopped, load shed, or capacity well above need. \
           Restarting the callee feeds the storm.",
    source: "Bronson et al., Metastable Failures in Distributed Systems (HotOS 2021); Huang et \
             al. (OSDI 2022)",
    example: "{ service: api-server, callee: search, retries: 5, trigger: 2m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `retry_storm`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The caller.
    service: String,
    /// The callee that is overloaded.
    callee: String,
    /// Further attempts of each failed call (default 4, at most 10).
    #[serde(default = "four")]
    retries: u32,
    /// How long the callee is slow by itself (default 2m).
    #[serde(default = "two_minutes")]
    trigger: SimDuration,
    /// Its own work takes this many times as long then (default 20).
    #[serde(default = "twenty")]
    slow_factor: f64,
}

/// Share of failed attempts above which the storm still rages.
const STILL: f64 = 0.1;

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service), ("callee", &self.callee)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let many = (self.retries > 10)
            .then(|| ("retries", format!("expected at most 10, found {}", self.retries)));
        let slow = bound("slow_factor", self.slow_factor, 1.0);
        let trigger = bound("trigger", self.trigger.secs_f64(), 1.0);
        [many, slow, trigger].into_iter().flatten().collect()
    }

    fn misfits(&self, fleet: &FleetSpec) -> Vec<(&'static str, String)> {
        no_such_call(fleet, &self.service, Some(&self.callee))
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.slow = self.slow_factor;
        site.put(&self.callee, effect);
        if let Some((service, edge)) = site.edge(&self.service, &self.callee) {
            let call = &mut site.fleet.services[service].spec.calls[edge];
            site.grip.former_call = Some((service, edge, call.clone()));
            call.retries = self.retries;
            call.retry_budget = None;
            call.breaker = None;
        }
    }

    fn is_still(&self) -> bool {
        false
    }

    fn go_on(&self, site: &mut Site<'_>) {
        if site.since() >= self.trigger {
            let callee = site.index(&self.callee);
            site.fleet.services[callee].effects.remove(&site.number);
        }
    }

    fn end(&self, site: &mut Site<'_>) {
        if let Some((service, edge, call)) = site.grip.former_call.take() {
            site.fleet.services[service].spec.calls[edge] = call;
        }
        site.lift();
    }

    fn present(&self, site: &Site<'_>) -> bool {
        let edge = site.edge(&self.service, &self.callee);
        let failing = edge.is_some_and(|(service, edge)| {
            site.fleet.services[service].edges[edge].attempt_failure > STILL
        });
        site.since() < self.trigger || failing
    }

    fn label(&self) -> Option<Label> {
        let helps = [Verb::OpenCircuit, Verb::ShedLoad, Verb::ScaleOut];
        Some(Label::new(
            &self.callee,
            Cause::ResourceExhaustion,
            &helps,
            &[Verb::Restart, Verb::Rollback],
        ))
    }
}

fn four() -> u32 {
    4
}

fn two_minutes() -> SimDuration {
    SimDuration::from_secs(120)
}

fn twenty() -> f64 {
    20.0
}
