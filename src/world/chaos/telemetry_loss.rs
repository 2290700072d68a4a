//! Telemetry does not arrive: a dead exporter, a full buffer, a broken pipe.
//!
//! In: whose, which sorts, what share. Out: gaps (NaN in frames, missing logs, spans, events). The
//! fleet is well; whoever takes silence for health or for failure falls for it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::{Ratio, SimDuration};
use crate::world::watch::{Distortion, Signal, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "telemetry_loss",
    summary: "telemetry is missing: gaps in metrics, lost logs, spans or events",
    help: "A share of the telemetry of `service` (default: of all) never arrives. Nothing is wrong \
           with the fleet, so nothing should be done to it; but a real incident in the gap is hard \
           to see. Labels no incident.",
    source: "Majors et al., Observability Engineering (2022), ch. 17: pipelines lose data",
    example: "{ service: search, signals: [metrics], share: 1, lasts: 10m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `telemetry_loss`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whose telemetry (default: everybody's).
    #[serde(default)]
    service: Option<String>,
    /// Which sorts (default: all four).
    #[serde(default = "all")]
    signals: Vec<Signal>,
    /// Share that is lost (default 1).
    #[serde(default = "one")]
    share: Ratio,
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
        let what = What::Lose { share: self.share.get() };
        let signals = self.signals.clone();
        site.distort(Distortion { signals, ..Distortion::of(self.service.as_deref(), what) });
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.watch.holds(site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}

fn all() -> Vec<Signal> {
    vec![Signal::Metrics, Signal::Logs, Signal::Spans, Signal::Events]
}

fn one() -> Ratio {
    Ratio::ONE
}
