//! Memory is never given back, with no deploy in sight.
//!
//! In: service, rate of the leak. Out: an effect on all replicas, whatever they run: garbage
//! collection grows, then containers are killed. A restart starts it anew; larger
//! replicas win time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Name, SimDuration};
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
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
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

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let per_request = bound("mib_per_1000_requests", self.mib_per_1000_requests, 0.0);
        bound("mib_per_minute", self.mib_per_minute, 0.0).into_iter().chain(per_request).collect()
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.leak_mib_per_minute = self.mib_per_minute;
        effect.leak_mib_per_1000_requests = self.mib_per_1000_requests;
        site.put(&self.service, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn label(&self) -> Option<Label> {
        Some(Label {
            root: Name::from(self.service.as_str()),
            cause: Cause::ResourceExhaustion,
            acceptable: vec![Verb::Restart, Verb::ScaleUp, Verb::PageOnCall],
            forbidden: Vec::new(),
        })
    }
}

fn leak() -> f64 {
    25.0
}
