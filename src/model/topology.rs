//! What there is and who calls whom: entities and caller -> callee edges.
//!
//! A topology is what an operator knows before an incident: a service map. It carries no label
//! and no state. Entities are dense ids; a replica has its service as parent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::unit::{EntityId, Name};

/// What kind of thing an entity is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A deployable service.
    Service,
    /// One replica (pod, instance) of a service; its parent is the service.
    Replica,
    /// A machine.
    Node,
    /// A failure domain of machines.
    Zone,
    /// Something called that is not ours or not instrumented.
    External,
}

/// One thing that can be measured, blamed or acted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Unique name.
    pub name: Name,
    /// What it is.
    pub kind: EntityKind,
    /// The service of a replica, the zone of a node.
    pub parent: Option<EntityId>,
    /// The node that a replica ran on when the map was drawn; later ones are told by events.
    pub node: Option<EntityId>,
}

/// A caller -> callee edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Call {
    /// Who calls.
    pub caller: EntityId,
    /// Who is called.
    pub callee: EntityId,
}

/// Entities and calls. Grows only.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Topology {
    entities: Vec<Entity>,
    /// The service of each, beside each other: asked for every log line and span.
    services: Vec<EntityId>,
    by_name: BTreeMap<Name, EntityId>,
    calls: BTreeSet<Call>,
    /// The same turned round, (callee, caller): who calls whom is asked as often.
    turned: BTreeSet<(EntityId, EntityId)>,
}

/// Why an entity or a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// The name is taken.
    #[error("duplicate entity {0:?}")]
    Duplicate(Name),
    /// A call, series or fault names nothing.
    #[error("{name:?} is not in the topology{}", crate::catalog::did_you_mean(nearest.as_deref()))]
    Unknown {
        /// What was named.
        name: Name,
        /// The nearest name there is.
        nearest: Option<String>,
    },
}

