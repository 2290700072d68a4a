//! A target was worked on again before it had settled.
//!
//! Definition: an act on a target less than `rest` after the end of a deed that another incident's
//! act did to it, or while that is under way. By default nothing is demanded. Needs the world's
//! record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::unit::SimDuration;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "rushed_action",
    summary: "acted on a target that had not settled from another incident's action",
    help: "Steps of one incident's plan may follow each other at once.\n\
           Passes: fleet 20; 5 act 1 a; 5-60 deed 1 a 1; 400 act_for 2 2 a\n\
           Fails: fleet 20; 5 act 1 a; 5-60 deed 1 a 1; 100 act_for 2 2 a",
    source: "design rule: cooldown",
    example: "{ rest: 5m }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Shortest rest between the end of one deed and the next act; 0s demands nothing.
    pub rest: SimDuration,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        if self.rest <= SimDuration::ZERO {
            return Ok(Vec::new());
        }
        let deeds = engine_deeds(case)?;
        let incident = |id| case.acts.iter().find(|a| a.what.id == id).map(|a| a.what.incident);
        let mut found = Vec::new();
        for act in case.fleet_acts() {
            let fresh = deeds.iter().rfind(|d| {
                let other = d.action.filter(|id| *id != act.what.id).and_then(incident);
                let settled =
                    d.ended.is_some_and(|end| end <= act.time && act.time.since(end) >= self.rest);
                d.target == act.what.target
                    && d.began <= act.time
                    && other.is_some_and(|other| other != act.what.incident)
                    && !settled
            });
            if let Some(deed) = fresh {
                let ago = deed.ended.map(|end| act.time.since(end));
                let saw = ago.map_or_else(
                    || format!("{} under way", deed.verb),
                    |ago| format!("{ago} after {}", deed.verb),
                );
                found.push(by_act(&act, saw, format!("{} of rest", self.rest)));
            }
        }
        Ok(found)
    }
}
