//! A trap: a remedy that does harm here, whoever orders it.
//!
//! In: service, verb, harm. Out: nothing until the fleet sees that verb done to the service; from
//! then on requests fail or crawl. Before that nothing is wrong, and nothing is labelled.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Deed, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "backfire",
    summary: "a trap: a remedy that is done to this service makes things worse",
    help: "A restart that empties a cache, a rollback that meets a changed contract, a scale-out \
           that takes the last connections of a database. Ends by itself `lasts` after it sprang, \
           if given.",
    source: "Gunawi et al., Why Does the Cloud Stop Computing? (SoCC 2016): recovery that makes \
             it worse",
    example: "{ service: catalog, on: restart, slow_factor: 8, lasts: 15m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `backfire`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// The verb that does harm.
    on: Verb,
    /// Share of requests that fail afterwards (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Own work takes this many times as long afterwards (default 1).
    #[serde(default = "unchanged")]
    slow_factor: f64,
    /// How long it lasts once it has sprung (default: to the end).
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

    fn begin(&self, _: &mut Site<'_>) {}

    fn is_still(&self) -> bool {
        false
    }

    fn go_on(&self, site: &mut Site<'_>) {
        let armed = site.began;
        let springs = |deed: &Deed| {
            deed.verb == self.on && deed.target.as_str() == self.service && deed.began >= armed
        };
        let sprang = site.out.record.deeds.iter().find(|deed| springs(deed)).map(|deed| deed.began);
        let now = site.now();
        match sprang {
            Some(_) if site.grip.is_empty() && !site.grip.over => {
                let mut effect = Effect::on(Scope::Service);
                effect.errors = self.error_ratio.get();
                effect.slow = self.slow_factor;
                effect.error_words = "warming up: upstream rejected";
                site.put(&self.service, effect);
            }
            Some(sprang) if self.lasts.is_some_and(|lasts| now.since(sprang) >= lasts) => {
                site.lift();
                site.grip.over = true;
            }
            _ => {}
        }
    }

    fn dormant(&self, site: &Site<'_>) -> bool {
        site.grip.is_empty()
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::ResourceExhaustion, &[], &[self.on]))
    }
}

fn unchanged() -> f64 {
    1.0
}
