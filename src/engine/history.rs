//! What the engine remembers of metrics: a bounded ring of frames, column by column.
//!
//! In: frames as they arrive (counters become rates per second here, once). Out: the newest row,
//! times and values per series, and what matters of each. Capacity is fixed; the oldest frame falls
//! out. NaN marks absence.

mod blocks;
mod outlines;
mod spread;

use std::collections::VecDeque;
use std::ops::Range;

use self::blocks::Blocks;
pub(super) use self::blocks::Column;
pub use self::outlines::Bracket;
use self::outlines::{Outlines, Told};
pub(super) use self::spread::Spread;
use self::spread::Spreads;

use super::effect::Effect;
use crate::model::{Frame, Instrument, SeriesCatalog};
use crate::unit::{SeriesId, SimTime};

/// A running total that becomes a rate.
#[derive(Debug, Clone)]
struct Counter {
    index: usize,
    previous: Option<(SimTime, f64)>,
}

/// The last `capacity` frames.
#[derive(Debug, Clone)]
pub struct History {
    capacity: usize,
    times: VecDeque<SimTime>,
    values: Blocks,
    newest: Vec<f64>,
    effects: Vec<Effect>,
    counters: Vec<Counter>,
    pushed: u64,
    spreads: Spreads,
    outlines: Outlines,
}

impl History {
    /// An empty history of at most `capacity` frames.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a history holds at least one frame");
        Self {
            capacity,
            times: VecDeque::with_capacity(capacity),
            values: Blocks::new(capacity),
            newest: Vec::new(),
            effects: Vec::new(),
            counters: Vec::new(),
            pushed: 0,
            spreads: Spreads::default(),
            outlines: Outlines::default(),
        }
    }

    /// Appends a frame; one that is not later than the last is ignored (late or duplicate).
    /// Returns whether it was appended.
    pub fn push(&mut self, frame: &Frame, series: &SeriesCatalog) -> bool {
        if self.times.back().is_some_and(|last| frame.time <= *last) {
            return false;
        }
        self.grow(series);
        if self.times.len() == self.capacity {
            self.times.pop_front();
        }
        self.times.push_back(frame.time);
        self.pushed += 1;
        let known = frame.values.len().min(self.newest.len());
        self.newest[..known].copy_from_slice(&frame.values[..known]);
        self.newest[known..].fill(f64::NAN);
        for counter in &mut self.counters {
            let value = &mut self.newest[counter.index];
            *value = counter.rate(frame.time, *value);
        }
        self.values.push(&self.newest);
        true
    }

    /// Times of the frames held, oldest first.
    #[must_use]
    pub fn times(&self) -> &VecDeque<SimTime> {
        &self.times
    }

    /// Values of one series, aligned with `times`, to seven digits; a rate per second if it is a
    /// counter.
    #[must_use]
    pub fn column(&self, id: SeriesId) -> Column<'_> {
        self.values.column(id.index())
    }

    /// The newest value of a series, if there is one.
    #[must_use]
    pub fn latest(&self, id: SeriesId) -> Option<f64> {
        self.newest.get(id.index()).copied().filter(|v| !v.is_nan())
    }

    /// What matters of a series.
    #[must_use]
    pub fn effect(&self, id: SeriesId) -> Effect {
        self.effects[id.index()]
    }

    /// The newest values of all series as columns keep them; NaN where there is none.
    #[must_use]
    pub(super) fn newest(&self) -> &[f32] {
        self.values.newest()
    }

    /// Number of series known.
    #[must_use]
    pub fn width(&self) -> usize {
        self.newest.len()
    }

    /// Number of frames held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether no frame is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Frames that were ever taken.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.pushed
    }

    /// Frames that are held at most.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// Index of the first frame held that is not before `time`.
    #[must_use]
    pub fn position(&self, time: SimTime) -> usize {
        self.times.partition_point(|t| *t < time)
    }

    /// Where the finite values of a series lay in a stretch of frames; `None` of fewer than two.
    /// Remembered, as the same past is asked for again and again while an incident lasts.
    #[must_use]
    pub(super) fn spread(&self, id: SeriesId, range: Range<usize>) -> Option<Spread> {
        let before = self.pushed - self.times.len() as u64;
        let stretch = (before + range.start as u64, before + range.end as u64);
        self.spreads.of(stretch, id, self.width(), self.column(id).range(range))
    }

    /// What the `length` frames before the `end`-th ever taken tell of a series. Remembered, as
    /// several ask for the same.
    #[must_use]
    pub(super) fn outline(&self, id: SeriesId, length: usize, end: u64) -> Told {
        let before = self.pushed - self.times.len() as u64;
        self.outlines.of((id, self.width()), (length, end), || {
            let end = end.saturating_sub(before) as usize;
            (self.column(id), end.saturating_sub(length)..end)
        })
    }

    fn grow(&mut self, series: &SeriesCatalog) {
        for (id, meta) in series.iter().skip(self.newest.len()) {
            self.newest.push(f64::NAN);
            self.effects.push(Effect::of(meta));
            if meta.instrument == Instrument::Counter {
                self.counters.push(Counter { index: id.index(), previous: None });
            }
        }
    }
}

/// The smallest value of a column that is not below a bound: who is less is below the bound.
#[inline]
pub(super) fn at_least(bound: f64) -> f32 {
    let near = bound as f32;
    if f64::from(near) < bound { near.next_up() } else { near }
}

/// The largest value of a column that is not above a bound.
#[inline]
pub(super) fn at_most(bound: f64) -> f32 {
    -at_least(-bound)
}

impl Counter {
    /// Per-second rate since the previous sample; a drop is a reset to zero.
    fn rate(&mut self, time: SimTime, raw: f64) -> f64 {
        if raw.is_nan() {
            return f64::NAN;
        }
        let Some((then, before)) = self.previous.replace((time, raw)) else {
            return f64::NAN;
        };
        let gained = if raw >= before { raw - before } else { raw };
        gained / time.since(then).secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SeriesMeta;
    use crate::unit::EntityId;

    #[test]
    fn counters_become_rates_and_old_frames_fall_out() {
        let mut series = SeriesCatalog::default();
        series.add(SeriesMeta::counter(EntityId(0), "restarts", "1")).unwrap();
        let mut history = History::new(3);
        for (secs, total) in [(0, 5.0), (10, 15.0), (20, 5.0), (20, 9.0), (30, f64::NAN)] {
            let frame = Frame { time: SimTime::from_secs(secs), values: vec![total] };
            history.push(&frame, &series);
        }
        assert_eq!(history.len(), 3);
        let column: Vec<f64> = history.column(SeriesId(0)).iter().collect();
        assert_eq!(column[..2], [1.0, 0.5]);
        assert!(column[2].is_nan());
        assert_eq!(history.position(SimTime::from_secs(15)), 1);
    }
}
