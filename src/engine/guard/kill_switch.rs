//! One switch that stops all automation at once.
//!
//! In: whether the switch is thrown: by the policy, from an instant on, or by an event with the
//! reason `kill_switch` (and its release, `kill_switch_released`). Out: a denial of everything that
//! touches the fleet. Source: AWS FIS safety lever; emergency stop (ISO 13850). Limit: actions
//! under way are not taken back.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;
use crate::unit::SimTime;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "kill_switch",
    summary: "deny everything while the global switch is thrown",
    help: "Thrown by `engaged`, from the instant `from` on, or by an event whose reason is \
           kill_switch; an event kill_switch_released after it releases it again.",
    source: "AWS FIS safety lever; ISO 13850 emergency stop",
    example: "{ engaged: false, from: '2026-01-06T02:40:00Z' }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Thrown from the beginning.
    engaged: bool,
    /// Thrown from this instant on.
    from: Option<SimTime>,
}

struct KillSwitch(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(KillSwitch(spec.read()?)))
}

impl Guardrail for KillSwitch {
    fn check(&self, request: &Request<'_>) -> Finding {
        let is_switch = |reason: &str| matches!(reason, "kill_switch" | "kill_switch_released");
        let last = request.around.events.iter().rfind(|event| is_switch(&event.reason));
        let by_event = last.filter(|event| event.reason == "kill_switch");
        let by_time = self.0.from.filter(|from| request.now >= *from);
        let saw = match (self.0.engaged, by_time, by_event) {
            (true, ..) => "thrown by the policy".to_owned(),
            (_, Some(from), _) => format!("thrown since {from}"),
            (_, _, Some(event)) => format!("thrown at {}", event.time),
            _ => "not thrown".to_owned(),
        };
        Finding {
            ruling: allow_if(saw == "not thrown", Ruling::Deny),
            saw,
            limit: "no action while the switch is thrown".to_owned(),
        }
    }
}
