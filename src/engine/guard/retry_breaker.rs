//! A remedy that keeps being needed does not work.
//!
//! In: how often the same verb was given to the same target within a window, whatever came of it.
//! Out: a denial when the limit is reached. Source: the article's circuit breaker on remediation
//! (3 per hour), whose own code never records an attempt: here every action given counts. Limit:
//! two remedies that undo each other in turn are seen as different ones.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "retry_breaker",
    summary: "deny the same remedy on the same target after 3 times in an hour",
    help: "Counts actions given to the world with the same verb and target within the \
           window. Failed, partial and unknown outcomes count like successes.",
    source: "the article, remediation circuit breaker; Nygard, Release It!",
    example: "{ max: 3, window: 1h }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Most times within the window.
    max: u32,
    /// Length of the rolling window.
    window: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { max: 3, window: SimDuration::from_secs(3600) }
    }
}

struct RetryBreaker(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(RetryBreaker(spec.read()?)))
}

impl Guardrail for RetryBreaker {
    fn check(&self, request: &Request<'_>) -> Finding {
        let action = request.action;
        let same = request
            .log
            .within(request.now, self.0.window)
            .filter(|given| given.verb == action.verb() && given.target == action.target)
            .count();
        let (verb, target) = (action.verb(), &action.target);
        Finding {
            ruling: allow_if(same < self.0.max as usize, Ruling::Deny),
            saw: format!("{verb} of {target} done {same} times"),
            limit: format!("fewer than {} times within {}", self.0.max, self.0.window),
        }
    }
}
