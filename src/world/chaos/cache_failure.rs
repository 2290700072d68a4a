//! A cache misses although it is warm: keys changed, entries expire at once.
//!
//! In: the cache, share of misses. Out: an effect on the cache: the misses fall on what stands
//! behind it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
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
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
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

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.cache_misses = self.misses.get();
        site.put(&self.service, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(
            &self.service,
            Cause::ResourceExhaustion,
            &[Verb::ShedLoad],
            &[Verb::Restart],
        ))
    }
}

fn most() -> Ratio {
    Ratio::clamped(0.9)
}
