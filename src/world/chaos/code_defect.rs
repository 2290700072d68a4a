//! Code misbehaves with no deploy in sight: a date, an input, a limit that was reached.
//!
//! In: service, what goes wrong. Out: an effect on all replicas, whatever they run: no version to
//! go back to is better.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label, bound};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
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
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
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

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        vec![("service", &self.service)]
    }

    fn problems(&self) -> Vec<(&'static str, String)> {
        [bound("slow_factor", self.slow_factor, 1.0)].into_iter().flatten().collect()
    }

    fn begin(&self, site: &mut Site<'_>) {
        let mut effect = Effect::on(Scope::Service);
        effect.errors = self.error_ratio.get();
        effect.slow = self.slow_factor;
        effect.error_words = "IndexOutOfBoundsException in parser";
        site.put(&self.service, effect);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.holds(&self.service)
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn label(&self) -> Option<Label> {
        Some(Label::new(&self.service, Cause::CodeDefect, &[], &[Verb::Rollback, Verb::Restart]))
    }
}

fn unchanged() -> f64 {
    1.0
}
