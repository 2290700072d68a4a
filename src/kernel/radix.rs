//! A monotone radix queue with a sorted current run.
//!
//! Entries later than the run's horizon lie unsorted in buckets by the highest digit (of `BITS`
//! bits) in which their time differs from the base; the first bucket is split finer until it is
//! small, then sorted once as the current run and popped from its end. What is scheduled into the
//! run is inserted in place. Each entry is moved at most once a digit, mostly by appending to a
//! vector: few cache misses, where a heap has one at each level.
//! In: entries no earlier than the last popped. Out: entries by (time, rank). Source: as `queue`.
//! Known limit: many events scheduled into a long current run cost an insertion each; the run is
//! bounded by `MOST_RUN` unless all its times are equal, and then insertion is at its end's side.

/// Bits of a digit.
const BITS: u32 = 4;
const DIGIT: u64 = (1 << BITS) - 1;
const WIDTH: usize = 1 << BITS;
const LEVELS: usize = 64_usize.div_ceil(BITS as usize);
/// A bucket of at most so many entries is sorted instead of split.
const MOST_RUN: usize = 48;

/// Something at a time; `rank` orders equal times and is unique.
#[derive(Debug)]
pub(super) struct Entry<E> {
    pub(super) time: i64,
    pub(super) rank: u64,
    pub(super) event: E,
}

impl<E> Entry<E> {
    fn key(&self) -> (i64, u64) {
        (self.time, self.rank)
    }
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Radix<E> {
    /// Descending: the next entry is the last.
    run: Vec<Entry<E>>,
    /// Every entry up to this time is in the run.
    horizon: i64,
    /// Buckets are told by the highest digit in which a time differs from this.
    base: u64,
    buckets: Vec<Vec<Entry<E>>>,
    /// A bit for each bucket of a level that holds something.
    filled: [u16; LEVELS],
    len: usize,
}

/// Order-preserving, without sign.
fn unsigned(time: i64) -> u64 {
    (time as u64) ^ (1 << 63)
}

impl<E> Radix<E> {
    /// Empty; nothing before `start` will come.
    pub(super) fn new(start: i64) -> Self {
        let buckets = (0..LEVELS * WIDTH).map(|_| Vec::new()).collect();
        let base = unsigned(start);
        Self {
            run: Vec::new(),
            horizon: start.saturating_sub(1),
            base,
            buckets,
            filled: [0; LEVELS],
            len: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push(&mut self, entry: Entry<E>) {
        self.len += 1;
        if entry.time <= self.horizon {
            let at = self.run.partition_point(|other| other.key() > entry.key());
            self.run.insert(at, entry);
            return;
        }
        self.file(entry);
    }

    pub(super) fn peek(&mut self) -> Option<&Entry<E>> {
        if self.run.is_empty() {
            self.refill();
        }
        self.run.last()
    }

    pub(super) fn pop(&mut self) -> Option<Entry<E>> {
        if self.run.is_empty() {
            self.refill();
        }
        let next = self.run.pop()?;
        self.len -= 1;
        Some(next)
    }

    /// Puts an entry beyond the horizon into its bucket.
    #[inline]
    fn file(&mut self, entry: Entry<E>) {
        let time = unsigned(entry.time);
        debug_assert!(time >= self.base, "nothing is filed before the base");
        let differs = time ^ self.base;
        let level = (63 - (differs | 1).leading_zeros()) / BITS;
        let digit = (time >> (level * BITS)) & DIGIT;
        self.filled[level as usize] |= 1 << digit;
        self.buckets[level as usize * WIDTH + digit as usize].push(entry);
    }

    /// Makes the earliest bucket the current run, splitting it while it is large.
    fn refill(&mut self) {
        while let Some(level) = self.filled.iter().position(|filled| *filled != 0) {
            let digit = self.filled[level].trailing_zeros();
            let bucket = level * WIDTH + digit as usize;
            self.filled[level] &= self.filled[level] - 1;
            let shift = level as u32 * BITS;
            // The bucket's first time: the base with this digit and zeros below.
            let above = self.base.checked_shr(shift + BITS).unwrap_or(0);
            let high = above.checked_shl(shift + BITS).unwrap_or(0);
            let first = high | u64::from(digit) << shift;
            let last = first | ((1u64 << shift) - 1);
            self.base = first;
            if level == 0 || self.buckets[bucket].len() <= MOST_RUN {
                std::mem::swap(&mut self.run, &mut self.buckets[bucket]);
                self.run.sort_unstable_by(|a, b| b.key().cmp(&a.key()));
                self.horizon = (last ^ (1 << 63)) as i64;
                // What is filed from now on lies beyond: the base may not move past the horizon,
                // or a digit would be read wrongly; it stays at the bucket's first time.
                return;
            }
            let mut split = std::mem::take(&mut self.buckets[bucket]);
            for entry in split.drain(..) {
                self.file(entry);
            }
            // The room is kept for the next time.
            self.buckets[bucket] = split;
        }
    }
}
