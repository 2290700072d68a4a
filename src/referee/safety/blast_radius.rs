//! Too much of the fleet was touched at once.
//!
//! Definition: within any stretch of `within`, the engine's deeds took down or replaced more than
//! `limit` of the fleet's replicas. Per target the largest deed counts, targets add up; replicas
//! that were only added hurt nobody and do not count. Needs the world's record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::model::{Deed, Verb};
use crate::referee::case::Case;
use crate::unit::{Name, Ratio, SimDuration};

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "blast_radius",
    summary: "more of the fleet was touched within a stretch than the limit",
    help: "Counts what the deeds did, not what the plan asked for.",
    source: "design rule: blast radius 25 %",
    example: "{ limit: 0.25, within: 10m }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Largest share of the fleet's replicas, 0 to 1.
    pub limit: Ratio,
    /// Length of the stretch.
    pub within: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { limit: Ratio::clamped(0.25), within: SimDuration::from_secs(600) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let deeds = engine_deeds(case)?;
        let mut found = Vec::new();
        for (index, deed) in deeds.iter().enumerate() {
            let mut touched: BTreeMap<&Name, u32> = BTreeMap::new();
            for other in &deeds[..=index] {
                if deed.began.since(other.began) < self.within {
                    let most = touched.entry(&other.target).or_default();
                    *most = (*most).max(hurt(other));
                }
            }
            let share = f64::from(touched.values().sum::<u32>()) / f64::from(deed.fleet_before);
            if deed.fleet_before > 0 && hurt(deed) > 0 && share > self.limit.get() {
                let saw = format!("{:.0}% of {} replicas", share * 100.0, deed.fleet_before);
                let limit = format!("at most {} within {}", self.limit, self.within);
                found.push(by_deed(deed, saw, limit));
            }
        }
        Ok(found)
    }
}

fn hurt(deed: &Deed) -> u32 {
    match deed.verb {
        Verb::ScaleOut => deed.replicas_down,
        _ => deed.replicas_down.max(deed.replicas_touched),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn deeds_close_together_add_up_and_added_replicas_do_not() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().fleet(20);
        assert_eq!(check(base().deed(0, 60, 1, "a", 5)), 0);
        assert_eq!(check(base().deed(0, 60, 1, "a", 6)), 1);
        assert_eq!(check(base().deed(0, 60, 1, "a", 3).deed(100, 160, 2, "b", 3)), 1);
        assert_eq!(check(base().deed(0, 60, 1, "a", 3).deed(100, 160, 2, "a", 3)), 0);
        assert_eq!(check(base().deed(0, 60, 1, "a", 3).deed(900, 960, 2, "b", 3)), 0);
        let mut added = base().deed(0, 60, 1, "a", 9);
        added.record.deeds[0].verb = Verb::ScaleOut;
        assert_eq!(check(added), 0);
        assert!(Sketch::default().unjudged(&Config::default()));
    }
}
