//! A noisy neighbour takes processor time from every replica of a service.
//!
//! In: service, share taken. Out: an effect on all replicas, whatever they run. More replicas or
//! larger ones help, as they bring processors; a restart does not.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "cpu_hog",
    summary: "a noisy neighbour takes processor time from a service",
    help: "Each replica keeps only a part of its processors, so computing queues up and takes \
           longer the busier the replica is. Ends by itself after `lasts`, if given.",
    source: "Zhang et al., CPI2: CPU performance isolation (EuroSys 2013)",
    example: "{ service: search, share: 0.8 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `cpu_hog`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Share of the processors that is taken (default 0.8).
    #[serde(default = "most")]
    share: Ratio,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.stolen_cpu = config.share.get();
    let problems = Vec::new();
    let label = Label::new(
        &config.service,
        Cause::ResourceExhaustion,
        &[Verb::ScaleOut, Verb::ScaleUp],
        &[],
    );
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn most() -> Ratio {
    Ratio::clamped(0.8)
}
