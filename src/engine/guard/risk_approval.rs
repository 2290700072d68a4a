//! A person must say yes before anything risky.
//!
//! In: an action's risk class. Out: a request for approval from `from` on, and how long it is
//! waited for. After `escalate_after` the request goes out once more; after `timeout` the plan is
//! given up and a person is paged with the whole story. Source: the article (human in the loop for
//! destructive actions). Limit: the class is the remedy's own word.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ApprovalTerms, Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Risk, Ruling};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "risk_approval",
    summary: "ask a person from a risk class on",
    help: "Classes are safe, reversible, risky and destructive. A destructive action always needs \
           a yes. Without an answer the request is repeated after `escalate_after`, and after \
           `timeout` the plan is given up and a person is paged.",
    source: "the article, guardrails (human in the loop)",
    example: "{ from: risky, timeout: 10m, escalate_after: 5m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Lowest class that needs a yes.
    from: Risk,
    /// How long an answer is waited for.
    timeout: SimDuration,
    /// After this long the request goes out once more; absent: it does not.
    escalate_after: Option<SimDuration>,
}

impl Default for Config {
    fn default() -> Self {
        let timeout = SimDuration::from_secs(600);
        Self { from: Risk::Risky, timeout, escalate_after: None }
    }
}

struct RiskApproval(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    let config: Config = spec.read()?;
    if config.timeout <= SimDuration::ZERO {
        let problem = format!("timeout must be above 0s, found {}", config.timeout);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(RiskApproval(config)))
}

impl Guardrail for RiskApproval {
    fn check(&self, request: &Request<'_>) -> Finding {
        let from = self.0.from.min(Risk::Destructive);
        Finding {
            ruling: allow_if(request.action.risk < from, Ruling::NeedsApproval),
            saw: format!("risk class {:?}", request.action.risk).to_lowercase(),
            limit: format!("approval from {from:?} on").to_lowercase(),
        }
    }

    fn approval(&self) -> Option<ApprovalTerms> {
        let Config { timeout, escalate_after, .. } = self.0;
        Some(ApprovalTerms { timeout, escalate_after })
    }
}
