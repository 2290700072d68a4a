//! The event queue: a total order by (time, class, sequence), cancellation, an event budget.
//!
//! Equal times go by class, equal classes first-in-first-out, so that the order of events never
//! depends on the queue's internals. Pending events stand in a radix structure (`radix.rs`).
//! Cancelled events stay in it until they surface (lazy deletion); the budget bounds how many
//! events one trial may consume, so that nothing runs for ever.

use std::collections::BTreeSet;

use super::radix::{Pending, Radix};
use crate::unit::SimTime;

/// Identifies a scheduled event, for cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey(u64);

/// Pending events of type `E`.
#[derive(Debug, Clone)]
pub struct Queue<E> {
    pending: Radix<E>,
    cancelled: BTreeSet<u64>,
    now: SimTime,
    next_sequence: u64,
    budget: u64,
}

/// The trial consumed more events than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event budget is spent: raise `event_budget` or look for an event that repeats itself")]
pub struct EventBudgetSpent;

/// Bits of a sequence number below the class in a rank: 2^56 events are enough for anybody.
const SEQUENCE_BITS: u32 = 56;

impl<E> Queue<E> {
    /// An empty queue whose clock stands at `start`; `budget` events may be popped.
    #[must_use]
    pub fn new(start: SimTime, budget: u64) -> Self {
        Self {
            pending: Radix::new(key(start)),
            cancelled: BTreeSet::new(),
            now: start,
            next_sequence: 0,
            budget,
        }
    }

    /// Time of the event popped last.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// Adds an event; among equal times the lower `class` comes first.
    ///
    /// Panics if `time` is in the past: the past cannot be changed.
    pub fn schedule(&mut self, time: SimTime, class: u8, event: E) -> EventKey {
        assert!(time >= self.now, "scheduled in the past: {time} < {}", self.now);
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let rank = u64::from(class) << SEQUENCE_BITS | sequence;
        self.pending.push(Pending { key: key(time), rank, event });
        EventKey(sequence)
    }

    /// Takes an event out; one that has been popped already must not be cancelled.
    pub fn cancel(&mut self, key: EventKey) {
        assert!(key.0 < self.next_sequence, "the key is of this queue");
        self.cancelled.insert(key.0);
    }

    /// Time of the next event.
    #[inline]
    pub fn peek(&mut self) -> Option<SimTime> {
        self.drop_cancelled();
        self.pending.first().map(|next| time(next.key))
    }

    /// The next event no later than `until`.
    ///
    /// # Errors
    /// If there is one but the budget is spent.
    #[inline]
    pub fn pop_until(&mut self, until: SimTime) -> Result<Option<(SimTime, E)>, EventBudgetSpent> {
        if self.peek().is_none_or(|time| time > until) {
            return Ok(None);
        }
        self.budget = self.budget.checked_sub(1).ok_or(EventBudgetSpent)?;
        let next = self.pending.pop().expect("peek found an event");
        let time = time(next.key);
        assert!(time >= self.now, "time never goes back");
        self.now = time;
        Ok(Some((time, next.event)))
    }

    /// Number of pending events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending.len() - self.cancelled.len()
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn drop_cancelled(&mut self) {
        while !self.cancelled.is_empty() {
            let Some(next) = self.pending.first() else { return };
            if !self.cancelled.remove(&(next.rank & ((1 << SEQUENCE_BITS) - 1))) {
                return;
            }
            self.pending.pop();
        }
    }
}

/// Times as unsigned numbers in the same order: the sign bit is turned.
fn key(time: SimTime) -> u64 {
    time.nanos().cast_unsigned() ^ (1 << 63)
}

fn time(key: u64) -> SimTime {
    SimTime::from_nanos((key ^ (1 << 63)).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(nanos: i64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    #[test]
    fn cancelled_events_never_surface_and_the_budget_ends() {
        let mut queue = Queue::new(at(0), 2);
        let key = queue.schedule(at(1), 0, "cancelled");
        queue.schedule(at(1), 0, "first");
        queue.schedule(at(2), 0, "second");
        queue.schedule(at(3), 0, "third");
        queue.cancel(key);
        assert_eq!(queue.len(), 3);
        assert_eq!(queue.pop_until(at(9)), Ok(Some((at(1), "first"))));
        assert_eq!(queue.pop_until(at(1)), Ok(None));
        assert_eq!(queue.pop_until(at(9)), Ok(Some((at(2), "second"))));
        assert_eq!(queue.pop_until(at(9)), Err(EventBudgetSpent));
    }

    #[test]
    fn times_before_the_epoch_come_first() {
        let mut queue = Queue::new(at(i64::MIN), u64::MAX);
        for nanos in [i64::MAX, 0, -1, i64::MIN, 1] {
            queue.schedule(at(nanos), 0, nanos);
        }
        let popped: Vec<i64> =
            std::iter::from_fn(|| queue.pop_until(at(i64::MAX)).unwrap().map(|e| e.1)).collect();
        assert_eq!(popped, [i64::MIN, -1, 0, 1, i64::MAX]);
    }

    proptest! {
        #[test]
        fn events_pop_in_the_order_of_a_stable_sort(
            events in prop::collection::vec((0i64..20, 0u8..3), 0..200),
        ) {
            let mut queue = Queue::new(at(0), u64::MAX);
            for (index, (time, class)) in events.iter().enumerate() {
                queue.schedule(at(*time), *class, index);
            }
            let mut expected: Vec<usize> = (0..events.len()).collect();
            expected.sort_by_key(|&i| events[i]);
            let mut popped = Vec::new();
            while let Ok(Some((_, index))) = queue.pop_until(at(i64::MAX)) {
                popped.push(index);
            }
            prop_assert_eq!(popped, expected);
        }
    }
}
