//! The text form of a service map: `topology.yaml`.
//!
//! Entities are listed in id order, so that reading gives the same ids again; a replica names its
//! service as `parent`, a node its zone; `node` is where a replica ran when the map was drawn.
//! Calls go from caller to callee. Unknown keys are refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::catalog::{did_you_mean, nearest};
use crate::model::{EntityKind, Topology};
use crate::unit::{EntityId, Name};

/// The whole of `topology.yaml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopologyFile {
    /// All entities, in id order.
    pub(super) entities: Vec<EntityLine>,
    /// Caller -> callee.
    #[serde(default)]
    pub(super) calls: Vec<CallLine>,
}

/// One entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntityLine {
    pub(super) name: Name,
    pub(super) kind: EntityKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<Name>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<Name>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallLine {
    pub(super) caller: Name,
    pub(super) callee: Name,
}

impl TopologyFile {
    /// The text form of a service map.
    pub(super) fn of(map: &Topology) -> Self {
        let entities = map.iter().map(|(_, e)| EntityLine {
            name: e.name.clone(),
            kind: e.kind,
            parent: e.parent.map(|p| map.name(p).clone()),
            node: e.node.map(|n| map.name(n).clone()),
        });
        let calls = map.calls().map(|call| CallLine {
            caller: map.name(call.caller).clone(),
            callee: map.name(call.callee).clone(),
        });
        Self { entities: entities.collect(), calls: calls.collect() }
    }

    /// The service map that the text describes, or everything that is wrong with it.
    pub(super) fn build(&self) -> Result<Topology, Vec<String>> {
        let mut problems = Vec::new();
        let mut ids = BTreeMap::new();
        for (index, line) in self.entities.iter().enumerate() {
            let id = EntityId(u32::try_from(index).expect("fewer than 2^32 entities"));
            if ids.insert(line.name.as_str(), id).is_some() {
                problems.push(format!("duplicate entity {:?}", line.name));
            }
        }
        let mut find = |name: &Name, what: &str| {
            let found = ids.get(name.as_str()).copied();
            if found.is_none() {
                let near = nearest(name, ids.keys().copied());
                let near = did_you_mean(near);
                problems.push(format!("{what} {name:?} is not among the entities{near}"));
            }
            found
        };
        let (mut parents, mut nodes) = (Vec::new(), Vec::new());
        for line in &self.entities {
            parents.push(line.parent.as_ref().and_then(|parent| find(parent, "parent")));
            nodes.push(line.node.as_ref().and_then(|node| find(node, "node")));
        }
        let mut calls = Vec::new();
        for line in &self.calls {
            calls.push((find(&line.caller, "caller"), find(&line.callee, "callee")));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut map = Topology::default();
        for (line, parent) in self.entities.iter().zip(parents) {
            map.add(line.name.clone(), line.kind, parent).expect("names are distinct");
        }
        for (index, node) in nodes.into_iter().enumerate() {
            if let Some(node) = node {
                map.run_on(EntityId(index as u32), node);
            }
        }
        for call in calls {
            if let (Some(caller), Some(callee)) = call {
                map.call(caller, callee);
            }
        }
        Ok(map)
    }
}
