//! Distance and kinship in a service map.
//!
//! In: a topology and names. Out: calls between two entities in either direction, and whether one
//! lies on a call path with the other. Breadth first; maps are small, nothing is cached.

use std::collections::{BTreeSet, VecDeque};

use crate::model::Topology;
use crate::unit::{EntityId, Name};

/// Fewest calls between two entities, whichever way they point; `None` if there is no way.
#[must_use]
pub(super) fn hops(map: &Topology, from: &Name, to: &Name) -> Option<u32> {
    let (from, to) = (map.find(from).ok()?, map.find(to).ok()?);
    let mut seen = BTreeSet::from([from]);
    let mut queue = VecDeque::from([(from, 0u32)]);
    while let Some((here, distance)) = queue.pop_front() {
        if here == to {
            return Some(distance);
        }
        let near: Vec<EntityId> = map.callees(here).chain(map.callers(here)).collect();
        queue.extend(near.into_iter().filter(|n| seen.insert(*n)).map(|n| (n, distance + 1)));
    }
    None
}

/// Whether `other` is `root`, calls it, or is called by it, over any number of calls. An entity
/// that the map does not know, or that takes part in no call, is kin to everything: nothing is
/// known against it.
#[must_use]
pub(super) fn kin(map: &Topology, root: &Name, other: &Name) -> bool {
    if root == other {
        return true;
    }
    let (Ok(root), Ok(other)) = (map.find(root), map.find(other)) else { return true };
    if map.callees(root).chain(map.callers(root)).next().is_none() {
        return true;
    }
    reach(map, root, other) || reach(map, other, root)
}

fn reach(map: &Topology, from: EntityId, to: EntityId) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut queue = VecDeque::from([from]);
    while let Some(here) = queue.pop_front() {
        if here == to {
            return true;
        }
        queue.extend(map.callees(here).filter(|n| seen.insert(*n)));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_two_hops_apart_and_no_kin() {
        let mut map = Topology::default();
        let ids = ["web", "cart", "db", "mail", "island"].map(|name| map.service(name));
        for (caller, callee) in [(0, 1), (1, 2), (0, 3)] {
            map.call(ids[caller], ids[callee]);
        }
        let name = |text: &str| Name::from(text);
        for (a, b, distance, related) in [
            ("cart", "cart", Some(0), true),
            ("web", "db", Some(2), true),
            ("cart", "mail", Some(2), false),
            ("db", "mail", Some(3), false),
            ("cart", "island", None, false),
            ("island", "cart", None, true),
            ("cart", "nowhere", None, true),
        ] {
            assert_eq!(hops(&map, &name(a), &name(b)), distance, "{a} {b}");
            assert_eq!(kin(&map, &name(a), &name(b)), related, "{a} {b}");
        }
    }
}
