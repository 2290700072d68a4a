//! Values of all series over the last frames, in blocks of frames.
//!
//! In: one row a frame. Out: for each series its values in time order. Within a block the values of
//! a series lie side by side, so that a baseline reads along memory; rows are gathered first and
//! turned into blocks `STAGE` at a time, so that a frame is written along memory too and a line of
//! the cache is written once, whole. Bounded: the oldest frame falls out and the memory of its
//! block is used again. NaN marks absence, also before a series was known.
//! Seven digits are kept: measurements carry fewer, and half the memory is read in half the time.

use std::collections::VecDeque;
use std::ops::{Bound, Range, RangeBounds};

/// Frames of a block: four lines of the cache, which are fetched ahead.
const BLOCK: usize = 64;
/// Rows that are gathered: as many values as a line of the cache holds. Divides `BLOCK`.
const STAGE: usize = 16;
const ABSENT: [f32; BLOCK] = [f32::NAN; BLOCK];

/// The last `capacity` rows.
#[derive(Debug, Clone)]
pub(super) struct Blocks {
    capacity: usize,
    blocks: VecDeque<Vec<f32>>,
    /// The newest rows, which are in no block yet, in the first `staged` places.
    stage: Vec<Vec<f32>>,
    staged: usize,
    /// Rows of the first block that fell out already.
    first: usize,
    rows: usize,
    /// A block that fell out, kept for its memory.
    spare: Vec<f32>,
}

/// The values of one series, oldest first, aligned with the history's times.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    blocks: &'a Blocks,
    series: usize,
}

impl Blocks {
    pub(super) fn new(capacity: usize) -> Self {
        let (blocks, stage) = (VecDeque::new(), vec![Vec::new(); STAGE]);
        Self { capacity, blocks, stage, staged: 0, first: 0, rows: 0, spare: Vec::new() }
    }

    /// Appends a row; it may be longer than those before.
    pub(super) fn push(&mut self, row: &[f64]) {
        if self.rows == self.capacity {
            self.first += 1;
            self.rows -= 1;
            if self.first == BLOCK {
                self.first = 0;
                self.spare = self.blocks.pop_front().unwrap_or_default();
            }
        }
        let place = &mut self.stage[self.staged];
        place.clear();
        place.extend(row.iter().map(|value| *value as f32));
        self.staged += 1;
        self.rows += 1;
        if self.staged == STAGE {
            self.turn();
        }
    }

    /// Puts the gathered rows into the newest block.
    fn turn(&mut self) {
        let at = self.in_blocks() % BLOCK;
        self.staged = 0;
        if at == 0 {
            let mut block = std::mem::take(&mut self.spare);
            block.clear();
            self.blocks.push_back(block);
        }
        let width = self.stage.iter().map(Vec::len).max().unwrap_or(0);
        self.stage.iter_mut().for_each(|row| row.resize(width, f32::NAN));
        let Some(block) = self.blocks.back_mut() else { return };
        block.resize(block.len().max(width * BLOCK), f32::NAN);
        for (series, values) in block.chunks_exact_mut(BLOCK).take(width).enumerate() {
            for (value, row) in values[at..at + STAGE].iter_mut().zip(&self.stage) {
                *value = row[series];
            }
        }
    }

    /// Where the gathered rows begin, counted from the first block's first.
    const fn in_blocks(&self) -> usize {
        self.first + self.rows - self.staged
    }

    /// The newest row; empty if there was none.
    pub(super) fn newest(&self) -> &[f32] {
        &self.stage[(self.staged + STAGE - 1) % STAGE]
    }

    pub(super) const fn column(&self, series: usize) -> Column<'_> {
        Column { blocks: self, series }
    }
}

