//! Machines that ceased to be ready.
//!
//! In: a case and a node or zone. Out: since when it is lost: a node whose ready condition fell or
//! that the platform called not ready since the onset; a zone of several nodes all of which were.
//! Source: Kubernetes node conditions and events. Limit: a node that was lost before the onset is
//! not news.

use super::Case;
use crate::model::{EntityKind, EventKind, names};
use crate::unit::{EntityId, SimTime};

/// The ready condition is 1 or 0.
const READY: f64 = 0.5;
/// Nodes from which a zone is more than its node.
const SEVERAL: usize = 2;

impl Case<'_> {
    /// When a node, or all nodes of a zone, ceased to be ready, if that was since the onset.
    #[must_use]
    pub fn lost_since(&self, machine: EntityId) -> Option<SimTime> {
        let topology = self.around.topology;
        if topology.get(machine).kind != EntityKind::Zone {
            return self.node_lost_since(machine);
        }
        let inside = topology
            .iter()
            .filter(|(_, e)| e.kind == EntityKind::Node && e.parent == Some(machine));
        let lost: Option<Vec<SimTime>> = inside.map(|(id, _)| self.node_lost_since(id)).collect();
        lost.filter(|times| times.len() >= SEVERAL)?.into_iter().max()
    }

    fn node_lost_since(&self, node: EntityId) -> Option<SimTime> {
        let fell = |before: Option<f64>, after: Option<f64>| {
            before.is_some_and(|v| v >= READY) && after.is_some_and(|v| v < READY)
        };
        let measured = self.signs_of(node).iter().find(|sign| {
            sign.signal.starts_with(names::NODE_READY) && fell(sign.before, sign.after)
        });
        let told = self.events_of(node).iter().find(|event| {
            event.kind == EventKind::Kubernetes
                && event.time >= self.onset()
                && event.reason.to_ascii_lowercase().contains("notready")
        });
        measured.map(|sign| sign.since).into_iter().chain(told.map(|event| event.time)).min()
    }
}
