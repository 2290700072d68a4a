//! Longer strides of traffic while nothing changes.
//!
//! In: the fleet after a tick. Out: when the next tick ends. After `SETTLED` seconds in which no
//! fault grew or wore anything out, no order or timer came, nothing waited in line and all replicas
//! were ready and warm, a tick covers up to `STRIDE` seconds: to the next control event, to the
//! instant that the trial asks for, or until the load moves by more than `STEADY`. What users see
//! is noted second by second all the same. Known limit: load that swings faster than a stride is
//! averaged over it.

use super::{Running, Synthetic, TICK};
use crate::unit::SimTime;

/// Seconds of calm before strides grow.
const SETTLED: i64 = 30;
/// Seconds of a stride at most: a usual scrape interval.
const STRIDE: i64 = 15;
/// Relative change of the load within a stride.
const STEADY: f64 = 0.04;

/// How long nothing has changed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Calm {
    seconds: i64,
}

impl Synthetic {
    /// When the next tick ends, if nothing comes before `to`.
    pub(super) fn next_tick(&mut self, to: SimTime) -> SimTime {
        let one = self.ticked + TICK;
        if self.calm.seconds < SETTLED {
            return one;
        }
        // What happens at an instant comes before the second that ends there.
        let event = self.queue.peek().map_or(i64::MAX, |time| time.since(self.ticked).nanos() - 1);
        let room = to.since(self.ticked).nanos().min(event) / TICK.nanos();
        let end = self.ticked + TICK * room.clamp(1, STRIDE);
        let (now, then) = (self.wanted_rate(self.ticked), self.wanted_rate(end));
        if (then - now).abs() > STEADY * now { one } else { end }
    }

    /// Whether replicas never fall in.
    pub(super) const fn is_apart(&self) -> bool {
        #[cfg(test)]
        return self.apart;
        #[cfg(not(test))]
        false
    }

    /// Notes whether anything was going on in the seconds before now; `alone`: no fault was at
    /// work.
    pub(super) fn watch_calm(&mut self, seconds: i64, alone: bool) {
        let alone = alone && !self.is_apart();
        let calm = self.faults.iter().all(Running::is_still)
            && self.spec.load.closed.is_none()
            && self.around.surges.is_empty()
            && self.out.timers.is_empty()
            && if alone { self.fleet.was_calm() } else { self.fleet.is_calm(self.out.now) };
        self.calm.seconds = if calm { self.calm.seconds + seconds } else { 0 };
        // A fault at work looks at single replicas, even if nothing changes.
        if calm && alone {
            self.fleet.fall_in();
        } else {
            self.fleet.fall_out();
        }
    }
}
