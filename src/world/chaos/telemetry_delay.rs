//! Telemetry arrives late: a backed-up queue between the fleet and whoever looks.
//!
//! In: whose, how late. Out: metrics show the past as if it were now; logs, spans and events come
//! with their own times, later. An action's effect is seen late too: whoever verifies too early
//! thinks that it failed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;
use crate::world::watch::{Distortion, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "telemetry_delay",
    summary: "telemetry arrives late: metrics show the past, logs and events come afterwards",
    help: "The pipeline lags by `by` (at most 1h). Nothing is wrong with the fleet. Labels no \
           incident.",
    source: "Kleppmann, Designing Data-Intensive Applications (2017), ch. 11 (event time, lag)",
    example: "{ by: 5m, lasts: 30m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `telemetry_delay`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whose telemetry (default: everybody's).
    #[serde(default)]
    service: Option<String>,
    /// How much later it arrives (default 5m; at most 1h).
    #[serde(default = "five_minutes")]
    by: SimDuration,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        self.service.iter().map(|service| ("service", service.as_str())).collect()
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let most = SimDuration::from_secs(3600);
        let fine = self.by > SimDuration::ZERO && self.by <= most;
        let message = format!("expected above 0s and at most {most}, found {}", self.by);
        (!fine).then_some(("by", message)).into_iter().collect()
    }

    fn distorts(&self) -> bool {
        true
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.distort(Distortion::of(self.service.as_deref(), What::Delay { by: self.by }));
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.watch.holds(site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}
