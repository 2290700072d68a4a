//! Something writes to the disk of a service until it is full.
//!
//! In: service, how fast. Out: an effect on all replicas: their disks (or their nodes', if they
//! have none) fill, and what must be written fails. A restart keeps what is on a disk.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "disk_fill",
    summary: "logs or data fill the disk of a service until nothing can be written",
    help: "Needs a service with `disk`, or nodes: a full node evicts what stands on it. A \
           clean-up frees what may be removed; it fills again while it lasts. A restart does not \
           help.",
    source: "Beyer et al., The Site Reliability Workbook (2018), ch. 8: disk as a saturating \
             resource",
    example: "{ service: orders-db, mib_per_minute: 900 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `disk_fill`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Written by each replica, MiB per minute (default 500).
    #[serde(default = "half_gib")]
    mib_per_minute: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.disk_mib_per_minute = config.mib_per_minute;
    let problems =
        [bound("mib_per_minute", config.mib_per_minute, 0.0)].into_iter().flatten().collect();
    let label = Label::new(
        &config.service,
        Cause::ResourceExhaustion,
        &[Verb::CleanDisk],
        &[Verb::Restart],
    );
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn half_gib() -> f64 {
    500.0
}
