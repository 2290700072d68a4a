//! Some things are not touched by automation.
//!
//! In: the target of an action, and the callee of a circuit. Out: a denial (or a request for
//! approval) if it is on the list; a name that ends in `*` covers all that begin so. Source: pod
//! deletion protection, Terraform prevent_destroy. Limit: protects from the engine's own hand, not
//! from what an action elsewhere does to the load on it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Ruling, Verb};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "protected_targets",
    summary: "deny actions on targets that automation must leave alone",
    help: "Names in `targets` are compared with the action's target; `ledger*` covers every name \
           that begins with ledger. With `verbs` only those verbs are denied.",
    source: "Terraform prevent_destroy; Chaos Mesh protected namespaces",
    example: "{ targets: [payments, 'ledger*'], ask: true }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Names, or beginnings of names followed by `*`.
    targets: Vec<String>,
    /// Only these verbs; empty: all.
    verbs: Vec<Verb>,
    /// Ask a person instead of denying.
    ask: bool,
}

struct ProtectedTargets(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(ProtectedTargets(spec.read()?)))
}

impl Guardrail for ProtectedTargets {
    fn check(&self, request: &Request<'_>) -> Finding {
        let (config, target) = (&self.0, &request.action.target);
        let covers = |pattern: &&String| match pattern.strip_suffix('*') {
            Some(begin) => target.starts_with(begin),
            None => target.as_str() == pattern.as_str(),
        };
        let meant = config.verbs.is_empty() || config.verbs.contains(&request.action.verb());
        let hit = config.targets.iter().find(covers).filter(|_| meant);
        let otherwise = if config.ask { Ruling::NeedsApproval } else { Ruling::Deny };
        Finding {
            ruling: allow_if(hit.is_none(), otherwise),
            saw: match hit {
                Some(pattern) => format!("{target} is protected ({pattern})"),
                None => format!("{target} is not protected"),
            },
            limit: format!("none of {} protected targets", config.targets.len()),
        }
    }
}
