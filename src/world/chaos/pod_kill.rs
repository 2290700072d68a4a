//! Containers of a service are killed, once or again and again.
//!
//! In: service, how many, how often. Out: they end and the platform starts them again: the usual,
//! short trouble that heals by itself.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "pod_kill",
    summary: "containers are killed, once or again and again; the platform starts them anew",
    help: "The right answer is to wait. With `every` it goes on like a chaos monkey until `lasts` \
           is over.",
    source: "Basiri et al., Chaos Engineering (IEEE Software 2016): Chaos Monkey",
    example: "{ service: cart, count: 1 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `pod_kill`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// How many at a time (default 1).
    #[serde(default = "one")]
    count: u32,
    /// Time from one round to the next (default: one round only).
    #[serde(default)]
    every: Option<SimDuration>,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Config {
    fn kill(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        for slot in 0..(self.count as usize).min(site.fleet.services[index].slots.len()) {
            site.fleet.kill(index, slot, site.out);
        }
    }
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let least = SimDuration::from_secs(1);
        let message = |every| ("every", format!("expected at least {least}, found {every}"));
        self.every.filter(|every| *every < least).map(message).into_iter().collect()
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn begin(&self, site: &mut Site<'_>) {
        self.kill(site);
    }

    fn is_still(&self) -> bool {
        false
    }

    fn go_on(&self, site: &mut Site<'_>) {
        if self.every.is_some_and(|every| site.turns(every)) {
            self.kill(site);
        }
    }

    fn present(&self, site: &Site<'_>) -> bool {
        let owner = &site.fleet.services[site.index(&self.service)];
        let more = match (self.every, self.lasts) {
            (Some(_), Some(lasts)) => site.since() < lasts,
            (every, _) => every.is_some(),
        };
        more || owner.ready() < owner.desired
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::Unknown, &[Verb::Restart], &[Verb::Rollback]))
    }
}

fn one() -> u32 {
    1
}