impl Topology {
    /// Adds an entity.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn add(
        &mut self,
        name: impl Into<Name>,
        kind: EntityKind,
        parent: Option<EntityId>,
    ) -> Result<EntityId, TopologyError> {
        let name = name.into();
        if self.by_name.contains_key(&name) {
            return Err(TopologyError::Duplicate(name));
        }
        let id = EntityId(u32::try_from(self.entities.len()).expect("fewer than 2^32 entities"));
        self.by_name.insert(name.clone(), id);
        let of_service = parent.filter(|_| kind == EntityKind::Replica);
        self.services.push(of_service.unwrap_or(id));
        self.entities.push(Entity { name, kind, parent, node: None });
        Ok(id)
    }

    /// The id of `name`, added as a service if it is new.
    pub fn service(&mut self, name: &str) -> EntityId {
        match self.by_name.get(name) {
            Some(id) => *id,
            None => self.add(name, EntityKind::Service, None).expect("the name is not taken"),
        }
    }

    /// Says on which node a replica runs.
    pub fn run_on(&mut self, replica: EntityId, node: EntityId) {
        assert!(node.index() < self.len(), "entities exist");
        self.entities[replica.index()].node = Some(node);
    }

    /// Adds a call; adding it again changes nothing.
    pub fn call(&mut self, caller: EntityId, callee: EntityId) {
        assert!(caller.index() < self.len() && callee.index() < self.len(), "entities exist");
        self.calls.insert(Call { caller, callee });
        self.turned.insert((callee, caller));
    }

    /// The id of a name.
    ///
    /// # Errors
    /// If there is no such entity; carries the nearest name.
    pub fn find(&self, name: &str) -> Result<EntityId, TopologyError> {
        self.by_name.get(name).copied().ok_or_else(|| {
            let near = crate::catalog::nearest(name, self.by_name.keys().map(Name::as_str));
            TopologyError::Unknown { name: Name::from(name), nearest: near.map(str::to_owned) }
        })
    }

    /// The id of a name, if there is such an entity: `find` for those who do not report.
    #[must_use]
    pub fn lookup(&self, name: &str) -> Option<EntityId> {
        self.by_name.get(name).copied()
    }

    /// Number of calls.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.calls.len()
    }

    /// An entity. Panics on an id of another topology.
    #[must_use]
    pub fn get(&self, id: EntityId) -> &Entity {
        &self.entities[id.index()]
    }

    /// Its name.
    #[must_use]
    pub fn name(&self, id: EntityId) -> &Name {
        &self.get(id).name
    }

    /// The service that an entity belongs to: its parent for a replica, else itself.
    #[must_use]
    pub fn service_of(&self, id: EntityId) -> EntityId {
        self.services[id.index()]
    }

    /// Number of entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// All entities in id order.
    pub fn iter(&self) -> impl Iterator<Item = (EntityId, &Entity)> {
        self.entities.iter().enumerate().map(|(i, e)| (EntityId(i as u32), e))
    }

    /// All calls, sorted.
    pub fn calls(&self) -> impl Iterator<Item = Call> + '_ {
        self.calls.iter().copied()
    }

    /// Whom `caller` calls.
    pub fn callees(&self, caller: EntityId) -> impl Iterator<Item = EntityId> + '_ {
        let from = Call { caller, callee: EntityId(0) };
        let to = Call { caller, callee: EntityId(u32::MAX) };
        self.calls.range(from..=to).map(|call| call.callee)
    }

    /// Who calls `callee`.
    pub fn callers(&self, callee: EntityId) -> impl Iterator<Item = EntityId> + '_ {
        let (from, to) = ((callee, EntityId(0)), (callee, EntityId(u32::MAX)));
        self.turned.range(from..=to).map(|(_, caller)| *caller)
    }

    /// The same entities, nobody calling anybody.
    #[must_use]
    pub fn without_calls(&self) -> Self {
        Self { calls: BTreeSet::new(), turned: BTreeSet::new(), ..self.clone() }
    }

    /// Everything that calls from `start` lead to, itself included.
    #[must_use]
    pub fn reach(&self, start: EntityId) -> BTreeSet<EntityId> {
        let mut seen = BTreeSet::from([start]);
        let mut ring = vec![start];
        while let Some(here) = ring.pop() {
            ring.extend(self.callees(here).filter(|callee| seen.insert(*callee)));
        }
        seen
    }

    /// Whether anybody calls it, be it itself; whom nobody calls, users do.
    #[must_use]
    pub fn has_callers(&self, id: EntityId) -> bool {
        self.callers(id).next().is_some()
    }

    /// Where users come in: of the services that nobody calls, the one that reaches the most.
    #[must_use]
    pub fn front_door(&self) -> Option<EntityId> {
        let services = self.iter().filter(|(_, e)| e.kind == EntityKind::Service).map(|(id, _)| id);
        let lone: Vec<EntityId> = services.collect();
        let called = |id: &EntityId| self.callers(*id).any(|caller| caller != *id);
        let size = |id: EntityId| self.reach(id).len();
        let entry = lone.iter().copied().filter(|id| !called(id));
        entry.max_by_key(|id| (size(*id), std::cmp::Reverse(*id))).or(lone.first().copied())
    }

    /// Entities that a diagnosis may name: everything but single replicas.
    pub fn suspects(&self) -> impl Iterator<Item = EntityId> + '_ {
        self.iter().filter(|(_, e)| e.kind != EntityKind::Replica).map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_parents_are_found() {
        let mut map = Topology::default();
        let (web, cart) = (map.service("web"), map.service("cart"));
        let pod = map.add("cart-0", EntityKind::Replica, Some(cart)).unwrap();
        map.call(web, cart);
        map.call(web, cart);
        assert_eq!(map.callees(web).collect::<Vec<_>>(), [cart]);
        assert_eq!(map.callers(cart).collect::<Vec<_>>(), [web]);
        assert_eq!((map.service_of(pod), map.service_of(web)), (cart, web));
        assert_eq!(map.suspects().count(), 2);
        assert!(map.add("web", EntityKind::Service, None).is_err());
        let error = map.find("crat").unwrap_err().to_string();
        assert!(error.contains("did you mean \"cart\"?"), "{error}");
    }
}
