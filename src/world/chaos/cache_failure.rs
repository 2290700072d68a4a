//! A cache misses although it is warm: keys changed, entries expire at once.
//!
//! In: the cache, share of misses. Out: an effect on the cache: the misses fall on what stands
//! behind it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "cache_failure",
    summary: "a cache misses although it is warm, and what stands behind it is flooded",
    help: "Needs a service with `cache` that callers ask before another call. The callee behind \
           the cache gets the misses: it suffers, the cache is the cause.",
    source: "Nishtala et al., Scaling Memcache at Facebook (NSDI 2013): thundering herds",
    example: "{ service: catalog-cache, misses: 0.9 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `cache_failure`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Share of look-ups that miss although the cache is warm (default 0.9).
    #[serde(default = "most")]
    misses: Ratio,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.cache_misses = config.misses.get();
    let problems = Vec::new();
    let label =
        Label::new(&config.service, Cause::ResourceExhaustion, &[Verb::ShedLoad], &[Verb::Restart]);
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn most() -> Ratio {
    Ratio::clamped(0.9)
}
