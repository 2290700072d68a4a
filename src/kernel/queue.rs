//! The event queue: a total order by (time, class, sequence), cancellation, an event budget.
//!
//! Equal times go by class, equal classes first-in-first-out, so that the order of events never
//! depends on a heap's internals. Cancelled events stay in the heap until they surface (lazy
//! deletion); the budget bounds how many events one trial may consume, so that nothing runs for
//! ever.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use crate::unit::SimTime;

/// Identifies a scheduled event, for cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventKey(u64);

/// Pending events of type `E`.
#[derive(Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<Pending<E>>>,
    cancelled: BTreeSet<u64>,
    now: SimTime,
    next_sequence: u64,
    budget: u64,
}

/// The trial consumed more events than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event budget is spent: raise `event_budget` or look for an event that repeats itself")]
pub struct EventBudgetSpent;

#[derive(Debug)]
struct Pending<E> {
    time: SimTime,
    class: u8,
    sequence: u64,
    event: E,
}

impl<E> Pending<E> {
    fn order(&self) -> (SimTime, u8, u64) {
        (self.time, self.class, self.sequence)
    }
}

impl<E> PartialEq for Pending<E> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl<E> Eq for Pending<E> {}

impl<E> PartialOrd for Pending<E> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Pending<E> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl<E> Queue<E> {
    /// An empty queue whose clock stands at `start`; `budget` events may be popped.
    #[must_use]
    pub fn new(start: SimTime, budget: u64) -> Self {
        Self {
            heap: BinaryHeap::new(),
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
        self.heap.push(Reverse(Pending { time, class, sequence, event }));
        EventKey(sequence)
    }

    /// Takes an event out; one that has been popped already must not be cancelled.
    pub fn cancel(&mut self, key: EventKey) {
        assert!(key.0 < self.next_sequence, "the key is of this queue");
        self.cancelled.insert(key.0);
    }

    /// Time of the next event.
    pub fn peek(&mut self) -> Option<SimTime> {
        self.drop_cancelled();
        self.heap.peek().map(|Reverse(pending)| pending.time)
    }

    /// The next event no later than `until`.
    ///
    /// # Errors
    /// If there is one but the budget is spent.
    pub fn pop_until(&mut self, until: SimTime) -> Result<Option<(SimTime, E)>, EventBudgetSpent> {
        if self.peek().is_none_or(|time| time > until) {
            return Ok(None);
        }
        self.budget = self.budget.checked_sub(1).ok_or(EventBudgetSpent)?;
        let Reverse(next) = self.heap.pop().expect("peek found an event");
        assert!(next.time >= self.now, "time never goes back");
        self.now = next.time;
        Ok(Some((next.time, next.event)))
    }

    /// Number of pending events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.heap.len() - self.cancelled.len()
    }

    /// Whether nothing is pending.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn drop_cancelled(&mut self) {
        while let Some(Reverse(next)) = self.heap.peek() {
            if !self.cancelled.remove(&next.sequence) {
                break;
            }
            self.heap.pop();
        }
    }
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
