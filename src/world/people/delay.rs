//! How long people take: lognormal around a median.
//!
//! Reaction times of people are skewed to the right with a heavy tail; the lognormal law is the
//! usual description (Luce, "Response Times", 1986; for repair times, Kline, "Suitability of the
//! lognormal distribution for corrective maintenance repair times", 1984).

use crate::kernel::Streams;
use crate::unit::SimDuration;

/// What a delay is for; its own lane of chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Acknowledge = 0,
    Approve = 1,
    Typo = 2,
    Diagnose = 3,
    Fix = 4,
    Backup = 5,
    Retype = 6,
}

/// A delay around `median`; depends on the stream, the lane and the number only.
pub(super) fn delay(
    chance: Streams,
    lane: Lane,
    number: u64,
    median: SimDuration,
    spread: f64,
) -> SimDuration {
    median.scaled((spread * chance.normal(lane as u64, number)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_median_and_no_spread_is_exact() {
        let chance = Streams::new(3);
        let median = SimDuration::from_secs(300);
        let draw = |n: u64, spread: f64| delay(chance, Lane::Approve, n, median, spread);
        assert_eq!(draw(1, 0.0), median);
        let below = (0..2000).filter(|n| draw(*n, 0.5) < median).count();
        assert!((900..1100).contains(&below), "{below}");
        assert!((0..2000).any(|n| draw(n, 0.5) > median * 2), "the tail is long");
    }
}
