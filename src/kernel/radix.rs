//! Pending events in a monotone radix structure with a sorted current run.
//!
//! In: entries with a key (time) and a rank that no other entry has. Out: the same, in the order of
//! (key, rank), exactly as a heap would give them. Entries stand in slots by the highest digit in
//! which their key differs from a base, and by that digit (the two-level radix heap of Ahuja,
//! Mehlhorn, Orlin, Tarjan, "Faster algorithms for the shortest path problem", J. ACM 37, 1990);
//! what comes next stands sorted in a run. Later entries are only appended, and moved once or twice
//! before their turn, so a pop touches little memory even among millions. Limit: a pushed key is
//! never below the last popped one, which `Queue` asserts.

use std::collections::VecDeque;

/// Bits of a digit: one word tells which slots of a level are not empty.
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;
/// Digits of a key.
const LEVELS: usize = u64::BITS.div_ceil(BITS) as usize;
/// Slots of up to this many entries are sorted at once: an insertion into the run then moves at
/// most half of them, which costs less than another pass over the slot.
const RUN: usize = 64;
/// A run that grew beyond this gives its later half back to the slots.
const LONG_RUN: usize = 4 * RUN;

/// One entry.
#[derive(Debug, Clone)]
pub(super) struct Pending<E> {
    pub(super) key: u64,
    /// Order among equal keys.
    pub(super) rank: u64,
    pub(super) event: E,
}

/// Entries in order.
#[derive(Debug, Clone)]
pub(super) struct Radix<E> {
    /// What comes next, ascending; every entry with a key up to `run_end` stands here.
    run: VecDeque<Pending<E>>,
    run_end: u64,
    /// Keys that differ from the base in this digit and in no higher one.
    levels: Vec<Level<E>>,
    /// Bit l says that some slot of level l is not empty.
    filled: u64,
    base: u64,
    /// Key popped last: none below it will come.
    floor: u64,
    /// Kept for its memory.
    spare: Vec<Pending<E>>,
    len: usize,
}

#[derive(Debug, Clone)]
struct Level<E> {
    /// By the digit, which is above the base's.
    slots: Vec<Vec<Pending<E>>>,
    /// Bit d says that slot d is not empty.
    filled: u64,
}

/// The digit of a key at a level.
#[inline]
fn digit(key: u64, level: usize) -> usize {
    (key >> (level as u32 * BITS)) as usize % SLOTS
}

/// The level of the highest digit in which two keys differ; 0 if in none.
#[inline]
fn level_of(differs: u64) -> usize {
    ((u64::BITS - 1 - (differs | 1).leading_zeros()) / BITS) as usize
}

