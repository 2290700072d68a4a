//! How many replicas each service runs, as far as telemetry tells.
//!
//! In: the newest pod metrics, else the replicas in the service map; where replicas run. Out:
//! counts per service in replicas, how many are ready, where they run, and which are only guessed
//! as one. Limit: a recording without pod metrics has guesses only; a map that keeps dead replicas
//! counts them where no metric corrects it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::case::Surroundings;
use super::placement::Placement;
use crate::model::{EntityKind, names};
use crate::unit::{EntityId, Name};

/// Replicas of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Replicas wanted; 1 where nobody says.
    pub replicas: u32,
    /// Whether telemetry said so.
    pub known: bool,
    /// Replicas that serve, if telemetry says.
    pub ready: Option<u32>,
}

/// Replicas of all services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetSize {
    services: BTreeMap<Name, Size>,
    placement: Arc<Placement>,
}

impl FleetSize {
    /// Sizes given by hand.
    #[must_use]
    pub fn of(services: BTreeMap<Name, Size>) -> Self {
        Self { services, placement: Arc::default() }
    }

    /// Reads the sizes as they are now; `placement` says where replicas run.
    #[must_use]
    pub fn read(around: &Surroundings<'_>, placement: Arc<Placement>) -> Self {
        let topology = around.topology;
        let newest = |metric: &str| -> BTreeMap<EntityId, f64> {
            let all = around.series.iter().filter(|(_, meta)| meta.metric == metric);
            all.filter_map(|(id, meta)| {
                Some((topology.service_of(meta.entity), around.history.latest(id)?))
            })
            .collect()
        };
        let (told, up) = (newest(names::DESIRED_PODS), newest(names::AVAILABLE_PODS));
        let mut listed: BTreeMap<EntityId, u32> = BTreeMap::new();
        for (id, _) in topology.iter().filter(|(_, e)| e.kind == EntityKind::Replica) {
            *listed.entry(topology.service_of(id)).or_default() += 1;
        }
        let services = topology.iter().filter(|(_, e)| e.kind == EntityKind::Service);
        let size = |id: EntityId| {
            let ready = up.get(&id).map(|pods| pods.max(0.0) as u32);
            match (told.get(&id), listed.get(&id)) {
                (Some(pods), _) => Size { replicas: pods.max(0.0) as u32, known: true, ready },
                (None, Some(count)) => Size { replicas: *count, known: true, ready },
                (None, None) => Size { replicas: 1, known: false, ready },
            }
        };
        Self { services: services.map(|(id, e)| (e.name.clone(), size(id))).collect(), placement }
    }

    /// Ready and wanted replicas over the services that tell both.
    #[must_use]
    pub fn ready(&self) -> (u32, u32) {
        let told = self.services.values().filter(|size| size.known);
        let both = told.filter_map(|size| Some((size.ready?.min(size.replicas), size.replicas)));
        both.fold((0, 0), |sum, size| (sum.0 + size.0, sum.1 + size.1))
    }

    /// Numbers of nodes and of zones that these targets stand on, as far as known: services by
    /// their replicas, a node or zone by itself.
    #[must_use]
    pub fn places<'n>(&self, targets: impl Iterator<Item = &'n Name>) -> (usize, usize) {
        self.placement.places(targets)
    }

    /// The node that a replica of a service runs on, as far as known.
    #[must_use]
    pub fn node_of(&self, service: &Name, replica: EntityId) -> Option<EntityId> {
        self.placement.node_of(service, replica)
    }

    /// The size of one service; a service not in the map counts as one replica, unknown.
    #[must_use]
    pub fn service(&self, name: &str) -> Size {
        self.services.get(name).copied().unwrap_or(Size { replicas: 1, known: false, ready: None })
    }

    /// Replicas of the whole fleet, at least 1.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.services.values().map(|size| size.replicas).sum::<u32>().max(1)
    }

    /// Services whose size is only guessed.
    #[must_use]
    pub fn guessed(&self) -> usize {
        self.services.values().filter(|size| !size.known).count()
    }
}
