//! A world that keeps something to itself: what does an engine lose without it?
//!
//! In: any world and what is withheld. Out: the same world with poorer batches. The truth and the
//! instants stay as they are. Limit: what is withheld from the engine still makes the clock tick.

use serde::{Deserialize, Serialize};

use crate::model::{Batch, Topology};
use crate::unit::SimTime;
use crate::world::layer::Layer;
use crate::world::{World, WorldError};

/// What an engine is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// Metric frames.
    Metrics,
    /// Log records.
    Logs,
    /// Spans.
    Traces,
    /// Who calls whom.
    Topology,
    /// Deploys, edits, flags, commits.
    Changes,
    /// Everything from before this instant but the map.
    Past(SimTime),
}

/// A world from which something is withheld.
pub(super) struct Deprived<W> {
    world: W,
    without: Without,
    map: Option<Topology>,
}

impl<W: World> Deprived<W> {
    pub(super) fn new(world: W, without: Without) -> Self {
        let map = (without == Without::Topology).then(|| world.topology().without_calls());
        Self { world, without, map }
    }
}

impl<W: World> Layer for Deprived<W> {
    fn inner(&self) -> &dyn World {
        &self.world
    }

    fn inner_mut(&mut self) -> &mut dyn World {
        &mut self.world
    }

    fn topology(&self) -> &Topology {
        self.map.as_ref().unwrap_or_else(|| self.world.topology())
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        self.world.advance(to, batch)?;
        match self.without {
            Without::Metrics => batch.has_frame = false,
            Without::Logs => batch.logs.clear(),
            Without::Traces => batch.spans.clear(),
            Without::Changes => batch.events.retain(|event| !event.kind.is_change()),
            Without::Topology => {
                if let Some(map) = &mut self.map
                    && map.len() != self.world.topology().len()
                {
                    *map = self.world.topology().without_calls();
                }
            }
            Without::Past(begin) => {
                if to < begin {
                    batch.has_frame = false;
                    batch.logs.clear();
                    batch.spans.clear();
                    batch.events.clear();
                }
            }
        }
        Ok(())
    }
}
