//! More requests than planned for.
//!
//! In: the entry service, a factor. Out: the load at the entry is multiplied. Nothing is broken;
//! whatever saturates first becomes slow. More replicas of it help; restarts take capacity away.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Name, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "traffic_surge",
    summary: "more requests than planned for",
    help: "Multiplies the requests that users send. `service` is the one that saturates first: the \
           scenario's author says which, and the truth names it. Ends by itself after `lasts`, if \
           given.",
    source: "Beyer et al., Site Reliability Engineering, ch. 22: cascading failures from overload",
    example: "{ service: api-server, factor: 3, lasts: 20m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `traffic_surge`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service that saturates first, for the truth.
    service: String,
    /// Requests are multiplied by this (default 3).
    #[serde(default = "three")]
    factor: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        bound("factor", self.factor, 0.0).into_iter().collect()
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.surge(self.factor);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.surges.contains_key(&site.number)
    }

    fn label(&self) -> Option<Label> {
        Some(Label {
            root: Name::from(self.service.as_str()),
            cause: Cause::TrafficSurge,
            acceptable: vec![Verb::ScaleOut, Verb::ScaleUp, Verb::PageOnCall],
            forbidden: vec![Verb::Restart, Verb::Rollback],
        })
    }
}

fn three() -> f64 {
    3.0
}
