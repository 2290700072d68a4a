//! Packets between two services take longer.
//!
//! In: caller, callee, time added. Out: each attempt over that edge takes longer; workers of the
//! caller are held, so that slowness travels up. Caller and callee are both well.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, bound};
use super::on_calls::OnCalls;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::unit::SimDuration;
use crate::world::fleet::CallEffect;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "network_latency",
    summary: "calls between two services take longer on the way",
    help: "`latency` with `jitter` is added to each attempt. The callee's own metrics stay calm: \
           only its callers see it. Nothing that is done to a service helps but not calling it.",
    source: "Linux tc-netem(8), delay; Dean and Barroso, The Tail at Scale (2013)",
    example: "{ service: api-server, callee: catalog, latency: 300ms, jitter: 50ms }",
    schema: schema_of::<Config>,
    build,
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

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let effect = CallEffect {
        latency_s: config.latency.secs_f64(),
        jitter_s: config.jitter.secs_f64(),
        ..CallEffect::default()
    };
    let problems = [
        bound("latency", config.latency.secs_f64(), 0.0),
        bound("jitter", config.jitter.secs_f64(), 0.0),
    ]
    .into_iter()
    .flatten()
    .collect();
    let Config { service, callee, lasts, .. } = config;
    Ok(Box::new(OnCalls::network(service, callee, lasts, effect, problems)))
}

fn two_hundred() -> SimDuration {
    SimDuration::from_millis(200)
}

fn twenty() -> SimDuration {
    SimDuration::from_millis(20)
}
