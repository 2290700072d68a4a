//! A recording as the healthy baseline, with injected faults on top, in closed loop.
//!
//! In: a recorded case, and a mock fleet that has the recording's services and calls
//! (`blueprint.rs`). The fleet runs twice on one seed: ill, with the faults and whatever the
//! engine does, and well, with neither. Out: the recording, each sample moved by what differs
//! between the two: times and rates by their ratio, shares by their difference. Without a fault
//! both are the same to the bit, and the recording is played as it is. Results are modelled, not
//! observed, and the trial's mode says so.
//!
//! Known limit: only what the recording measures can show a fault; a metric whose role is
//! unknown, and logs of ordinary work, stay as recorded.

mod blueprint;
mod lens;

use std::path::Path;

pub use blueprint::{Blueprint, BlueprintError, Level, sketch};

use super::synthetic::{Synthetic, SyntheticSpec};
use super::{Recorded, World, WorldError};
use crate::model::{Action, Batch, SeriesCatalog, Topology, Truth, WorldRecord, severity};
use crate::timeline::TimelineError;
use crate::unit::{SimDuration, SimTime, Window};
use lens::Lens;

/// A recording with faults on top.
pub struct Overlay {
    recorded: Recorded,
    ill: Synthetic,
    well: Synthetic,
    lens: Lens,
    window: Window,
    batches: [Batch; 2],
}

impl Overlay {
    /// A recorded case under a fleet that was made for it.
    ///
    /// # Errors
    /// Everything that is wrong with the recording or the spec.
    pub fn new(
        spec: &SyntheticSpec,
        case: &Path,
        interval: SimDuration,
        seed: u64,
    ) -> Result<Self, Vec<String>> {
        let recorded = Recorded::open(case, interval).map_err(texts::<TimelineError>)?;
        let healthy = SyntheticSpec { faults: Vec::new(), ..spec.clone() };
        let ill = Synthetic::new(spec.clone(), seed).map_err(texts)?;
        let well = Synthetic::new(healthy, seed).map_err(texts)?;
        let lens = Lens::new(&recorded, &ill);
        let window = spec.window();
        Ok(Self { recorded, ill, well, lens, window, batches: Default::default() })
    }

    /// Plays the recording up to the window's start, unseen.
    fn skip(&mut self) -> Result<(), WorldError> {
        let mut unseen = Batch::default();
        while let Some(time) = self.recorded.next().filter(|time| *time < self.window.start) {
            unseen.clear();
            self.recorded.advance(time, &mut unseen)?;
        }
        Ok(())
    }
}

fn texts<E: ToString>(all: Vec<E>) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

impl World for Overlay {
    fn window(&self) -> Window {
        self.window
    }

    fn topology(&self) -> &Topology {
        self.recorded.topology()
    }

    fn series(&self) -> &SeriesCatalog {
        self.recorded.series()
    }

    fn next(&mut self) -> Option<SimTime> {
        // What cannot be read shows when it is read.
        let _ = self.skip();
        let played = self.recorded.next().filter(|time| *time <= self.window.end);
        [played, self.ill.next()].into_iter().flatten().min()
    }

    fn advance(&mut self, to: SimTime, batch: &mut Batch) -> Result<(), WorldError> {
        self.skip()?;
        let [ill, well] = &mut self.batches;
        ill.clear();
        well.clear();
        self.ill.advance(to, ill)?;
        self.well.advance(to, well)?;
        if self.recorded.next().is_some_and(|time| time <= to) {
            self.recorded.advance(to, batch)?;
        }
        if batch.has_frame && ill.has_frame && well.has_frame {
            self.lens.show(&mut batch.frame, &ill.frame, &well.frame);
        }
        let (map, fleet) = (self.recorded.topology(), self.ill.topology());
        let events = ill.events.drain(..).filter_map(|event| lens::rename(event, map, fleet));
        batch.events.extend(events);
        let loud = ill.logs.drain(..).filter(|log| log.severity >= severity::WARN);
        let usual = well.logs.iter().filter(|log| log.severity >= severity::WARN).count();
        // A healthy fleet has errors too: only what goes beyond them is told.
        batch.logs.extend(loud.skip(usual).filter_map(|log| lens::readdress(log, map, fleet)));
        batch.outcomes.append(&mut ill.outcomes);
        batch.answers.append(&mut ill.answers);
        Ok(())
    }

    fn apply(&mut self, now: SimTime, action: &Action) {
        self.ill.apply(now, action);
    }

    fn ask(&mut self, now: SimTime, action: &Action) {
        self.ill.ask(now, action);
    }

    fn truth(&self) -> Option<Truth> {
        self.ill.truth()
    }

    fn record(&self) -> &WorldRecord {
        self.ill.record()
    }

    fn take_record(&mut self) -> WorldRecord {
        self.ill.take_record()
    }
}

#[cfg(test)]
mod tests;