impl<'a> Column<'a> {
    /// Frames held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.blocks.rows
    }

    /// Whether no frame is held.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocks.rows == 0
    }

    /// The newest value.
    #[must_use]
    pub fn back(&self) -> Option<f64> {
        self.iter().next_back()
    }

    /// All values, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = f64> + use<'a> {
        self.range(..)
    }

    /// The values of some frames. Panics if there are not so many.
    pub fn range<R: RangeBounds<usize>>(
        &self,
        frames: R,
    ) -> impl DoubleEndedIterator<Item = f64> + use<'a, R> {
        self.stretches(self.within(frames)).flatten().map(|value| f64::from(*value))
    }

    /// The same, stretch by stretch.
    pub fn stretches(
        &self,
        frames: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = &'a [f32]> + use<'a> {
        let (column, first, turned) = (*self, self.blocks.first, self.blocks.in_blocks());
        let (start, end) = (first + frames.start, first + frames.end);
        let in_blocks = start.min(turned)..end.min(turned);
        let blocks = in_blocks.start / BLOCK..in_blocks.end.div_ceil(BLOCK);
        let whole = blocks.map(move |block| {
            let base = block * BLOCK;
            let (start, end) = (in_blocks.start.max(base), in_blocks.end.min(base + BLOCK));
            &column.of_block(block)[start - base..end - base]
        });
        let gathered = start.max(turned) - turned..end.max(turned) - turned;
        whole.chain(gathered.map(move |row| column.of_row(row)))
    }

    /// The value of one frame. Panics if there are not so many.
    #[must_use]
    pub fn at(&self, frame: usize) -> f64 {
        assert!(frame < self.len(), "frame {frame} of {}", self.len());
        let (at, turned) = (self.blocks.first + frame, self.blocks.in_blocks());
        f64::from(if at < turned {
            self.of_block(at / BLOCK)[at % BLOCK]
        } else {
            self.of_row(at - turned)[0]
        })
    }

    fn of_block(&self, block: usize) -> &'a [f32] {
        let values = &self.blocks.blocks[block];
        values.get(self.series * BLOCK..(self.series + 1) * BLOCK).unwrap_or(&ABSENT)
    }

    fn of_row(&self, row: usize) -> &'a [f32] {
        self.blocks.stage[row].get(self.series..=self.series).unwrap_or(&ABSENT[..1])
    }

    fn within<R: RangeBounds<usize>>(&self, frames: R) -> Range<usize> {
        let start = match frames.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(before) => before + 1,
            Bound::Unbounded => 0,
        };
        let end = match frames.end_bound() {
            Bound::Included(last) => last + 1,
            Bound::Excluded(end) => *end,
            Bound::Unbounded => self.len(),
        };
        assert!(start <= end && end <= self.len(), "frames {start}..{end} of {}", self.len());
        start..end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn columns_are_what_queues_of_values_would_be(
            capacity in 1usize..200,
            widths in prop::collection::vec(0usize..3, 1..300),
            cut in 0usize..200,
        ) {
            let mut blocks = Blocks::new(capacity);
            let mut plain: Vec<VecDeque<f64>> = vec![VecDeque::new(); 3];
            let mut width = 0;
            for (frame, wider) in widths.iter().enumerate() {
                width = width.max(*wider);
                let row: Vec<f64> = (0..width).map(|s| (frame * 10 + s) as f64).collect();
                blocks.push(&row);
                for (series, column) in plain.iter_mut().enumerate() {
                    column.push_back(row.get(series).copied().unwrap_or(f64::NAN));
                    while column.len() > capacity {
                        column.pop_front();
                    }
                }
            }
            let bits = |values: Vec<f64>| values.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            for (series, plain) in plain.iter().enumerate() {
                let column = blocks.column(series);
                let cut = cut.min(plain.len());
                prop_assert_eq!(column.len(), plain.len());
                let found = column.range(cut..).collect();
                prop_assert_eq!(bits(found), bits(plain.range(cut..).copied().collect()));
                let found = column.iter().rev().collect();
                prop_assert_eq!(bits(found), bits(plain.iter().rev().copied().collect()));
                let at = cut.min(plain.len() - 1);
                prop_assert_eq!(column.at(at).to_bits(), plain[at].to_bits());
                let newest = blocks.newest().get(series).map_or(f64::NAN, |v| f64::from(*v));
                prop_assert_eq!(newest.to_bits(), plain[plain.len() - 1].to_bits());
            }
        }
    }
}
