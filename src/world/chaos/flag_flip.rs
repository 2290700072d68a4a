//! A feature flag is switched on and what is behind it does harm.
//!
//! In: service, flag, harm. Out: a flag event, and an effect on all replicas while the flag is
//! on. No version changed: a rollback keeps the flag.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "flag_flip",
    summary: "a feature flag is switched on and what is behind it fails or is slow",
    help: "The flag event is visible, as flag services tell. Switching the flag off heals at \
           once; rollbacks, restarts and more replicas do not.",
    source: "Rahman et al., Feature Toggles: Practitioner Practices (MSR 2016)",
    example: "{ service: checkout, flag: new-pricing, error_ratio: 0.3 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `flag_flip`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// The flag.
    flag: String,
    /// Share of requests that fail while it is on (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Own work takes this many times as long while it is on (default 1).
    #[serde(default = "unchanged")]
    slow_factor: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        bound("slow_factor", self.slow_factor, 1.0).into_iter().collect()
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("flag {:?} of {}", self.flag, self.service), None))
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Flag(self.flag.clone()));
        effect.errors = self.error_ratio.get();
        effect.slow = self.slow_factor;
        effect.error_words = "unsupported variant of feature";
        site.put(&self.service, effect);
        let index = site.index(&self.service);
        site.fleet.set_flag(index, &self.flag, true, site.out);
    }

    fn end(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        site.fleet.set_flag(index, &self.flag, false, site.out);
        site.lift();
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::ConfigDrift, &[Verb::DisableFlag], &[Verb::Rollback]))
    }
}

fn unchanged() -> f64 {
    1.0
}
