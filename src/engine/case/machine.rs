//! The machine that is slow: what runs on it has no processor time left, and has elsewhere.
//!
//! In: a case whose replicas are measured one by one. Out: the node on which replicas of several
//! services have no processor time left while their siblings elsewhere idle. Code, load and callees
//! are the same for all replicas of a service; what only those on one machine have comes from the
//! machine. Source: comparison with peers, after Gabel et al., "Latent fault detection in large
//! scale services" (DSN 2012). Limit: sees slow machines, not those that fail requests: processors
//! are measured a replica, failures a service.

use std::collections::{BTreeMap, BTreeSet};

use super::Case;
use crate::model::{EntityKind, names};
use crate::stats::robust::median;
use crate::unit::EntityId;

/// Share of its processors from which a replica has none to spare.
const BUSY: f64 = 0.8;
/// It stands out if it uses so many times what its siblings elsewhere use.
const APART: f64 = 2.0;
/// Services of which replicas on a node must stand out: one may have a reason of its own.
const SERVICES: usize = 2;
/// Frames of which the middle one counts.
const FRAMES: usize = 3;

/// A machine, and the services that suffer from it.
pub(super) type SlowMachine = (EntityId, BTreeSet<EntityId>);

impl Case<'_> {
    /// The machine, if there is exactly one, with the services that suffer from it.
    #[must_use]
    pub fn slow_machine(&self) -> Option<&SlowMachine> {
        self.slow_machine.get_or_init(|| self.find_slow_machine()).as_ref()
    }

    fn find_slow_machine(&self) -> Option<SlowMachine> {
        let mut ill: BTreeMap<EntityId, BTreeSet<EntityId>> = BTreeMap::new();
        for (service, replicas) in self.loads() {
            for (node, load) in &replicas {
                let others = replicas.iter().filter(|(other, _)| other != node);
                let usual = median(&mut others.map(|(_, load)| *load).collect::<Vec<f64>>());
                if *load >= BUSY && usual.is_some_and(|usual| *load >= APART * usual) {
                    ill.entry(*node).or_default().insert(service);
                }
            }
        }
        let mut nodes = ill.into_iter();
        let found = nodes.next().filter(|_| nodes.len() == 0);
        found.filter(|(_, services)| services.len() >= SERVICES)
    }

    /// By service: node and processor use of each replica.
    fn loads(&self) -> BTreeMap<EntityId, Vec<(EntityId, f64)>> {
        let around = &self.around;
        let mut found: BTreeMap<EntityId, Vec<(EntityId, f64)>> = BTreeMap::new();
        for (id, meta) in around.series.iter().take(around.history.width()) {
            let is_replica = around.topology.get(meta.entity).kind == EntityKind::Replica;
            if meta.metric != names::CPU_UTILIZATION || !is_replica {
                continue;
            }
            let service = around.topology.service_of(meta.entity);
            let node = around.placement.node_of(around.topology.name(service), meta.entity);
            let newest = around.history.column(id).iter().rev().take(FRAMES);
            let load = median(&mut newest.filter(|v| v.is_finite()).collect::<Vec<f64>>());
            if let Some(place) = node.zip(load) {
                found.entry(service).or_default().push(place);
            }
        }
        found
    }
}
