//! What goes wrong with the watching itself: between the fleet and whoever looks at it.
//!
//! In: frames, logs, spans and events as they are true. Out: the same as they arrive: lost, late,
//! twice, under the wrong name, untrue, with a clock that is behind, from a counter that began
//! anew. The fleet is not touched. Faults (`chaos/telemetry_*`) add a `Distortion` under their
//! number; several apply in the order of the numbers. All chance depends on (seed, fault, column or
//! item, scrape) only.
//!
//! Known limit: a late sample is seen as the value of now, as with a pipeline that stamps on
//! arrival; late logs, spans and events come with their own time, at the first scrape after it.

mod distortion;
mod frames;
mod items;

pub use distortion::{Distortion, Reading, Signal, What};

use std::collections::BTreeMap;

use crate::kernel::Streams;
use crate::model::{Event, LogRecord, Span};
use crate::unit::SimTime;

/// The distortions at work and what they hold back.
#[derive(Debug)]
pub struct Watch {
    chance: Streams,
    distortions: BTreeMap<u32, Distortion>,
    past: frames::Past,
    keeps_past: bool,
    frozen: BTreeMap<u32, Vec<f64>>,
    items: u64,
    late_logs: Vec<(SimTime, LogRecord)>,
    late_spans: Vec<(SimTime, Span)>,
    late_events: Vec<(SimTime, Event)>,
}

impl Watch {
    /// A clear view; `keeps_past` if a distortion may come that asks for what was true before.
    #[must_use]
    pub fn new(chance: Streams, keeps_past: bool) -> Self {
        Self {
            chance,
            distortions: BTreeMap::new(),
            past: frames::Past::default(),
            keeps_past,
            frozen: BTreeMap::new(),
            items: 0,
            late_logs: Vec::new(),
            late_spans: Vec::new(),
            late_events: Vec::new(),
        }
    }

    /// Distorts from now on, in the name of fault `number`.
    pub fn distort(&mut self, number: u32, distortion: Distortion) {
        self.distortions.insert(number, distortion);
    }

    /// The distortion of fault `number`, if it is there.
    pub fn distortion(&mut self, number: u32) -> Option<&mut Distortion> {
        self.distortions.get_mut(&number)
    }

    /// Ends the distortion of fault `number`.
    pub fn clear(&mut self, number: u32) {
        self.distortions.remove(&number);
        self.frozen.remove(&number);
    }

    /// Whether fault `number` distorts.
    #[must_use]
    pub fn holds(&self, number: u32) -> bool {
        self.distortions.contains_key(&number)
    }
}

#[cfg(test)]
mod tests;
