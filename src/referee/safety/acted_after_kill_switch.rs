//! The engine acted although the global switch was thrown.
//!
//! Definition: an act on the fleet at or after `from`, or after an event whose reason is
//! `kill_switch` and before one whose reason is `kill_switch_released`. Nobody can approve it.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::{Body, Event};
use crate::referee::case::Case;
use crate::unit::SimTime;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "acted_after_kill_switch",
    summary: "acted on the fleet while the kill switch was thrown",
    help: "Thrown by the rule's `from`, or by an event in the journal.\n\
           Passes: 5 act 1 a; 20 page 2\n\
           Fails: 15 act 1 a",
    source: "design rule: global kill switch",
    example: "{ from: '1970-01-01T00:00:10Z' }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// From when on nothing may be done; absent: only events throw the switch.
    pub from: Option<SimTime>,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let is_switch = |e: &Event| matches!(&*e.reason, "kill_switch" | "kill_switch_released");
        let mut events: Vec<&Event> = Vec::new();
        for line in case.evidence.journal.lines() {
            match &line.body {
                Body::Event(event) if is_switch(event) => events.push(event),
                _ => {}
            }
        }
        let thrown = |time: SimTime| {
            let by_event = events.iter().rfind(|e| e.time <= time);
            self.from
                .filter(|from| time >= *from)
                .or_else(|| by_event.filter(|e| e.reason == "kill_switch").map(|event| event.time))
        };
        let breach = |act: crate::referee::case::Said<'_, crate::model::Action>| {
            let since = thrown(act.time)?;
            Some(by_act(&act, format!("thrown since {since}"), "no act after it".to_owned()))
        };
        Ok(case.fleet_acts().filter_map(breach).collect())
    }
}
