//! The clock of a service is off: tokens and certificates are refused.
//!
//! In: service, how far. Out: an effect on all replicas: beyond a minute, signed requests are
//! refused as expired or not yet valid.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::SimDuration;
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "clock_skew",
    summary: "the clock of a service is off, and its tokens are refused",
    help: "Within a minute nobody minds; beyond it requests fail. Deploys, restarts and more \
           replicas change nothing, as all of them use the same wrong clock.",
    source: "RFC 7519, section 4.1.4 (JWT exp with a small leeway); Mills, RFC 5905 (NTP)",
    example: "{ service: users, skew: 5m }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `clock_skew`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// How far the clock is off (default 5m).
    #[serde(default = "five_minutes")]
    skew: SimDuration,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        [bound("skew", self.skew.secs_f64(), 0.0)].into_iter().flatten().collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.clock_skew_s = self.skew.secs_f64();
        effect.error_words = "token used before issued";
        site.put(&self.service, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::NodeFailure, &[], &[Verb::Rollback, Verb::ScaleOut]))
    }
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}
