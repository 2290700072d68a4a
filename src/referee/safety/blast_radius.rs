//! Too much of the fleet was touched at once.
//!
//! Definition: within any stretch of `within`, the engine's deeds took down or replaced more than
//! `limit` of the fleet's replicas. Per target the largest deed counts, targets add up; replicas
//! that were only added hurt nobody and do not count; or they touched more services, nodes or zones
//! than allowed, where that is limited. Needs the world's record.

use std::collections::{BTreeMap, BTreeSet};

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
    help: "Counts what the deeds did, not what the plan asked for.\n\
           Passes: fleet 20; 0-60 deed 1 a 5\n\
           Fails: fleet 20; 0-60 deed 1 a 3; 100-160 deed 2 b 3",
    source: "design rule: blast radius 25 %",
    example: "{ limit: 0.25, within: 10m, max_zones: 2 }",
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
    /// Most services touched; absent: no such limit.
    pub max_services: Option<usize>,
    /// Most nodes on which replicas were touched; absent: no such limit.
    pub max_nodes: Option<usize>,
    /// Most zones in which replicas were touched; absent: no such limit.
    pub max_zones: Option<usize>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limit: Ratio::clamped(0.25),
            within: SimDuration::from_secs(600),
            max_services: None,
            max_nodes: None,
            max_zones: None,
        }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let deeds = engine_deeds(case)?;
        let mut found = Vec::new();
        for (index, deed) in deeds.iter().enumerate() {
            let near: Vec<&&Deed> = deeds[..=index]
                .iter()
                .filter(|o| deed.began.since(o.began) < self.within)
                .collect();
            let mut touched: BTreeMap<&Name, u32> = BTreeMap::new();
            for other in &near {
                let most = touched.entry(&other.target).or_default();
                *most = (*most).max(hurt(other));
            }
            touched.retain(|_, replicas| *replicas > 0);
            let share = f64::from(touched.values().sum::<u32>()) / f64::from(deed.fleet_before);
            if deed.fleet_before == 0 || hurt(deed) == 0 {
                continue;
            }
            if share > self.limit.get() {
                let saw = format!("{:.0}% of {} replicas", share * 100.0, deed.fleet_before);
                let limit = format!("at most {} within {}", self.limit, self.within);
                found.push(by_deed(deed, saw, limit));
            } else if let Some((saw, limit)) = self.places(touched.len(), &near) {
                found.push(by_deed(deed, saw, limit));
            }
        }
        Ok(found)
    }
}

impl Config {
    /// Which limit of services, nodes or zones is broken, if any.
    fn places(&self, services: usize, near: &[&&Deed]) -> Option<(String, String)> {
        let count = |of: fn(&Deed) -> &Vec<Name>| {
            near.iter().flat_map(|deed| of(deed)).collect::<BTreeSet<&Name>>().len()
        };
        let all = [
            (self.max_services, services, "services"),
            (self.max_nodes, count(|d| &d.nodes), "nodes"),
            (self.max_zones, count(|d| &d.zones), "zones"),
        ];
        all.into_iter().find_map(|(most, found, what)| {
            let most = most.filter(|most| found > *most)?;
            let limit = format!("at most {most} {what} within {}", self.within);
            Some((format!("{found} {what} touched"), limit))
        })
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
        let one = Config { max_services: Some(1), max_zones: Some(1), ..Config::default() };
        let two = || base().deed(0, 60, 1, "a", 1).deed(100, 160, 2, "b", 1);
        assert_eq!(two().breaches(&one), 1);
        let mut zones = base().deed(0, 60, 1, "a", 1);
        zones.record.deeds[0].zones = ["z1", "z2"].map(Name::from).to_vec();
        assert_eq!(zones.breaches(&one), 1);
        assert!(Sketch::default().unjudged(&Config::default()));
    }
}
