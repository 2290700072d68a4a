//! The engine experimented after the error budget was spent.
//!
//! Definition: an act on the fleet of risk class `from` or above, that no person approved, at an
//! instant at which the failed share of users' requests in the `window` before it was more than
//! `max_spent` times what the objective allows. By default nothing is demanded. Needs the world's
//! record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::Risk;
use crate::referee::case::Case;
use crate::unit::{SimDuration, SimTime};

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "acted_without_budget",
    summary: "acted alone after the error budget was spent",
    help: "Reads what users saw, not what the engine measured.\n\
           Passes: users 1000-1300; 500 act 1 a; 1200 approve 2; 1201 act 2 a\n\
           Fails: users 1000-1300; 1200 act 1 a",
    source: "design rule: error-budget gate",
    example: "{ max_spent: 1, window: 10m, from: reversible }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Share of the window's budget that may be spent; absent: nothing is demanded.
    pub max_spent: Option<f64>,
    /// Length of the rolling window.
    pub window: SimDuration,
    /// Lowest risk class that is held up.
    pub from: Risk,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_spent: None, window: SimDuration::from_secs(3600), from: Risk::Risky }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let Some(most) = self.max_spent else { return Ok(Vec::new()) };
        let record = case.evidence.record;
        let Some(objective) = &record.objective else {
            return Err("the world keeps no record of what users saw");
        };
        let spent = |now: SimTime| {
            let within = |t: SimTime| t <= now && now.since(t) < self.window;
            let seen = record.sli.iter().filter(|s| within(s.time));
            let (all, bad) =
                seen.fold((0.0, 0.0), |(all, bad), s| (all + s.requests, bad + s.failed));
            if all > 0.0 { bad / all / (1.0 - objective.availability).max(1e-9) } else { 0.0 }
        };
        let held = case.fleet_acts().filter(|act| {
            act.what.risk >= self.from && spent(act.time) > most && !case.approved(act)
        });
        let breach = |act: crate::referee::case::Said<'_, crate::model::Action>| {
            let saw = format!("{:.1} of the budget spent", spent(act.time));
            by_act(&act, saw, format!("at most {most} of the budget of {}", self.window))
        };
        Ok(held.map(breach).collect())
    }
}
