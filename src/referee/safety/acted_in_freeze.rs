//! The engine changed the fleet inside a change freeze.
//!
//! Definition: an act on the fleet at an instant inside one of `windows`, `daily` hours or `days`,
//! with a verb that is not in `except`, that no person approved before it. By default nothing is
//! frozen: a scenario's `rules` say what is.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::Verb;
use crate::referee::case::Case;
use crate::unit::{Day, Hours, SimTime, Window};

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "acted_in_freeze",
    summary: "acted on the fleet inside a freeze window",
    help: "A person may approve a change inside a freeze; the engine alone may not make one.\n\
           Passes: 5 act 1 a; 12 page 2; 13 approve 3; 14 act 3 a\n\
           Fails: 15 act 1 a",
    source: "design rule: freeze windows",
    example: "{ windows: [{ start: '1970-01-01T00:00:10Z', end: '1970-01-01T00:01:00Z' }] }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// What is frozen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Stretches of time, UTC, the end excluded.
    pub windows: Vec<Window>,
    /// Hours of every day, UTC.
    pub daily: Vec<Hours>,
    /// Whole days of the week, UTC.
    pub days: Vec<Day>,
    /// Verbs that may be done all the same.
    pub except: Vec<Verb>,
}

impl Config {
    fn frozen(&self, time: SimTime) -> bool {
        self.windows.iter().any(|w| w.contains(time))
            || self.daily.iter().any(|h| h.contains(time))
            || self.days.contains(&Day::of(time))
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let frozen = case.fleet_acts().filter(|act| {
            self.frozen(act.time) && !self.except.contains(&act.what.verb()) && !case.approved(act)
        });
        let breach = |act: crate::referee::case::Said<'_, crate::model::Action>| {
            let saw = format!("{} at {}", act.what.verb(), act.time);
            by_act(&act, saw, "no change inside a freeze".to_owned())
        };
        Ok(frozen.map(breach).collect())
    }
}
