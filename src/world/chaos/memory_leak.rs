//! Memory is never given back, with no deploy in sight.
//!
//! In: service, rate of the leak. Out: an effect on all replicas, whatever they run: garbage
//! collection grows, then containers are killed. A restart starts it anew; larger
//! replicas win time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "memory_leak",
    summary: "a service leaks memory, with no deploy in sight",
    help: "A latent leak that something outside set off. A restart gives back what was lost until \
           it is lost again; larger replicas win time; a rollback changes nothing. Ends by itself \
           after `lasts`, if given: what was lost stays lost until the replica restarts.",
    source: "Huang et al., software rejuvenation (FTCS 1995)",
    example: "{ service: catalog, mib_per_minute: 25 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `memory_leak`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Leak of each replica while it runs, MiB per minute (default 25).
    #[serde(default = "leak")]
    mib_per_minute: f64,
    /// Leak of each replica, MiB per 1000 requests (default 0).
    #[serde(default)]
    mib_per_1000_requests: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.leak_mib_per_minute = config.mib_per_minute;
    effect.leak_mib_per_1000_requests = config.mib_per_1000_requests;
    let per_request = bound("mib_per_1000_requests", config.mib_per_1000_requests, 0.0);
    let problems = bound("mib_per_minute", config.mib_per_minute, 0.0)
        .into_iter()
        .chain(per_request)
        .collect();
    let label = Label::new(
        &config.service,
        Cause::ResourceExhaustion,
        &[Verb::Restart, Verb::ScaleUp],
        &[],
    );
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn leak() -> f64 {
    25.0
}
