//! The clock of a service's machines is behind: its logs, spans and events carry wrong times.
//!
//! In: service, how much. Out: stamps of the past on news of now. Causes seem to come after their
//! effects.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;
use crate::world::watch::{Distortion, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "telemetry_clock_skew",
    summary: "a service stamps its logs, spans and events with a clock that is behind",
    help: "Samples of scrapes are stamped by the scraper and keep their times. Requests are not \
           touched: for what a wrong clock does to them see clock_skew. Labels no incident.",
    source: "Mills, RFC 5905 (NTP); Sigelman et al., Dapper (2010), section 5 on clock skew",
    example: "{ service: users, behind: 4m, lasts: 1h }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `telemetry_clock_skew`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whose clock (default: everybody's).
    #[serde(default)]
    service: Option<String>,
    /// How much it is behind (default 2m).
    #[serde(default = "two_minutes")]
    behind: SimDuration,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        self.service.iter().map(|service| ("service", service.as_str())).collect()
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let message = || ("behind", format!("expected above 0s, found {}", self.behind));
        (self.behind <= SimDuration::ZERO).then(message).into_iter().collect()
    }

    fn distorts(&self) -> bool {
        true
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.distort(Distortion::of(self.service.as_deref(), What::Behind { by: self.behind }));
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
