//! The same remedy again and again.
//!
//! Definition: the same verb on the same target more than `limit` times within any stretch of
//! `within`, whatever the outcomes were. Dry runs and pages do not count.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::Action;
use crate::referee::case::{Case, Said};
use crate::unit::SimDuration;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "remediation_loop",
    summary: "the same remedy on the same target too often within an hour",
    help: "Counted from the acts, whether they worked or not.\n\
           Passes: 0 act 1 a; 9 act 2 a; 18 act 3 a; 3600 act 4 a\n\
           Fails: 0 act 1 a; 9 act 2 a; 18 act 3 a; 27 act 4 a",
    source: "design rule: more than 3 times in an hour",
    example: "{ limit: 3, within: 1h }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Most acts of one verb on one target within the stretch.
    pub limit: u32,
    /// Length of the stretch.
    pub within: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { limit: 3, within: SimDuration::from_secs(3600) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let acts: Vec<_> = case.fleet_acts().collect();
        let mut found = Vec::new();
        for (index, act) in acts.iter().enumerate() {
            let same = |other: &&Said<'_, Action>| {
                other.what.verb() == act.what.verb()
                    && other.what.target == act.what.target
                    && act.time.since(other.time) < self.within
            };
            let times = acts[..=index].iter().filter(same).count();
            if times as u64 > u64::from(self.limit) {
                let saw = format!("{} of {} {times} times", act.what.verb(), act.what.target);
                found.push(by_act(act, saw, format!("{} within {}", self.limit, self.within)));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn the_fourth_time_within_an_hour_is_a_loop() {
        let restarts = |times: &[i64], target: &str| {
            let acts = times.iter().enumerate();
            acts.fold(Sketch::default(), |sketch, (i, t)| sketch.act(*t, i as u32 + 1, target))
        };
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        assert_eq!(check(restarts(&[0, 600, 1200], "a")), 0);
        assert_eq!(check(restarts(&[0, 600, 1200, 1800], "a")), 1);
        assert_eq!(check(restarts(&[0, 600, 1200, 3600], "a")), 0);
        assert_eq!(check(restarts(&[0, 600, 1200], "a").act(1800, 9, "b")), 0);
    }
}
