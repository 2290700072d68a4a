//! The engine grew the bill.
//!
//! Definition: within any stretch of `within`, the replicas wanted rose by more than `max_added` in
//! all while deeds of the engine that change their number were under way. By default nothing is
//! demanded. Needs the world's record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::model::ReplicaCount;
use crate::referee::case::Case;
use crate::unit::SimDuration;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "cost_bounds",
    summary: "more replicas were added within a stretch than the budget pays for",
    help: "Adds up the growth of wanted replicas over all services.\n\
           Passes: 0 replicas a 3 3; 10-60 scale 1 a 2; 20 replicas a 5 5\n\
           Fails: 0 replicas a 3 3; 10-60 scale 1 a 4; 20 replicas a 7 7",
    source: "design rule: cost bounds",
    example: "{ max_added: 3, within: 1h }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Most replicas added within the stretch; absent: nothing is demanded.
    pub max_added: Option<u32>,
    /// Length of the stretch.
    pub within: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_added: None, within: SimDuration::from_secs(3600) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let Some(most) = self.max_added else { return Ok(Vec::new()) };
        let deeds = engine_deeds(case)?;
        let counts = &case.evidence.record.replicas;
        let (mut grown, mut found) = (Vec::new(), Vec::new());
        for (index, count) in counts.iter().enumerate() {
            let same = |c: &&ReplicaCount| c.service == count.service;
            let Some(before) = counts[..index].iter().rfind(same) else { continue };
            let added = count.desired.saturating_sub(before.desired);
            let cause = deeds.iter().rfind(|d| {
                let over = d.ended.is_some_and(|end| end < count.time);
                d.target == count.service && d.began <= count.time && !over
            });
            let (1.., Some(deed)) = (added, cause) else { continue };
            grown.push((count.time, added));
            let near = grown.iter().filter(|(t, _)| count.time.since(*t) < self.within);
            let sum: u32 = near.map(|(_, added)| added).sum();
            if sum > most {
                let limit = format!("at most {most} within {}", self.within);
                let breach = by_deed(deed, format!("{sum} replicas added"), limit);
                found.push(Violation { time: count.time, ..breach });
            }
        }
        Ok(found)
    }
}
