//! What an engine acts on: a mock fleet in closed loop, or a recording in open loop.
//!
//! Owns the contract by which a trial drives a world. Time is advanced from outside, instant by
//! instant; the world appends what became visible and answers actions later, through the batch.

pub mod chaos;
pub mod exact;
pub mod fleet;
pub mod layer;
pub mod overlay;
pub mod people;
mod recorded;
pub mod synthetic;
mod taped;
pub mod validation;
pub mod watch;

pub use recorded::Recorded;
pub use taped::Taped;

use crate::model::{Action, Batch, SeriesCatalog, Topology, Truth, WorldRecord};
use crate::unit::{SimTime, Window};

/// What can go wrong while a world runs.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Reading the recording failed.
    #[error(transparent)]
    Timeline(#[from] crate::timeline::TimelineError),
    /// Too many events.
    #[error(transparent)]
    Budget(#[from] crate::kernel::EventBudgetSpent),
    /// Somebody who waits for it has no more patience.
    #[error("the time is up at {0}")]
    OutOfTime(SimTime),
}

/// A world.
pub trait World {
    /// The stretch of time that it covers.
    fn window(&self) -> Window;

    /// The service map, as it is now. Entities may be added later, never removed.
    fn topology(&self) -> &Topology;

    /// The columns, as they are now. Series may be added later, never removed.
    fn series(&self) -> &SeriesCatalog;

    /// Nobody reads log lines and spans of scrapes: they need not be written. Called before the
    /// first `next`, if at all; whoever reads or keeps them all the same ignores it.
    fn spare_lines(&mut self) {}

    /// The next instant at which something becomes visible; `None` at the end.
    fn next(&mut self) -> Option<SimTime>;

    /// Moves to `to` and appends what became visible until then, `to` included.
    ///
    /// `batch` has been cleared. If a scrape happened, `frame` is filled and `has_frame` set.
    ///
    /// # Errors
    /// If a recording cannot be read on, or the event budget is spent.
    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError>;

    /// Begins an action at `now`; its outcomes come in later batches (`Started`, then a final
    /// status). A recording answers `Unknown`.
    fn apply(&mut self, now: SimTime, action: &Action);

    /// Asks the people on call for approval; their answer comes in a later batch, or never.
    fn ask(&mut self, now: SimTime, action: &Action);

    /// What really was wrong, as far as it is labelled. For the referee only.
    fn truth(&self) -> Option<Truth>;

    /// What really happened, up to now. For the referee only.
    fn record(&self) -> &WorldRecord;

    /// The same to keep, once the world has come to its end and its truth is told: it may have
    /// neither left then.
    fn take_record(&mut self) -> WorldRecord {
        self.record().clone()
    }
}
