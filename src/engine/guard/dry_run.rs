//! Say everything, do nothing.
//!
//! In: any action. Out: a dry run, for all of them. Source: the article's `dry_run` flag. Limit:
//! what follows from an action is not seen, so later steps are said on unchanged telemetry.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "dry_run",
    summary: "nothing is done, everything is said",
    help: "Rules every action a dry run: it is planned, ruled on and reported to the \
           team, and never given to the world. Pages still go out.",
    source: "the article, stage 4 (dry_run)",
    example: "{ enabled: true }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Whether it is in force.
    enabled: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true }
    }
}

struct DryRun(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(DryRun(spec.read()?)))
}

impl Guardrail for DryRun {
    fn check(&self, request: &Request<'_>) -> Finding {
        let ruling = if self.0.enabled { Ruling::DryRun } else { Ruling::Allow };
        let limit = if self.0.enabled { "nothing is done" } else { "switched off" };
        let saw = format!("{} of {}", request.action.verb(), request.action.target);
        Finding { ruling, saw, limit: limit.to_owned() }
    }
}
