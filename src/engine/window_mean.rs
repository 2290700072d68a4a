//! How high the mean of a window of frames can be by now, so that it need not be taken.
//!
//! In: the mean as it was taken last, then value by value what came since. Out: whether the mean
//! may have reached a bar. What left the window is not told from what stayed, so the sum is at most
//! what it was and what came; as frames come steadily, hardly fewer values share it than then.
//! Values are no less than 0.

use super::baseline::SURELY;
use crate::unit::{SimDuration, SimTime};

/// An upper limit of a mean. The default knows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AtMost {
    /// Of the window's values when the mean was taken, and of all since.
    sum: f64,
    /// How many there were then.
    n: f64,
}

/// The longest step between frames that come steadily, in shortest ones.
const STEADY: f64 = 1.1;
/// Fewest values in a window of which a limit is known.
const FEWEST: f64 = 20.0;
/// Share of them that a window holds at least at any time later, while each frame brings a value
/// and frames come steadily: of n values in n - 1 steps, (n - 1) / `STEADY` - 1 of n = `FEWEST`.
const LEFT: f64 = 0.8;

impl AtMost {
    /// Of a mean that was just taken, of `n` values.
    pub(super) fn of(mean: f64, n: f64) -> Self {
        Self { sum: mean.max(0.0) * n, n }
    }

    /// Takes a value in; whether the mean of the window may have reached `bar` with it.
    pub(super) fn may_reach(&mut self, bar: f64, value: f64) -> bool {
        self.sum += value.max(0.0);
        self.n < FEWEST || self.sum >= SURELY * LEFT * self.n * bar
    }
}

/// Whether frames come at one distance.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Steady {
    last: Option<SimTime>,
    shortest: Option<SimDuration>,
}

impl Steady {
    /// Whether the next frame came when it was to be expected.
    pub(super) fn goes_on(&mut self, now: SimTime) -> bool {
        let Some(last) = self.last.replace(now) else { return false };
        let step = now.since(last);
        let shortest = self.shortest.map_or(step, |known| known.min(step));
        let as_before = self.shortest.replace(shortest) == Some(shortest);
        as_before && step.secs_f64() <= STEADY * shortest.secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_mean_that_need_not_be_taken_is_below_the_bar(
            frames in prop::collection::vec(
                (prop_oneof![9 => 10i64..=11, 1 => 10i64..60],
                 prop_oneof![12 => Just(0.0), 2 => 0.0f64..0.2, 1 => Just(0.9)]), 1..400),
            length in 150i64..600,
        ) {
            let bar = 0.03;
            let (mut at_most, mut cadence) = (AtMost::default(), Steady::default());
            let (mut window, mut now) = (VecDeque::new(), SimTime::from_secs(0));
            for (step, value) in frames {
                now += SimDuration::from_secs(step);
                window.push_back((now, value));
                window.retain(|(time, _)| now.since(*time) < SimDuration::from_secs(length));
                let n = window.len() as f64;
                let mean = window.iter().map(|(_, value)| value).sum::<f64>() / n;
                if !cadence.goes_on(now) {
                    at_most = AtMost::default();
                }
                if at_most.may_reach(bar, value) {
                    at_most = AtMost::of(mean, n);
                } else {
                    prop_assert!(mean < bar, "{mean} of {n}");
                }
            }
        }
    }

    #[test]
    fn little_comes_and_nothing_is_taken_anew() {
        let mut at_most = AtMost::of(0.001, 40.0);
        let anew = (0..100).filter(|_| at_most.may_reach(0.1, 0.01)).count();
        assert_eq!(anew, 0);
        assert!(at_most.may_reach(0.1, 4.0));
    }
}
