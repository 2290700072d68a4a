//! An exporter is restarted and its counters begin at 0 again.
//!
//! In: whose. Out: counters fall to 0 and go on from there; nothing restarted but the exporter.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::world::watch::{Distortion, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "counter_reset",
    summary: "an exporter restarts and its counters begin at 0 again",
    help: "Whoever takes a difference without minding resets sees a huge fall or a burst. Nothing \
           is wrong with the fleet. Labels no incident.",
    source: "Prometheus documentation, rate() (counter resets); OpenTelemetry metrics data model",
    example: "{ service: catalog }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `counter_reset`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whose counters (default: everybody's).
    #[serde(default)]
    service: Option<String>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        self.service.iter().map(|service| ("service", service.as_str())).collect()
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn distorts(&self) -> bool {
        true
    }

    fn begin(&self, site: &mut Site<'_>) {
        let what = What::Reset { base: None };
        site.distort(Distortion::of(self.service.as_deref(), what));
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.watch.holds(site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}
