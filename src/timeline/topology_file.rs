//! The text form of a service map: `topology.yaml`.
//!
//! Entities are listed in id order, so that reading gives the same ids again; a replica names its
//! service as `parent`, a node its zone. Calls go from caller to callee. Unknown keys are refused.

use serde::{Deserialize, Serialize};

use crate::model::{EntityKind, Topology};
use crate::unit::Name;

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
        });
        let calls = map.calls().map(|call| CallLine {
            caller: map.name(call.caller).clone(),
            callee: map.name(call.callee).clone(),
        });
        Self { entities: entities.collect(), calls: calls.collect() }
    }
}
