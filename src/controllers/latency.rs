//! `latency: measured`: what an engine says takes effect so much later as it took to say it.
//!
//! In: decisions with the wall time that they took. Out: those that are due. An engine does one
//! thing at a time: an answer is not ready before the one before it. Simulated time moves from
//! step to step, so that a decision takes effect at the first step at or after it is due.

use std::collections::VecDeque;
use std::time::Duration;

use super::protocol::Said;
use crate::unit::{SimDuration, SimTime};

/// Decisions on their way.
#[derive(Debug, Default)]
pub(super) struct Delay {
    busy_until: SimTime,
    waiting: VecDeque<(SimTime, Said)>,
}

impl Delay {
    /// Takes in what was said at `now` after `took`.
    pub(super) fn push(&mut self, now: SimTime, took: Duration, said: Vec<Said>) {
        let took = i64::try_from(took.as_nanos()).unwrap_or(i64::MAX);
        self.busy_until = self.busy_until.max(now) + SimDuration::from_nanos(took);
        self.waiting.extend(said.into_iter().map(|one| (self.busy_until, one)));
    }

    /// What is due at `now`.
    pub(super) fn due(&mut self, now: SimTime) -> Vec<Said> {
        let count = self.waiting.iter().take_while(|(due, _)| *due <= now).count();
        self.waiting.drain(..count).map(|(_, said)| said).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(anomaly: u32) -> Vec<Said> {
        vec![Said::Resolved { anomaly }]
    }

    #[test]
    fn slow_answers_take_effect_late_and_one_after_the_other() {
        let mut delay = Delay::default();
        let at = SimTime::from_secs;
        delay.push(at(0), Duration::from_secs(20), resolved(1));
        delay.push(at(15), Duration::from_secs(1), resolved(2));
        assert!(delay.due(at(15)).is_empty(), "the first is not ready before 20 s");
        assert_eq!(delay.due(at(20)), resolved(1));
        assert_eq!(delay.due(at(21)), resolved(2), "the second had to wait for the first");
        assert!(delay.due(at(3600)).is_empty());
    }
}
