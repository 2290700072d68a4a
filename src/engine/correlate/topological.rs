//! Nearness in the service map: the same entity, or caller and callee along one path.
//!
//! In: two clues and the call graph. Out: evidence, 1 for one entity, falling with each call
//! between them up to `hops`, in either direction. Two callees of one caller are not on one path:
//! they meet through the caller, when it is sick too. Distances are computed once per service map.
//! Source: call paths as in MonitorRank (Kim, Sumbaly and Shah, SIGMETRICS 2013). Known limit:
//! shared machines are seen only if the map has an edge for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Affinity, Build, Clue, Correlator, Part};
use crate::catalog::{Entry, schema_of};
use crate::model::Topology;
use crate::unit::EntityId;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "topological",
    summary: "caller and callee along one path of the service map",
    help: "Evidence: trouble travels along calls, so two signals belong together when one entity \
           calls the other, directly or through others. Nearer is stronger.",
    source: "Kim, Sumbaly and Shah, MonitorRank, SIGMETRICS 2013 (call paths)",
    example: "{ hops: 3 }",
    schema: schema_of::<Config>,
    build: |spec| Ok(Box::new(Topological::new(spec.read()?))),
};

/// Parameters of `topological`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Most calls between two entities of one incident.
    pub hops: u8,
    /// Share of the affinity that each call keeps.
    pub keep: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self { hops: 4, keep: 0.85 }
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct Topological {
    config: Config,
    known: (usize, usize),
    distances: Vec<Vec<u8>>,
}

const FAR: u8 = u8::MAX;

impl Topological {
    /// With no map yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { config, known: (0, 0), distances: Vec::new() }
    }

    fn distance(&self, from: EntityId, to: EntityId) -> u8 {
        let row = self.distances.get(from.index());
        row.and_then(|row| row.get(to.index())).copied().unwrap_or(FAR)
    }
}

impl Correlator for Topological {
    fn part(&self) -> Part {
        Part::Evidence
    }

    fn prepare(&mut self, topology: &Topology) {
        let size = (topology.len(), topology.call_count());
        if size != self.known {
            self.known = size;
            self.distances =
                topology.iter().map(|(id, _)| reach(topology, id, self.config.hops)).collect();
        }
    }

    fn affinity(&self, a: &Clue, b: &Clue, topology: &Topology) -> Option<Affinity> {
        let (a, b) = (a.entity?, b.entity?);
        if a == b {
            return Some(Affinity { value: 1.0, reason: format!("same {}", topology.name(a)) });
        }
        let (down, up) = (self.distance(a, b), self.distance(b, a));
        let hops = down.min(up);
        if hops == FAR {
            return Some(Affinity { value: 0.0, reason: "on no common path".to_owned() });
        }
        let (caller, callee) = if down <= up { (a, b) } else { (b, a) };
        let (caller, callee) = (topology.name(caller), topology.name(callee));
        let reason = match hops {
            1 => format!("{caller} calls {callee}"),
            _ => format!("{caller} reaches {callee} in {hops} calls"),
        };
        Some(Affinity { value: self.config.keep.powi(i32::from(hops)), reason })
    }
}

/// Calls from `start` to every entity, `FAR` beyond `hops`: breadth first. Nothing of who calls
/// nobody: most of a large map are replicas.
fn reach(topology: &Topology, start: EntityId, hops: u8) -> Vec<u8> {
    if topology.callees(start).next().is_none() {
        return Vec::new();
    }
    let mut distances = vec![FAR; topology.len()];
    distances[start.index()] = 0;
    let mut edge = vec![start];
    for hop in 1..=hops.min(FAR - 1) {
        let mut next = Vec::new();
        for callee in edge.iter().flat_map(|from| topology.callees(*from)) {
            if distances[callee.index()] == FAR {
                distances[callee.index()] = hop;
                next.push(callee);
            }
        }
        edge = next;
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::SimTime;

    #[test]
    fn affinity_falls_along_the_path_and_needs_one() {
        let mut topology = Topology::default();
        let ids = ["web", "cart", "db", "ads"].map(|name| topology.service(name));
        let [web, cart, db, ads] = ids;
        topology.call(web, cart);
        topology.call(cart, db);
        topology.call(web, ads);
        let mut kind = Topological::new(Config::default());
        kind.prepare(&topology);
        let clue = |entity| {
            let (since, until) = (SimTime::default(), SimTime::default());
            Clue { entity, since, until, is_change: false, words: Vec::new() }
        };
        let near = |a, b| kind.affinity(&clue(Some(a)), &clue(Some(b)), &topology).unwrap();
        assert_eq!(near(cart, cart).value, 1.0);
        assert_eq!(near(cart, web).reason, "web calls cart");
        assert_eq!(near(db, web).reason, "web reaches db in 2 calls");
        assert!(near(db, web).value < near(db, cart).value);
        assert_eq!(near(ads, cart).value, 0.0);
        assert_eq!(kind.affinity(&clue(None), &clue(Some(web)), &topology), None);
    }
}
