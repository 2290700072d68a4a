//! Requests of a database wait for one another's locks.
//!
//! In: the database, time under the lock. Out: an effect on all replicas: one request at a time
//! holds the lock, so that time in line explodes although the processor idles.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
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
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
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

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        [bound("lock", self.lock.secs_f64(), 0.0)].into_iter().flatten().collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.lock_s = self.lock.secs_f64();
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
            &[Verb::ShedLoad],
            &[Verb::ScaleOut, Verb::Rollback],
        ))
    }
}

fn three_ms() -> SimDuration {
    SimDuration::from_millis(3)
}
