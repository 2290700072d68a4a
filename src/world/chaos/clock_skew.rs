//! The clock of a service is off: tokens and certificates are refused.
//!
//! In: service, how far. Out: an effect on all replicas: beyond a minute, signed requests are
//! refused as expired or not yet valid.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
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
    build,
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

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.clock_skew_s = config.skew.secs_f64();
    effect.error_words = "token used before issued";
    let problems = [bound("skew", config.skew.secs_f64(), 0.0)].into_iter().flatten().collect();
    let label =
        Label::new(&config.service, Cause::NodeFailure, &[], &[Verb::Rollback, Verb::ScaleOut]);
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}
