//! How far apart samples are, and how many of them make a day: found, not configured.
//!
//! In: the times of frames. Out: slots of equal length, and the day in slots, once `LEAST` steps
//! are known. Gaps become empty slots, so that phases stay true. Limits: the step is taken once, as
//! the median of the first steps; a day is the only calendar period tried (a week of history is
//! rarely there), and a series for which it predicts nothing loses the contest with its level.

use std::collections::VecDeque;

use super::History;
use crate::stats::season::Season;
use crate::unit::{SeriesId, SimDuration, SimTime};

/// Steps that must be known.
const LEAST: usize = 32;
/// Periods outside of this range of slots are not worth a season, or too much memory.
const SLOTS: (usize, usize) = (4, 8640);

/// The rhythm of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cadence {
    step: Option<SimDuration>,
    last: Option<SimTime>,
}

impl Cadence {
    /// Takes in a frame's time (`times` ends with it); how many slots passed, 0 if it is the same.
    pub(super) fn tick(&mut self, times: &VecDeque<SimTime>) -> u64 {
        let Some(now) = times.back().copied() else { return 0 };
        if self.step.is_none() && times.len() > LEAST {
            let mut steps: Vec<SimDuration> =
                times.iter().zip(times.iter().skip(1)).map(|(a, b)| b.since(*a)).collect();
            steps.sort_unstable();
            self.step = steps.get(steps.len() / 2).copied();
        }
        let slots = match (self.step, self.last) {
            (Some(step), Some(last)) if step > SimDuration::ZERO => {
                (now.since(last).secs_f64() / step.secs_f64()).round() as u64
            }
            _ => 1,
        };
        self.last = Some(now);
        slots
    }

    /// A day in slots, if it can be told and is worth it.
    #[must_use]
    pub(super) fn day(&self) -> Option<usize> {
        let slots = (86_400.0 / self.step?.secs_f64()).round();
        (slots >= SLOTS.0 as f64 && slots <= SLOTS.1 as f64).then_some(slots as usize)
    }
}

/// The season of one series, once the day in slots is known.
#[derive(Debug, Default)]
pub(super) struct Daily(Option<Season>);

impl Daily {
    /// Begins the season once the day is known, from what the history still holds: `days` and the
    /// slots up to `spread` beside predict.
    pub(super) fn find(
        &mut self,
        cadence: &Cadence,
        history: &History,
        id: SeriesId,
        (days, spread): (usize, usize),
    ) {
        if self.0.is_some() {
            return;
        }
        let Some(day) = cadence.day() else { return };
        let mut season = Season::new(day, days, spread);
        let column = history.column(id);
        column.range(..column.len() - 1).for_each(|value| season.push(value));
        self.0 = Some(season);
    }

    /// Slots without a value.
    pub(super) fn skip(&mut self, slots: u64) {
        if let Some(season) = &mut self.0 {
            (0..slots).for_each(|_| season.push(f64::NAN));
        }
    }

    /// A value `slots` after the one before; at 0 it is of a slot that has one already.
    pub(super) fn push(&mut self, value: f64, slots: u64) {
        if let (Some(season), true) = (&mut self.0, slots > 0) {
            season.push(value);
        }
    }

    /// What the next slot usually holds, from `least` whole days on.
    pub(super) fn predict(&self, least: usize) -> Option<f64> {
        self.0.as_ref().and_then(|season| season.predict(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_found_and_gaps_are_counted() {
        let (mut cadence, mut times) = (Cadence::default(), VecDeque::new());
        let mut at = |secs: i64, cadence: &mut Cadence| {
            times.push_back(SimTime::from_secs(secs));
            cadence.tick(&times)
        };
        for i in 0..40 {
            assert_eq!(at(i * 300, &mut cadence), 1);
            assert_eq!(cadence.day(), (i >= 32).then_some(288));
        }
        assert_eq!(at(43 * 300, &mut cadence), 4);
        assert_eq!(at(43 * 300 + 20, &mut cadence), 0);
    }
}
