//! One action at a time on a target and on what depends on it.
//!
//! In: actions under way. Out: a denial while one is under way on the same target, on a caller of
//! it or on something that it calls. Steps of one plan follow each other anyhow; an action without
//! an outcome counts as under way until `expires`. Source: leader-elected controllers and
//! maintenance locks (one change at a time per failure domain). Limit: direct calls only.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Finding, Guardrail, Request, allow_if};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::Ruling;
use crate::unit::{Name, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "one_at_a_time",
    summary: "deny while an action is under way on the target or its neighbours",
    help: "Looks at every action without a final outcome, of any incident. With dependants: \
           false only the target itself is looked at.",
    source: "maintenance locks; StackStorm concurrency policies",
    example: "{ dependants: true, expires: 30m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Also look at direct callers and callees of the target.
    dependants: bool,
    /// After this long an action without an outcome no longer counts.
    expires: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { dependants: true, expires: SimDuration::from_secs(1800) }
    }
}

struct OneAtATime(Config);

fn build(spec: &Spec) -> Result<Box<dyn Guardrail + Send>, KindError> {
    Ok(Box::new(OneAtATime(spec.read()?)))
}

impl Guardrail for OneAtATime {
    fn check(&self, request: &Request<'_>) -> Finding {
        let target = &request.action.target;
        let near = |other: &Name| {
            other == target || self.0.dependants && neighbours(request, target, other)
        };
        let busy = request.log.within(request.now, self.0.expires).find(|given| {
            given.ended.is_none() && given.verb.touches_fleet() && near(&given.target)
        });
        let saw = match busy {
            Some(given) => format!("{} of {} under way", given.verb, given.target),
            None => "nothing under way near it".to_owned(),
        };
        let whom = if self.0.dependants { "target and its neighbours" } else { "target" };
        Finding {
            ruling: allow_if(busy.is_none(), Ruling::Deny),
            saw,
            limit: format!("one action at a time per {whom}"),
        }
    }
}

fn neighbours(request: &Request<'_>, one: &Name, other: &Name) -> bool {
    let map = request.around.topology;
    let (Ok(one), Ok(other)) = (map.find(one), map.find(other)) else { return false };
    let (one, other) = (map.service_of(one), map.service_of(other));
    one == other || map.callees(one).chain(map.callers(one)).any(|near| near == other)
}
