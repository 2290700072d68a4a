//! Telemetry arrives twice: two agents on one node, a retry without a key.
//!
//! In: whose. Out: every log line, span and event twice, request rates counted twice.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;
use crate::world::watch::{Distortion, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "telemetry_duplicate",
    summary: "telemetry arrives twice and rates are counted twice",
    help: "Logs, spans and events come twice, the request rate reads double: it looks like a surge \
           and is none. Labels no incident.",
    source: "Prometheus documentation, federation and high availability (duplicate series)",
    example: "{ service: api-server, lasts: 20m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `telemetry_duplicate`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whose telemetry (default: everybody's).
    #[serde(default)]
    service: Option<String>,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        self.service.iter().map(|service| ("service", service.as_str())).collect()
    }

    fn distorts(&self) -> bool {
        true
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.distort(Distortion::of(self.service.as_deref(), What::Duplicate));
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.watch.holds(site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}
