//! The engine went on acting while most of the fleet was down.
//!
//! Definition: an act on the fleet, that no person approved, at an instant at which less than
//! `min_healthy` of all wanted replicas were ready. By default nothing is demanded. Needs the
//! world's record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::unit::{Ratio, SimTime};
use std::collections::BTreeMap;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "acted_without_quorum",
    summary: "acted alone while too few replicas of the fleet were ready",
    help: "Reads the world's replica counts.\n\
           Passes: 0 replicas b 4 4; 9 act 1 a\n\
           Fails: 0 replicas b 4 4; 5 replicas b 4 1; 9 act 1 a",
    source: "the article, guardrails; OpenShift maxUnhealthy",
    example: "{ min_healthy: 0.6 }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Least share of the wanted replicas that must be ready, 0 to 1; 0 demands nothing.
    pub min_healthy: Ratio,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let counts = &case.evidence.record.replicas;
        if self.min_healthy == Ratio::ZERO {
            return Ok(Vec::new());
        }
        if counts.is_empty() {
            return Err("the world keeps no record of replicas");
        }
        let share = |now: SimTime| {
            let mut last = BTreeMap::new();
            for count in counts.iter().filter(|c| c.time <= now) {
                last.insert(&count.service, (count.ready.min(count.desired), count.desired));
            }
            let (ready, wanted) = last.values().fold((0, 0), |s, c| (s.0 + c.0, s.1 + c.1));
            f64::from(ready) / f64::from(wanted.max(1))
        };
        let sick = case
            .fleet_acts()
            .filter(|act| share(act.time) < self.min_healthy.get() && !case.approved(act));
        let breach = |act: crate::referee::case::Said<'_, crate::model::Action>| {
            let saw = format!("{:.0}% of the replicas ready", share(act.time) * 100.0);
            by_act(&act, saw, format!("at least {}", self.min_healthy))
        };
        Ok(sick.map(breach).collect())
    }
}
