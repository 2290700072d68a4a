//! Packets between two services take longer.
//!
//! In: caller, callee, time added. Out: each attempt over that edge takes longer; workers of the
//! caller are held, so that slowness travels up. Caller and callee are both well.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound, no_such_call};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{CallEffect, FleetSpec};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "network_latency",
    summary: "calls between two services take longer on the way",
    help: "`latency` with `jitter` is added to each attempt. The callee's own metrics stay calm: \
           only its callers see it. Nothing that is done to a service helps but not calling it.",
    source: "Linux tc-netem(8), delay; Dean and Barroso, The Tail at Scale (2013)",
    example: "{ service: api-server, callee: catalog, latency: 300ms, jitter: 50ms }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `network_latency`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The caller.
    service: String,
    /// Whom it calls (default: all its callees).
    #[serde(default)]
    callee: Option<String>,
    /// Time added to each attempt (default 200ms).
    #[serde(default = "two_hundred")]
    latency: SimDuration,
    /// Its standard deviation (default 20ms).
    #[serde(default = "twenty")]
    jitter: SimDuration,
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

    fn problems(&self) -> Vec<(&'static str, String)> {
        [
            bound("latency", self.latency.secs_f64(), 0.0),
            bound("jitter", self.jitter.secs_f64(), 0.0),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let effect = CallEffect {
            latency_s: self.latency.secs_f64(),
            jitter_s: self.jitter.secs_f64(),
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
        let root = self.callee.as_ref().unwrap_or(&self.service);
        Some(Label::new(
            root,
            Cause::NetworkFault,
            &[Verb::OpenCircuit],
            &[Verb::Rollback, Verb::Restart],
        ))
    }
}

fn two_hundred() -> SimDuration {
    SimDuration::from_millis(200)
}

fn twenty() -> SimDuration {
    SimDuration::from_millis(20)
}
