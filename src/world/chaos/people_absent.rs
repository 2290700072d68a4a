//! Nobody is there: the person on call sleeps through, has no signal, or left.
//!
//! In: how long. Out: pages stay unacknowledged and requests for approval unanswered meanwhile.

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::{Build, Fault, Label};
use super::site::Site;
use crate::catalog::{Entry, schema_of};
use crate::unit::SimDuration;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "people_absent",
    summary: "nobody on call reacts: pages and requests stay unanswered",
    help: "What is asked or paged meanwhile is never answered. An engine that needs a yes must \
           not act without it; one that waits for ever never heals. Labels no incident.",
    source: "PagerDuty incident response documentation (escalation when nobody acknowledges)",
    example: "{ lasts: 3h }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(spec.read::<Config>()?)),
};

/// Parameters of `people_absent`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// How long it lasts by itself (default: to the end).
    #[serde(default)]
    lasts: Option<SimDuration>,
}

impl Fault for Config {
    fn services(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn has_strength(&self) -> bool {
        false
    }

    fn lasts(&self) -> Option<SimDuration> {
        self.lasts
    }

    fn begin(&self, site: &mut Site<'_>) {
        site.around.away.insert(site.number);
    }

    fn present(&self, site: &Site<'_>) -> bool {
        site.around.away.contains(&site.number)
    }

    fn label(&self) -> Option<Label> {
        None
    }
}
