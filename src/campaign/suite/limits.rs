//! What a test may use before it is stopped: control events and wall time.
//!
//! The clock comes from outside (`cli/` alone may look at one) and decides only whether a trial
//! goes on; no result depends on how fast it ran.

use crate::model::Batch;
use crate::unit::SimTime;
use crate::world::layer::Layer;
use crate::world::{World, WorldError};

/// Starts when it is made; says whether the time is up.
pub type Clock<'a> = dyn Fn() -> Box<dyn Fn() -> bool> + Sync + 'a;

/// Limits of one trial.
#[derive(Clone, Copy, Default)]
pub struct Limits<'a> {
    /// Most control events; the scenario's own budget holds too.
    pub events: Option<u64>,
    /// Wall time.
    pub clock: Option<&'a Clock<'a>>,
}

/// A world that ends with an error when the time is up.
pub(super) struct Watched {
    world: Box<dyn World>,
    up: Option<Box<dyn Fn() -> bool>>,
    steps: u32,
}

/// Steps between two looks at the clock.
const STRIDE: u32 = 16;

impl Watched {
    pub(super) fn new(world: Box<dyn World>, limits: &Limits<'_>) -> Self {
        Self { world, up: limits.clock.map(|clock| clock()), steps: 0 }
    }
}

impl Layer for Watched {
    fn inner(&self) -> &dyn World {
        &*self.world
    }

    fn inner_mut(&mut self) -> &mut dyn World {
        &mut *self.world
    }

    fn spare_lines(&mut self) {
        self.world.spare_lines();
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        self.steps = (self.steps + 1) % STRIDE;
        if self.steps == 1 && self.up.as_ref().is_some_and(|up| up()) {
            return Err(WorldError::OutOfTime(to));
        }
        self.world.advance(to, batch)
    }
}
