//! The event queue: a total order by (time, class, sequence), cancellation, an event budget.
//!
//! Equal times go by class, equal classes first-in-first-out, so that the order of events never
<<<<<<< HEAD
//! depends on the queue's internals. It is a monotone radix queue (`radix`): what is scheduled
//! never lies before what was popped, so events are sorted late and touched few times. Cancelled
//! events stay until they surface (lazy deletion); the budget bounds how many events one trial may
//! consume, so that nothing runs for ever.
//! Source: Ahuja, Mehlhorn, Orlin and Tarjan, "Faster Algorithms for the Shortest Path Problem",
//! JACM 37(2), 1990. Known limit: an event is held by value, so large ones cost copies.

use std::collections::BTreeSet;

use super::radix::{Entry, Radix};
=======
//! depends on the queue's internals. Pending events stand in a radix structure (`radix.rs`).
//! Cancelled events stay in it until they surface (lazy deletion); the budget bounds how many
//! events one trial may consume, so that nothing runs for ever.

use std::collections::BTreeSet;

use super::radix::{Pending, Radix};
>>>>>>> main
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

<<<<<<< HEAD
/// Sequence numbers that one queue may give: they share a word with the class.
const MOST_EVENTS: u64 = 1 << 56;
=======
/// Bits of a sequence number below the class in a rank: 2^56 events are enough for anybody.
const SEQUENCE_BITS: u32 = 56;
>>>>>>> main

impl<E> Queue<E> {
    /// An empty queue whose clock stands at `start`; `budget` events may be popped.
    #[must_use]
    pub fn new(start: SimTime, budget: u64) -> Self {
        Self {
<<<<<<< HEAD
            pending: Radix::new(start.nanos()),
=======
            pending: Radix::new(key(start)),
>>>>>>> main
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
        assert!(sequence < MOST_EVENTS, "fewer events than fit into a sequence number");
        self.next_sequence += 1;
<<<<<<< HEAD
        let rank = u64::from(class) << 56 | sequence;
        self.pending.push(Entry { time: time.nanos(), rank, event });
=======
        let rank = u64::from(class) << SEQUENCE_BITS | sequence;
        self.pending.push(Pending { key: key(time), rank, event });
>>>>>>> main
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
<<<<<<< HEAD
        self.pending.peek().map(|entry| SimTime::from_nanos(entry.time))
=======
        self.pending.first().map(|next| time(next.key))
>>>>>>> main
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
<<<<<<< HEAD
        let time = SimTime::from_nanos(next.time);
=======
        let time = time(next.key);
>>>>>>> main
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
<<<<<<< HEAD
        if self.cancelled.is_empty() {
            return;
        }
        while let Some(next) = self.pending.peek() {
            if !self.cancelled.remove(&(next.rank & (MOST_EVENTS - 1))) {
                break;
=======
        while !self.cancelled.is_empty() {
            let Some(next) = self.pending.first() else { return };
            if !self.cancelled.remove(&(next.rank & ((1 << SEQUENCE_BITS) - 1))) {
                return;
>>>>>>> main
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
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

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

<<<<<<< HEAD
    /// What a program does with a queue.
    #[derive(Debug, Clone)]
    enum Deed {
        /// Delay after now, class.
        Schedule(i64, u8),
        /// The nth of the keys that are pending.
        Cancel(usize),
        /// Pop what is due within this delay after now.
        Pop(i64),
        Peek,
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let delay = prop_oneof![0i64..4, 0i64..300, 0i64..1_000_000, 0i64..i64::MAX / 1024];
        prop_oneof![
            5 => (delay.clone(), 0u8..3).prop_map(|(delay, class)| Deed::Schedule(delay, class)),
            1 => (0usize..1000).prop_map(Deed::Cancel),
            4 => delay.prop_map(Deed::Pop),
            1 => Just(Deed::Peek),
        ]
=======
    #[test]
    fn times_before_the_epoch_come_first() {
        let mut queue = Queue::new(at(i64::MIN), u64::MAX);
        for nanos in [i64::MAX, 0, -1, i64::MIN, 1] {
            queue.schedule(at(nanos), 0, nanos);
        }
        let popped: Vec<i64> =
            std::iter::from_fn(|| queue.pop_until(at(i64::MAX)).unwrap().map(|e| e.1)).collect();
        assert_eq!(popped, [i64::MIN, -1, 0, 1, i64::MAX]);
>>>>>>> main
    }

    proptest! {
        #[test]
        fn it_does_exactly_what_a_binary_heap_does(
            start in prop_oneof![Just(-5i64), Just(0), Just(1_700_000_000_000_000_000)],
            deeds in prop::collection::vec(deed(), 0..400),
        ) {
            let mut queue = Queue::new(at(start), u64::MAX);
            let mut heap: BinaryHeap<Reverse<(SimTime, u8, u64)>> = BinaryHeap::new();
            let mut keys: Vec<(EventKey, (SimTime, u8, u64))> = Vec::new();
            let mut sequence = 0u64;
            for deed in deeds {
                match deed {
                    Deed::Schedule(delay, class) => {
                        let time = at(queue.now().nanos().saturating_add(delay));
                        let entry = (time, class, sequence);
                        keys.push((queue.schedule(time, class, sequence), entry));
                        heap.push(Reverse(entry));
                        sequence += 1;
                    }
                    Deed::Cancel(nth) if !keys.is_empty() => {
                        let (key, entry) = keys.swap_remove(nth % keys.len());
                        queue.cancel(key);
                        heap.retain(|Reverse(other)| *other != entry);
                    }
                    Deed::Cancel(_) => {}
                    Deed::Pop(delay) => {
                        let until = at(queue.now().nanos().saturating_add(delay));
                        let expected = heap.peek().is_some_and(|Reverse((t, ..))| *t <= until);
                        let expected = expected.then(|| heap.pop().unwrap().0);
                        keys.retain(|(_, entry)| Some(*entry) != expected);
                        let popped = queue.pop_until(until).unwrap();
                        prop_assert_eq!(popped, expected.map(|(time, _, event)| (time, event)));
                    }
                    Deed::Peek => {
                        let expected = heap.peek().map(|Reverse((time, ..))| *time);
                        prop_assert_eq!(queue.peek(), expected);
                    }
                }
                prop_assert_eq!(queue.len(), heap.len());
            }
            let rest = std::iter::from_fn(|| queue.pop_until(at(i64::MAX)).unwrap());
            let expected = std::iter::from_fn(|| heap.pop()).map(|Reverse((t, _, e))| (t, e));
            prop_assert_eq!(rest.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
    }
}
