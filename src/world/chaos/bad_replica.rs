//! A few replicas of a service are bad and the rest is well.
//!
//! In: service, how many, how bad. Out: an effect on the first slots: averages look fine, the
//! tail does not. It stays with the place, not with the process: a restart does not help.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "bad_replica",
    summary: "a few replicas fail or crash while the rest is well: averages hide it",
    help: "`crash_after` makes them end again and again, `error_ratio` and `slow_factor` make \
           them answer badly. A restart brings the same back in the same place.",
    source: "Huang et al., Gray Failure (HotOS 2017); Dean and Barroso, The Tail at Scale (2013)",
    example: "{ service: catalog, replicas: 1, error_ratio: 0.6 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `bad_replica`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// How many (default 1).
    #[serde(default = "one")]
    replicas: u32,
    /// Share of their requests that fail (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Their own work takes this many times as long (default 1).
    #[serde(default = "unchanged")]
    slow_factor: f64,
    /// From ready to their crash (default: they do not crash).
    #[serde(default)]
    crash_after: Option<SimDuration>,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        [bound("slow_factor", self.slow_factor, 1.0)].into_iter().flatten().collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Slots(self.replicas));
        effect.errors = self.error_ratio.get();
        effect.slow = self.slow_factor;
        effect.crash_after = self.crash_after;
        effect.error_words = "checksum mismatch";
        site.put(&self.service, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::CodeDefect, &[], &[Verb::Rollback]))
    }
}

fn one() -> u32 {
    1
}

fn unchanged() -> f64 {
    1.0
}
