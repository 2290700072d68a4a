//! How many replicas each service runs, as far as telemetry tells.
//!
//! In: the newest pod metrics, else the replicas in the service map. Out: counts per service in
//! replicas, and which are only guessed as one. Limit: a recording without pod metrics has guesses
//! only; a map that keeps dead replicas counts them where no metric corrects it.

use std::collections::BTreeMap;

use super::case::Surroundings;
use crate::model::{EntityKind, names};
use crate::unit::{EntityId, Name};

/// Replicas of one service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Replicas wanted; 1 where nobody says.
    pub replicas: u32,
    /// Whether telemetry said so.
    pub known: bool,
}

/// Replicas of all services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FleetSize {
    services: BTreeMap<Name, Size>,
}

impl FleetSize {
    /// Sizes given by hand.
    #[must_use]
    pub fn of(services: BTreeMap<Name, Size>) -> Self {
        Self { services }
    }

    /// Reads the sizes as they are now.
    #[must_use]
    pub fn read(around: &Surroundings<'_>) -> Self {
        let topology = around.topology;
        let mut told: BTreeMap<EntityId, f64> = BTreeMap::new();
        for (id, meta) in around.series.iter().filter(|(_, m)| m.metric == names::DESIRED_PODS) {
            if let Some(pods) = around.history.latest(id) {
                told.insert(topology.service_of(meta.entity), pods);
            }
        }
        let mut listed: BTreeMap<EntityId, u32> = BTreeMap::new();
        for (id, _) in topology.iter().filter(|(_, e)| e.kind == EntityKind::Replica) {
            *listed.entry(topology.service_of(id)).or_default() += 1;
        }
        let services = topology.iter().filter(|(_, e)| e.kind == EntityKind::Service);
        let size = |id: EntityId| match (told.get(&id), listed.get(&id)) {
            (Some(pods), _) => Size { replicas: pods.max(0.0) as u32, known: true },
            (None, Some(count)) => Size { replicas: *count, known: true },
            (None, None) => Size { replicas: 1, known: false },
        };
        Self { services: services.map(|(id, e)| (e.name.clone(), size(id))).collect() }
    }

    /// The size of one service; a service not in the map counts as one replica, unknown.
    #[must_use]
    pub fn service(&self, name: &str) -> Size {
        self.services.get(name).copied().unwrap_or(Size { replicas: 1, known: false })
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
