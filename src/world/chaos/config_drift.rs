//! Live configuration differs from the desired one and does harm.
//!
//! In: service, key, values, what the live value does. Out: an effect that reconciling removes.
//! A config event appears only if the edit went through a tool that tells (`announced`).

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Event, EventKind, Verb};
use crate::unit::{Name, Ratio, SimDuration};
use crate::world::fleet::{ConfigKeySpec, Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "config_drift",
    summary: "somebody edits live configuration past the repository; it does harm",
    help: "All replicas read the live value at once. The drift metric counts the key; a config \
           event appears only with `announced`. Reconciling removes it; a rollback of the version \
           or a restart does not. A `destructive` key is left to people: applying it would make \
           the service anew.",
    source: "Huang et al., Gray Failure (HotOS 2017); GitOps drift as in Argo CD's sync status",
    example: "{ service: search, key: pool.size, desired: '50', live: '5', slow_factor: 6 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `config_drift`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// The key that differs.
    key: String,
    /// What the repository says.
    desired: String,
    /// What runs.
    live: String,
    /// Share of requests that fail because of it (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Own work takes this many times as long (default 1).
    #[serde(default = "one")]
    slow_factor: f64,
    /// Whether applying the desired value makes the service anew and its data lost (default
    /// false): then reconciling is no remedy.
    #[serde(default)]
    destructive: bool,
    /// Whether an event tells of the edit (default false).
    #[serde(default)]
    announced: bool,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        bound("slow_factor", self.slow_factor, 1.0).into_iter().collect()
    }

    fn claims(&self) -> Option<(String, Option<SimDuration>)> {
        Some((format!("key {:?} of {}", self.key, self.service), None))
    }

    fn begin(&self, site: &mut Site<'_>) {
        let index = site.index(&self.service);
        let keys = &mut site.fleet.services[index].spec.config;
        let (value, destructive) = (self.desired.clone(), self.destructive);
        keys.insert(self.key.clone(), ConfigKeySpec { value, destructive });
        let (key, desired) = (self.key.clone(), self.desired.clone());
        let scope = Scope::Config { key, desired, live: self.live.clone() };
        let mut effect = Effect::on(scope);
        effect.errors = self.error_ratio.get();
        effect.slow = self.slow_factor;
        effect.error_words = "invalid setting rejected by backend";
        site.put(&self.service, effect);
        if self.announced {
            let entity = Some(Name::from(self.service.as_str()));
            let event = Event::new(site.now(), EventKind::Config, entity, "config edited")
                .with("key", self.key.as_str())
                .with("old", self.desired.as_str())
                .with("new", self.live.as_str());
            site.out.events.push(event);
        }
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn label(&self) -> Option<Label> {
        let (helps, hurts): (&[Verb], &[Verb]) = if self.destructive {
            (&[], &[Verb::ReconcileConfig])
        } else {
            (&[Verb::ReconcileConfig], &[])
        };
        Some(Label::new(&self.service, Cause::ConfigDrift, helps, hurts))
    }
}

fn one() -> f64 {
    1.0
}
