//! Left discords: how far the newest shape is from the nearest one ever seen before.
//!
//! In: a stream. Out: for the last `length` values the Euclidean distance per value to the nearest
//! earlier stretch of the same length that does not overlap it. Dot products go on by one term a
//! step (STOMP), so a sample costs one pass over the memory. Not z-normalised: in operations the
//! level of a shape matters as much as its form (measured on NAB: 48 against 14 points).
//! Source: Yeh et al., "Matrix Profile I", ICDM 2016; left profile as in Zhu et al., 2017.
//! Known limit: memory and time grow with `memory`; values before it are forgotten.

/// The left matrix profile of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Discord {
    length: usize,
    /// The last `memory + length` values, oldest first; compacted when twice as long.
    values: Vec<f64>,
    /// Dot product of the newest stretch with the one that ends at the same place of `values`.
    dots: Vec<f64>,
    /// Sum of squares up to a place of `values`.
    squares: Vec<f64>,
    memory: usize,
    /// Level subtracted from all values, so that large levels do not eat the precision.
    level: Option<f64>,
}

impl Discord {
    /// Nothing seen.
    ///
    /// Panics if `length` is below 2 or `memory` is not longer.
    #[must_use]
    pub fn new(length: usize, memory: usize) -> Self {
        assert!(length >= 2 && memory > length, "a shape is shorter than the memory");
        let room = 2 * (memory + length);
        let empty = || Vec::with_capacity(room);
        Self { length, values: empty(), dots: empty(), squares: empty(), memory, level: None }
    }

    /// Takes in a value (NaN changes nothing); the distance, once there is something to compare.
    pub fn push(&mut self, value: f64) -> Option<f64> {
        if value.is_nan() {
            return None;
        }
        if self.values.len() == 2 * (self.memory + self.length) {
            self.compact();
        }
        let value = value - *self.level.get_or_insert(value);
        self.values.push(value);
        let before = self.squares.last().copied().unwrap_or(0.0);
        self.squares.push(before + value * value);
        self.dots.push(0.0);
        self.advance();
        self.nearest()
    }

    /// Forgets the older half.
    fn compact(&mut self) {
        let keep = self.values.len() - self.memory - self.length;
        self.values.drain(..keep);
        self.dots.drain(..keep);
        self.squares.drain(..keep);
        let base = self.squares[0] - self.values[0] * self.values[0];
        self.squares.iter_mut().for_each(|s| *s -= base);
    }

    /// Brings all dot products up to the newest value, from the newest place down.
    fn advance(&mut self) {
        let (length, last) = (self.length, self.values.len() - 1);
        if last + 1 < length {
            return;
        }
        let values = self.values.as_slice();
        let dot = |end: usize| -> f64 {
            let (a, b) = (&values[last + 1 - length..=last], &values[end + 1 - length..=end]);
            a.iter().zip(b).map(|(x, y)| x * y).sum()
        };
        if last + 1 == length {
            self.dots[last] = dot(last);
            return;
        }
        let (newest, oldest) = (values[last], values[last - length]);
        for end in (length..=last).rev() {
            self.dots[end] =
                self.dots[end - 1] + newest * values[end] - oldest * values[end - length];
        }
        self.dots[length - 1] = dot(length - 1);
    }

    fn nearest(&self) -> Option<f64> {
        let (length, last) = (self.length, self.values.len() - 1);
        let first = (last.saturating_sub(self.memory)).max(length - 1);
        let end = last.checked_sub(length)?;
        if first > end {
            return None;
        }
        let own = self.energy(last);
        let square = |end: usize| own + self.energy(end) - 2.0 * self.dots[end];
        let nearest = (first..=end).map(square).fold(f64::INFINITY, f64::min);
        Some((nearest.max(0.0) / length as f64).sqrt())
    }

    /// Sum of squares of the stretch that ends at `end`.
    fn energy(&self, end: usize) -> f64 {
        let before = end.checked_sub(self.length).map_or(0.0, |at| self.squares[at]);
        self.squares[end] - before
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, slowly.
    fn plain(values: &[f64], length: usize, memory: usize) -> Option<f64> {
        let last = values.len() - 1;
        let stretch = |end: usize| &values[end + 1 - length..=end];
        let first = last.saturating_sub(memory).max(length - 1);
        let ends = first..=last.checked_sub(length)?;
        let distance = |end| -> f64 {
            stretch(end).iter().zip(stretch(last)).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        ends.map(distance).min_by(f64::total_cmp).map(|d| (d / length as f64).sqrt())
    }

    proptest! {
        #[test]
        fn distances_are_those_of_the_definition(
            values in prop::collection::vec(-5.0f64..5.0, 1..90),
        ) {
            let (length, memory) = (4, 15);
            let mut discord = Discord::new(length, memory);
            for i in 0..values.len() {
                let found = discord.push(values[i]);
                let expected = plain(&values[..=i], length, memory);
                prop_assert_eq!(found.is_some(), expected.is_some());
                if let (Some(a), Some(b)) = (found, expected) {
                    prop_assert!((a - b).abs() < 1e-6, "{} {} {}", i, a, b);
                }
            }
        }
    }

    #[test]
    fn a_repeated_shape_is_near_and_a_new_one_is_far() {
        let mut discord = Discord::new(4, 100);
        let mut last = None;
        for i in 0..40 {
            last = discord.push([0.0, 1.0, 4.0, 1.0][i % 4]);
        }
        assert!(last.unwrap() < 1e-6);
        discord.push(9.0);
        assert!(discord.push(9.0).unwrap() > 3.0);
    }
}
