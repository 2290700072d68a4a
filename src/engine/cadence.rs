//! How far apart samples are, and how many of them make a day: found, not configured.
//!
//! In: the times of frames. Out: slots of equal length, and the day in slots, once `LEAST` steps
//! are known. Gaps become empty slots, so that phases stay true. Limits: the step is taken once, as
//! the median of the first steps; a day is the only calendar period tried (a week of history is
//! rarely there), and a series for which it predicts nothing loses the contest with its level.

use std::collections::VecDeque;

use crate::unit::{SimDuration, SimTime};

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
