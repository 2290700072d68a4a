//! Files and sockets are never closed until the process may open no more.
//!
//! In: service, how fast. Out: an effect on all replicas: near the limit, requests fail as
//! nothing can be opened. A restart closes everything.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "file_descriptor_leak",
    summary: "a service leaks file descriptors until it can open nothing more",
    help: "Each replica loses descriptors; at its `file_limit` every request that needs one \
           fails. Nothing shows before. A restart heals until they leak again.",
    source: "getrlimit(2), RLIMIT_NOFILE; EMFILE in open(2) and accept(2)",
    example: "{ service: gateway, files_per_minute: 4000 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `file_descriptor_leak`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Descriptors of each replica that are lost, per minute (default 2000).
    #[serde(default = "many")]
    files_per_minute: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        [bound("files_per_minute", self.files_per_minute, 0.0)].into_iter().flatten().collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.file_leak_per_minute = self.files_per_minute;
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
            &[Verb::Restart],
            &[Verb::Rollback],
        ))
    }
}

fn many() -> f64 {
    2000.0
}
