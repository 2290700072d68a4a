//! A monitor from outside raises its alarm again and again about nothing.
//!
//! In: service, period. Out: an alert event each period. The fleet is well.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;
use crate::world::watch::{Distortion, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "alert_flapping",
    summary: "a monitor from outside raises its alarm again and again about nothing",
    help: "An alert about `service` arrives each `period` while the service is well. The right \
           answer is to touch nothing. Labels no incident.",
    source: "Beyer et al., Site Reliability Engineering, ch. 6; Alertmanager, group_interval",
    example: "{ service: search, period: 2m, lasts: 1h }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `alert_flapping`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service that the alarm names.
    service: String,
    /// From one alarm to the next (default 2m).
    #[serde(default = "two_minutes")]
    period: SimDuration,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let least = SimDuration::from_secs(1);
        let message = || ("period", format!("expected at least {least}, found {}", self.period));
        (self.period < least).then(message).into_iter().collect()
    }

    fn distorts(&self) -> bool {
        true
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        let what = What::FlappingAlert { period: self.period, rang: None };
        site.distort(Distortion::of(Some(&self.service), what));
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.watch.holds(site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}

fn two_minutes() -> SimDuration {
    SimDuration::from_secs(120)
}
