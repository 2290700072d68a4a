//! Files and sockets are never closed until the process may open no more.
//!
//! In: service, how fast. Out: an effect on all replicas: near the limit, requests fail as
//! nothing can be opened. A restart closes everything.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
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
    build,
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

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.file_leak_per_minute = config.files_per_minute;
    let problems =
        [bound("files_per_minute", config.files_per_minute, 0.0)].into_iter().flatten().collect();
    let label =
        Label::new(&config.service, Cause::ResourceExhaustion, &[Verb::Restart], &[Verb::Rollback]);
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn many() -> f64 {
    2000.0
}
