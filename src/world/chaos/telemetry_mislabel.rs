//! Telemetry of two services stands under each other's name: a relabelling rule went wrong.
//!
//! In: two services. Out: their columns, logs, spans and events are exchanged. An incident of the
//! one shows at the other: whoever acts, acts on the wrong one.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;
use crate::world::watch::{Distortion, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "telemetry_mislabel",
    summary: "telemetry of two services stands under each other's name",
    help: "Exchanges what `service` and `with` report. Columns that only one of them has keep \
           their place. Labels no incident; the truth of another fault still names the real \
           culprit.",
    source: "Prometheus documentation, relabel_config (the most common source of wrong names)",
    example: "{ service: cart, with: users, lasts: 30m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `telemetry_mislabel`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// One service.
    service: String,
    /// The other one.
    with: String,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service), ("with", &self.with)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let message = || ("with", format!("expected another service, found {:?} again", self.with));
        (self.service == self.with).then(message).into_iter().collect()
    }

    fn distorts(&self) -> bool {
        true
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        let what = What::Swap { with: self.with.clone() };
        site.distort(Distortion::of(Some(&self.service), what));
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.watch.holds(site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}
