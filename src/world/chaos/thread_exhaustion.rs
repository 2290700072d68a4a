//! Workers hang one after the other until nobody takes up requests.
//!
//! In: service, how fast workers hang. Out: an effect on all replicas: fewer workers, then a
//! line, then shed requests while processor and memory idle. A restart frees the workers until
//! they hang again.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "thread_exhaustion",
    summary: "workers hang one by one until the pool is empty, while the processor idles",
    help: "Each replica loses workers to calls that never return. Load looks normal, the \
           processor idles, and requests queue up. A restart gives the workers back; more \
           replicas win time. Ends by itself after `lasts`, if given: what hangs stays until the \
           restart.",
    source: "Nygard, Release It! (2007), ch. 4: blocked threads",
    example: "{ service: api-server, workers_per_minute: 4 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `thread_exhaustion`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Workers of each replica that hang, per minute (default 2).
    #[serde(default = "two")]
    workers_per_minute: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.worker_leak_per_minute = config.workers_per_minute;
    let problems = [bound("workers_per_minute", config.workers_per_minute, 0.0)]
        .into_iter()
        .flatten()
        .collect();
    let label = Label::new(
        &config.service,
        Cause::ResourceExhaustion,
        &[Verb::Restart, Verb::ScaleOut],
        &[Verb::Rollback],
    );
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn two() -> f64 {
    2.0
}
