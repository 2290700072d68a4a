//! A metric reads something else than the truth: frozen, constant, or off by a factor.
//!
//! In: service, metric, what it reads. Out: that column is untrue at the service and its replicas.
//! A frozen one hides an incident; a factor invents one.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;
use crate::world::watch::{Distortion, Reading, What};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "telemetry_lie",
    summary: "a metric is untrue: frozen, a constant, or off by a factor",
    help: "The metric of `service` and its replicas reads `frozen`, `{ constant: x }` or \
           `{ times: x }`. With `onset: { flap: ... }` it jumps to and fro, as a flapping sensor \
           does. Labels no incident.",
    source: "Huang et al., Gray Failure (HotOS 2017): the observer sees something else",
    example: "{ service: api-server, metric: http.server.request.error_ratio, reads: frozen }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `telemetry_lie`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whose metric.
    service: String,
    /// Name of the metric, as `http.server.request.error_ratio`.
    metric: String,
    /// What it reads.
    reads: Reading,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        let number = match self.reads {
            Reading::Frozen => 0.0,
            Reading::Constant(value) | Reading::Times(value) => value,
        };
        let message = || ("reads", format!("expected a finite number, found {number}"));
        (!number.is_finite()).then(message).into_iter().collect()
    }

    fn distorts(&self) -> bool {
        true
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        let what = What::Lie { metric: self.metric.clone(), reads: self.reads };
        site.distort(Distortion::of(Some(&self.service), what));
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.watch.holds(site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}
