//! A message that nobody can digest blocks the queues of a consumer.
//!
//! In: the consumer, share of its partitions. Out: an effect on it: what is blocked piles up,
//! however many consumers there are.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::on_service::OnService;
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Cause, Verb};
use crate::unit::{Ratio, SimDuration};
use crate::world::fleet::{Effect, Scope};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "poison_message",
    summary: "a message that nobody can digest blocks a consumer, and its queue grows",
    help: "Needs a call `via` a broker. The lag grows on `share` of the partitions; restarts read \
           the same message again, more replicas have nothing to read. Somebody must move it to \
           the dead letters.",
    source: "Hohpe and Woolf, Enterprise Integration Patterns (2003): Invalid Message Channel",
    example: "{ service: notifier, share: 1 }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters of `poison_message`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The service.
    service: String,
    /// Share of the partitions that are blocked (default 1).
    #[serde(default = "one")]
    share: Ratio,
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

fn build(spec: &Spec) -> Result<Box<dyn Fault>, KindError> {
    let config: Config = spec.read()?;
    let mut effect = Effect::on(Scope::Service);
    effect.poison = config.share.get();
    effect.error_words = "cannot deserialise message";
    let problems = Vec::new();
    let label = Label::new(
        &config.service,
        Cause::CodeDefect,
        &[],
        &[Verb::Restart, Verb::ScaleOut, Verb::Rollback],
    );
    let Config { service, lasts, .. } = config;
    Ok(Box::new(OnService { service, lasts, effect, problems, label }))
}

fn one() -> Ratio {
    Ratio::ONE
}
