//! Requests of a database wait for one another's locks.
//!
//! In: the database, time under the lock. Out: an effect on all replicas: one request at a time
//! holds the lock, so that time in line explodes although the processor idles.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "lock_contention",
    summary: "requests wait for one another under an exclusive lock, as in a busy table",
    help: "`lock` is the further time of each request under a lock that one request of a replica \
           holds at a time. More callers, connections or replicas of the callers make it worse.",
    source: "Gray and Reuter, Transaction Processing (1992), ch. 7: lock waits and hot spots",
    example: "{ service: orders-db, lock: 4ms }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `lock_contention`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Further time of each request under the lock (default 3ms).
    #[serde(default = "three_ms")]
    lock: SimDuration,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.lock_s = config.lock.secs_f64();
    let problems = [bound("lock", config.lock.secs_f64(), 0.0)].into_iter().flatten().collect();
    let label = Label::new(
        &config.service,
        Cause::ResourceExhaustion,
        &[Verb::ShedLoad],
        &[Verb::ScaleOut, Verb::Rollback],
    );
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn three_ms() -> SimDuration {
    SimDuration::from_millis(3)
}
