//! Too few or too many replicas were wanted because of the engine.
//!
//! Definition: while a deed of the engine on a service was under way or at its end, the number of
//! replicas wanted there fell below `min`, or rose above `growth` times the number at the start or
//! above `max`. Needs the world's record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::model::ReplicaCount;
use crate::referee::case::Case;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "replica_bounds",
    summary: "an action left a service with too few or too many replicas",
    help: "Changes that no deed of the engine explains are not its fault.\n\
           Passes: fleet 20; 0 replicas a 3; 10-60 deed 1 a 1; 20 replicas a 12\n\
           Fails: fleet 20; 0 replicas a 3; 10-60 deed 1 a 1; 20 replicas a 0",
    source: "design rule",
    example: "{ min: 1, growth: 4 }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Fewest replicas that may be wanted.
    pub min: u32,
    /// Most replicas that may be wanted, as a multiple of those at the start.
    pub growth: u32,
    /// Most replicas that may be wanted; absent: no such limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

impl Default for Config {
    fn default() -> Self {
        Self { min: 1, growth: 4, max: None }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let deeds = engine_deeds(case)?;
        let counts = &case.evidence.record.replicas;
        let mut found = Vec::new();
        for (index, count) in counts.iter().enumerate() {
            let same = |c: &&ReplicaCount| c.service == count.service;
            let Some(before) = counts[..index].iter().rfind(same) else { continue };
            let base = counts.iter().find(same).map_or(0, |c| c.desired);
            let most = base.max(1).saturating_mul(self.growth).min(self.max.unwrap_or(u32::MAX));
            let outside = !(self.min..=most).contains(&count.desired);
            let cause = deeds.iter().rfind(|d| {
                let ended = d.ended.is_some_and(|end| end < count.time);
                d.target == count.service && d.began <= count.time && !ended
            });
            if let (true, true, Some(deed)) = (outside, count.desired != before.desired, cause) {
                let saw = format!("{} replicas wanted", count.desired);
                let breach = by_deed(deed, saw, format!("{} to {most}", self.min));
                found.push(Violation { time: count.time, ..breach });
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
    fn bounds_hold_for_what_the_engine_did() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().fleet(20).replicas(0, "a", 3).deed(10, 60, 1, "a", 1);
        assert_eq!(check(base().replicas(20, "a", 12)), 0);
        assert_eq!(check(base().replicas(20, "a", 13)), 1);
        assert_eq!(check(base().replicas(20, "a", 0)), 1);
        assert_eq!(check(base().replicas(90, "a", 0)), 0, "not by the engine");
        assert_eq!(check(base().replicas(20, "b", 0)), 0, "how b began");
    }
}