impl<E> Radix<E> {
    /// Nothing pending; no key below `start` will come.
    pub(super) fn new(start: u64) -> Self {
        let level = || Level { slots: (0..SLOTS).map(|_| Vec::new()).collect(), filled: 0 };
        Self {
            run: VecDeque::new(),
            run_end: start,
            levels: (0..LEVELS).map(|_| level()).collect(),
            filled: 0,
            base: start,
            floor: start,
            spare: Vec::new(),
            len: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Pending<E>) {
        self.len += 1;
        if entry.key > self.run_end {
            self.put(entry);
        } else {
            self.insert(entry);
        }
    }

    /// The first entry.
    #[inline]
    pub(super) fn first(&mut self) -> Option<&Pending<E>> {
        if self.run.is_empty() && self.len > 0 {
            self.refill();
        }
        self.run.front()
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<Pending<E>> {
        self.first()?;
        self.len -= 1;
        let entry = self.run.pop_front();
        self.floor = entry.as_ref().map_or(self.floor, |e| e.key);
        entry
    }

    fn insert(&mut self, entry: Pending<E>) {
        let order = (entry.key, entry.rank);
        let position = self.run.partition_point(|other| (other.key, other.rank) < order);
        self.run.insert(position, entry);
        if self.run.len() > LONG_RUN {
            self.shorten();
        }
    }

    /// Gives the later half of the run back, but never parts equal keys.
    fn shorten(&mut self) {
        let last = self.run[self.run.len() / 2].key;
        let kept = self.run.partition_point(|entry| entry.key <= last);
        if kept == self.run.len() {
            return;
        }
        if last < self.base {
            self.lower_base();
        }
        self.run_end = last;
        for entry in self.run.split_off(kept) {
            self.put(entry);
        }
    }

    /// Moves the base back to the floor: a look ahead had moved it past keys that came later.
    ///
    /// What differs from the old base only below the digit in which old and new differ, differs
    /// from the new one in that very digit, as the old base does; the rest stands where it stood.
    fn lower_base(&mut self) {
        let (level, old) = (level_of(self.base ^ self.floor), self.base);
        self.base = self.floor;
        let (lower, upper) = self.levels.split_at_mut(level);
        let slot = &mut upper[0].slots[digit(old, level)];
        for entries in lower.iter_mut().flat_map(|level| &mut level.slots) {
            slot.append(entries);
        }
        lower.iter_mut().for_each(|level| level.filled = 0);
        self.filled &= !0 << level;
        if !slot.is_empty() {
            upper[0].filled |= 1 << digit(old, level);
            self.filled |= 1 << level;
        }
    }

    /// Puts an entry with a key from the base on into its slot.
    #[inline]
    fn put(&mut self, entry: Pending<E>) {
        let at = level_of(entry.key ^ self.base);
        let level = &mut self.levels[at];
        let digit = digit(entry.key, at);
        level.filled |= 1 << digit;
        self.filled |= 1 << at;
        level.slots[digit].push(entry);
    }

    /// Makes a run of the first slot, spread over lower levels until it is short enough or all keys
    /// are equal.
    fn refill(&mut self) {
        loop {
            debug_assert!(self.filled != 0, "something is pending");
            let at = self.filled.trailing_zeros() as usize;
            let level = &mut self.levels[at];
            let digit = level.filled.trailing_zeros() as usize;
            level.filled &= level.filled - 1;
            if level.filled == 0 {
                self.filled &= self.filled - 1;
            }
            let slot = &mut level.slots[digit];
            // Keys of a slot of level 0 differ from the base in the last digit alone: they are
            // equal.
            if at == 0 || slot.len() <= RUN {
                return self.make_run(at, digit);
            }
            // All its keys share their digits down to this one: the least that may stand here.
            let below = (1 << (at as u32 * BITS)) - 1;
            self.base = slot.first().map_or(self.base, |entry| entry.key & !below);
            let mut entries = std::mem::take(&mut self.spare);
            std::mem::swap(&mut entries, slot);
            for entry in entries.drain(..) {
                self.put(entry);
            }
            self.spare = entries;
        }
    }

    fn make_run(&mut self, level: usize, digit: usize) {
        let entries = &mut self.levels[level].slots[digit];
        entries.sort_unstable_by_key(|entry| (entry.key, entry.rank));
        let (first, last) = (entries.first(), entries.last());
        let (first, last) = first.zip(last).expect("the slot is not empty");
        (self.base, self.run_end) = (first.key, last.key);
        self.run.extend(entries.drain(..));
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;
    use std::collections::BinaryHeap;

    use proptest::prelude::*;

    use super::*;

    /// What a test does: push so much after the last popped key, or pop.
    #[derive(Debug, Clone)]
    enum Step {
        Push { after: u64, class: u64 },
        Peek,
        Pop,
    }

    fn step() -> impl Strategy<Value = Step> {
        let near = (0u64..8, 0u64..3).prop_map(|(after, class)| Step::Push { after, class });
        let far = (0u32..40, 0u64..3)
            .prop_map(|(bits, class)| Step::Push { after: (1 << bits) + 7, class });
        prop_oneof![3 => near, 4 => far, 1 => Just(Step::Peek), 5 => Just(Step::Pop)]
    }

    /// Both in step; panics where the radix structure differs from a heap.
    fn agrees_with_a_heap(steps: &[Step]) {
        let (mut radix, mut heap) = (Radix::new(0), BinaryHeap::new());
        let (mut now, mut sequence) = (0, 0);
        let both = |radix: &mut Radix<u64>, heap: &mut BinaryHeap<Reverse<(u64, u64)>>| {
            let (ours, theirs) = (radix.pop(), heap.pop());
            assert_eq!(ours.as_ref().map(|e| (e.key, e.rank)), theirs.map(|Reverse(e)| e));
            assert_eq!(radix.len(), heap.len());
            ours.map(|entry| entry.key)
        };
        for step in steps {
            match *step {
                Step::Push { after, class } => {
                    let (key, rank) = (now + after, class << 56 | sequence);
                    radix.push(Pending { key, rank, event: sequence });
                    heap.push(Reverse((key, rank)));
                    sequence += 1;
                }
                Step::Peek => {
                    let first = radix.first().map(|e| (e.key, e.rank));
                    assert_eq!(first, heap.peek().map(|Reverse(e)| *e));
                }
                Step::Pop => now = both(&mut radix, &mut heap).unwrap_or(now),
            }
        }
        while both(&mut radix, &mut heap).is_some() {}
    }

    #[test]
    fn thousands_in_one_range_and_thousands_at_one_instant_stay_in_order() {
        let spread = |i: u64| Step::Push { after: i * 7_919 % 100_003, class: i % 2 };
        let equal = |i: u64| Step::Push { after: 5, class: i % 3 };
        let mut steps: Vec<Step> = (0..5_000).map(spread).collect();
        steps.push(Step::Peek);
        steps.extend((0..5_000).map(spread));
        steps.extend((0..3_000).flat_map(|i| [equal(i), Step::Pop]));
        steps.extend((0..2_000).map(equal));
        agrees_with_a_heap(&steps);
    }

    #[test]
    fn what_comes_after_a_look_far_ahead_is_not_lost_behind_it() {
        let far = |i: u64| Step::Push { after: 1_000_000 + i * 31 % 977, class: 0 };
        let near = |i: u64| Step::Push { after: i * 7_919 % 10_007, class: 0 };
        for count in [20, 500] {
            let mut steps: Vec<Step> = (0..count).map(far).collect();
            steps.push(Step::Peek);
            steps.extend((0..3_000).map(near));
            steps.extend((0..200).flat_map(|i| [Step::Pop, Step::Peek, near(i), far(i)]));
            agrees_with_a_heap(&steps);
        }
    }

    proptest! {
        #[test]
        fn entries_come_in_the_order_of_a_heap(steps in prop::collection::vec(step(), 0..1_500)) {
            agrees_with_a_heap(&steps);
        }
    }
}
