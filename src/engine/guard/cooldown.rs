//! Let one change settle before the next on the same target.
//!
//! In: other incidents' actions on the same target. Out: a denial while one is under way or ended
//! less than `rest` ago. Steps of the same incident's plan are not held up: they are ordered by
//! the plan itself. Source: autoscaler stabilisation windows. Limit: knows only the engine's
//! actions.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "cooldown",
    summary: "deny a second action on a target that still settles",
    help: "Looks for actions of other incidents on the same target that are under way or \
           ended less than `rest` ago, so that two plans never collide.",
    source: "Kubernetes autoscaler stabilisation window",
    example: "{ rest: 5m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Time between the end of one action and the next on the same target.
    rest: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { rest: SimDuration::from_secs(300) }
    }
}

struct Cooldown(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(Cooldown(spec.read()?)))
}

impl Guardrail for Cooldown {
    fn check(&self, request: &Request<'_>) -> Finding {
        let action = request.action;
        let others = request.log.all().filter(|given| {
            given.verb.touches_fleet()
                && given.target == action.target
                && given.incident != action.incident
        });
        let last = others
            .map(|given| given.ended.map_or(SimDuration::ZERO, |at| request.now.since(at)))
            .min();
        let saw = match last {
            None => "no action of another incident".to_owned(),
            Some(SimDuration::ZERO) => "an action of another incident under way".to_owned(),
            Some(ago) => format!("an action of another incident ended {ago} ago"),
        };
        Finding {
            ruling: allow_if(last.is_none_or(|ago| ago >= self.0.rest), Ruling::Deny),
            saw,
            limit: format!("{} of rest on {}", self.0.rest, action.target),
        }
    }
}
