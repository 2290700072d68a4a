//! Risky actions need a person's yes.
//!
//! In: the risk class of an action. Out: a request for approval from `from` on; destructive
//! actions always. Source: change management practice. Limit: the class is the policy's own
//! statement.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Risk, Ruling};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "risk_approval",
    summary: "ask a person before risky actions",
    help: "Asks for approval when the action's risk class is at or above `from`. Whatever \
           `from` says, a destructive action is never done unasked.",
    source: "change management practice",
    example: "{ from: risky }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Lowest class that needs a yes.
    from: Risk,
}

impl Default for Config {
    fn default() -> Self {
        Self { from: Risk::Risky }
    }
}

struct RiskApproval(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(RiskApproval(spec.read()?)))
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
}
