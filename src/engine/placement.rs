//! Where replicas run, as telemetry tells it.
//!
//! In: the service map as it was drawn, then the scheduler's events (`Scheduled` with a `node`,
//! `Killing` of a pod). Out: on how many nodes and zones a set of targets stands. Source: the
//! events of Kubernetes' scheduler and kubelet. Limit: who never said where a replica runs is on no
//! node; an event that was lost leaves the last place known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Entity, EntityKind, Event, EventKind, StepInput, Topology};
use crate::unit::{EntityId, Name};

/// One replica's place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    node: EntityId,
    /// The pod that was put there; absent for what ran when the map was drawn.
    pod: Option<String>,
}

/// Replicas, by service, and the nodes that they run on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    /// How much of the service map was read.
    known: usize,
    replicas: BTreeMap<Name, BTreeMap<EntityId, Place>>,
    /// Nodes with their zones.
    nodes: BTreeMap<EntityId, Option<EntityId>>,
    /// Nodes and zones by name.
    names: BTreeMap<Name, EntityId>,
}

impl Placement {
    /// Takes in what a step tells; nothing is copied where it tells nothing of places.
    pub fn observe(this: &mut Arc<Self>, input: &StepInput<'_>) {
        let map = input.topology;
        let moved = |event: &&Event| {
            event.kind == EventKind::Kubernetes
                && matches!(event.reason.as_str(), "Scheduled" | "Killing")
        };
        let mut moves = input.batch.events.iter().filter(moved).peekable();
        if this.known == map.len() && moves.peek().is_none() {
            return;
        }
        let this = Arc::make_mut(this);
        for (id, entity) in map.iter().skip(this.known) {
            this.draw(map, id, entity);
        }
        this.known = map.len();
        for event in moves {
            this.hear(map, event);
        }
    }

    /// Places as the map was drawn.
    #[must_use]
    pub fn of(map: &Topology) -> Self {
        let mut this = Self { known: map.len(), ..Self::default() };
        map.iter().for_each(|(id, entity)| this.draw(map, id, entity));
        this
    }

    fn draw(&mut self, map: &Topology, id: EntityId, entity: &Entity) {
        match (entity.kind, entity.parent, entity.node) {
            (EntityKind::Node, zone, _) => {
                self.nodes.insert(id, zone);
                self.names.insert(entity.name.clone(), id);
            }
            (EntityKind::Zone, ..) => {
                self.names.insert(entity.name.clone(), id);
            }
            (EntityKind::Replica, Some(service), Some(node)) => {
                let replicas = self.replicas.entry(map.name(service).clone()).or_default();
                replicas.insert(id, Place { node, pod: None });
            }
            _ => {}
        }
    }

    fn hear(&mut self, map: &Topology, event: &Event) {
        let Some(id) = event.entity.as_ref().and_then(|name| map.lookup(name)) else { return };
        let replicas = self.replicas.entry(map.name(map.service_of(id)).clone()).or_default();
        let said = |key: &str| event.attributes.get(key);
        if event.reason == "Killing" {
            // A late word about a pod that was replaced moves nobody.
            let same = |place: &Place| {
                place.pod.is_none() || said("pod").is_none() || place.pod.as_ref() == said("pod")
            };
            if replicas.get(&id).is_some_and(same) {
                replicas.remove(&id);
            }
        } else if let Some(node) = said("node").and_then(|name| self.names.get(name.as_str())) {
            replicas.insert(id, Place { node: *node, pod: said("pod").cloned() });
        }
    }

    /// The node that a replica of a service runs on, as far as known.
    #[must_use]
    pub fn node_of(&self, service: &Name, replica: EntityId) -> Option<EntityId> {
        Some(self.replicas.get(service)?.get(&replica)?.node)
    }

    /// Numbers of nodes and of zones that these targets stand on: services by their replicas, a
    /// node or zone by itself.
    #[must_use]
    pub fn places<'n>(&self, targets: impl Iterator<Item = &'n Name>) -> (usize, usize) {
        let (mut nodes, mut zones) = (BTreeSet::new(), BTreeSet::new());
        for target in targets {
            match self.names.get(target) {
                Some(id) if self.nodes.contains_key(id) => {
                    nodes.insert(*id);
                }
                Some(zone) => {
                    zones.insert(*zone);
                }
                None => {
                    let replicas = self.replicas.get(target).into_iter().flatten();
                    nodes.extend(replicas.map(|(_, place)| place.node));
                }
            }
        }
        zones.extend(nodes.iter().filter_map(|node| self.nodes.get(node).copied().flatten()));
        (nodes.len(), zones.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Batch, SeriesCatalog};
    use crate::unit::SimTime;

    /// cart on two nodes of zone a, web on one of zone b.
    fn shop() -> Topology {
        let mut map = Topology::default();
        let (cart, web) = (map.service("cart"), map.service("web"));
        let pods = [("cart-0", cart), ("cart-1", cart), ("web-0", web)]
            .map(|(pod, of)| map.add(pod, EntityKind::Replica, Some(of)).unwrap());
        let zones = ["a", "b"].map(|zone| map.add(zone, EntityKind::Zone, None).unwrap());
        let nodes = [("n0", zones[0]), ("n1", zones[0]), ("n2", zones[1])]
            .map(|(node, zone)| map.add(node, EntityKind::Node, Some(zone)).unwrap());
        for (pod, node) in pods.iter().zip(nodes) {
            map.run_on(*pod, node);
        }
        map
    }

    fn pod(reason: &str, replica: &str, pod: &str, node: &str) -> Event {
        let event = Event::new(
            SimTime::default(),
            EventKind::Kubernetes,
            Some(Name::from(replica)),
            reason,
        );
        event.with("pod", pod).with("node", node)
    }

    fn places(events: Vec<Event>, targets: &[&str]) -> (usize, usize) {
        let (map, series) = (shop(), SeriesCatalog::default());
        let mut placement = Arc::default();
        let batch = Batch { events, ..Batch::default() };
        let now = SimTime::default();
        Placement::observe(
            &mut placement,
            &StepInput { now, topology: &map, series: &series, batch: &batch },
        );
        let targets: Vec<Name> = targets.iter().map(|name| Name::from(*name)).collect();
        placement.places(targets.iter())
    }

    #[test]
    fn services_nodes_and_zones_are_counted_once() {
        assert_eq!(places(vec![], &["cart"]), (2, 1));
        assert_eq!(places(vec![], &["cart", "web"]), (3, 2));
        assert_eq!(places(vec![], &["cart", "n1"]), (2, 1));
        assert_eq!(places(vec![], &["n2", "a"]), (1, 2));
        assert_eq!(places(vec![], &["nobody"]), (0, 0));
    }

    #[test]
    fn the_scheduler_moves_replicas() {
        let moved = || pod("Scheduled", "cart-1", "cart-x", "n2");
        assert_eq!(places(vec![moved()], &["cart"]), (2, 2));
        let gone = pod("Killing", "cart-1", "cart-x", "");
        assert_eq!(places(vec![moved(), gone], &["cart"]), (1, 1));
        let late = pod("Killing", "cart-1", "cart-old", "");
        assert_eq!(places(vec![moved(), late], &["cart"]), (2, 2), "that pod was replaced before");
    }
}
