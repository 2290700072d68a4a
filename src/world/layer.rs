//! A world around another one: it changes what it says it changes, the rest goes through.
//!
//! In: the world within. Out: a `World`. Whoever implements `Layer` writes down only where it
//! differs; window, actions, questions, truth and record are always those of the world within.

use super::{World, WorldError};
use crate::model::{Action, Batch, SeriesCatalog, Topology, Truth, WorldRecord};
use crate::unit::{SimTime, Window};

/// What a world around another one does differently.
pub trait Layer {
    /// The world within.
    fn inner(&self) -> &dyn World;

    /// The same, to move it on.
    fn inner_mut(&mut self) -> &mut dyn World;

    /// The service map that is shown.
    fn topology(&self) -> &Topology {
        self.inner().topology()
    }

    /// The columns that are shown.
    fn series(&self) -> &SeriesCatalog {
        self.inner().series()
    }

    /// As `World::spare_lines`; for a layer that shows what the world within writes, and keeps
    /// nothing of it, it goes through.
    fn spare_lines(&mut self) {}

    /// The next instant at which something is shown.
    fn next(&mut self) -> Option<SimTime> {
        self.inner_mut().next()
    }

    /// As `World::take_record`; it goes through unless the layer asks for the truth once more.
    fn take_record(&mut self) -> WorldRecord {
        self.inner_mut().take_record()
    }

    /// Moves the world within on and shows what came of it.
    ///
    /// # Errors
    /// If the world within cannot go on, or the layer itself cannot.
    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError>;
}

impl<L: Layer> World for L {
    fn window(&self) -> Window {
        self.inner().window()
    }

    fn topology(&self) -> &Topology {
        Layer::topology(self)
    }

    fn series(&self) -> &SeriesCatalog {
        Layer::series(self)
    }

    fn spare_lines(&mut self) {
        Layer::spare_lines(self);
    }

    fn next(&mut self) -> Option<SimTime> {
        Layer::next(self)
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        Layer::advance(self, to, batch)
    }

    fn apply(&mut self, now: SimTime, action: &Action) {
        self.inner_mut().apply(now, action);
    }

    fn ask(&mut self, now: SimTime, action: &Action) {
        self.inner_mut().ask(now, action);
    }

    fn truth(&self) -> Option<Truth> {
        self.inner().truth()
    }

    fn record(&self) -> &WorldRecord {
        self.inner().record()
    }

    fn take_record(&mut self) -> WorldRecord {
        Layer::take_record(self)
    }
}
