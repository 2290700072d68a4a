//! Code misbehaves with no deploy in sight: a date, an input, a limit that was reached.
//!
//! In: service, what goes wrong. Out: an effect on all replicas, whatever they run: no version to
//! go back to is better.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "code_defect",
    summary: "code fails or crawls with no deploy in sight: a date, an input, a limit",
    help: "A latent defect that something outside set off. A rollback changes nothing, as every \
           version has it; only a person can mend it.",
    source: "Gray, Why Do Computers Stop (1985): Bohrbugs set off by an input",
    example: "{ service: users, error_ratio: 0.3 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `code_defect`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Share of requests that fail (default 0).
    #[serde(default)]
    error_ratio: Ratio,
    /// Own work takes this many times as long (default 1).
    #[serde(default = "unchanged")]
    slow_factor: f64,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.errors = config.error_ratio.get();
    effect.slow = config.slow_factor;
    effect.error_words = "IndexOutOfBoundsException in parser";
    let problems = [bound("slow_factor", config.slow_factor, 1.0)].into_iter().flatten().collect();
    let label =
        Label::new(&config.service, Cause::CodeDefect, &[], &[Verb::Rollback, Verb::Restart]);
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn unchanged() -> f64 {
    1.0
}
