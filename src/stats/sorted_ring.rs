//! The last n values of a stream, in order of size: quantiles at any time without sorting.
//!
//! In: values one by one; NaN is no value. Out: quantiles (type 7) and MAD as in `robust`, `None`
//! while empty. A push moves at most n numbers and never allocates after construction. Known
//! limit: for n beyond some thousands a tree would be faster; a memmove of 32 KiB takes about a
//! microsecond.

use super::robust::quantile_of_ranks;

/// The last `capacity` values of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct SortedRing {
    /// In order of arrival; `next` is the oldest once full.
    ring: Vec<f64>,
    sorted: Vec<f64>,
    next: usize,
    capacity: usize,
}

impl SortedRing {
    /// An empty ring.
    ///
    /// Panics if `capacity` is 0.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        assert!(capacity > 0, "a ring holds at least one value");
        let empty = || Vec::with_capacity(capacity);
        Self { ring: empty(), sorted: empty(), next: 0, capacity }
    }

    /// Takes in a value; the oldest falls out when it is full. NaN changes nothing.
    pub fn push(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        if self.ring.len() < self.capacity {
            self.ring.push(value);
            let at = self.rank(value);
            self.sorted.insert(at, value);
            return;
        }
        let old = std::mem::replace(&mut self.ring[self.next], value);
        self.next = (self.next + 1) % self.ring.len();
        self.replace(old, value);
    }

    /// Puts `value` in the place of `old`, moving only what stands between them.
    fn replace(&mut self, old: f64, value: f64) {
        let from = self.rank(old);
        debug_assert!(self.sorted[from] == old, "the oldest value is among the sorted ones");
        let to = self.rank(value);
        if to > from {
            self.sorted.copy_within(from + 1..to, from);
            self.sorted[to - 1] = value;
        } else {
            self.sorted.copy_within(to..from, to + 1);
            self.sorted[to] = value;
        }
    }

    /// How many of the values are smaller than `value`.
    #[must_use]
    pub fn rank(&self, value: f64) -> usize {
        self.sorted.partition_point(|v| *v < value)
    }

    /// The values, ascending.
    #[must_use]
    pub fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// Number of values held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The `q`-quantile; `None` while empty.
    ///
    /// Panics if `q` is outside 0..=1.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        assert!((0.0..=1.0).contains(&q), "a quantile lies in 0..=1, found {q}");
        quantile_of_ranks(self.sorted.len(), q, |rank| self.sorted[rank])
    }

    /// The median; `None` while empty.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The median absolute deviation from `center`, unscaled; `None` while empty.
    #[must_use]
    pub fn mad(&self, center: f64) -> Option<f64> {
        // From the center outwards, down and up in turn, deviations grow.
        let (below, above) = self.sorted.split_at(self.rank(center));
        let far = |value: &f64| (value - center).abs();
        let (mut down, mut up) = (below.iter().rev().map(far), above.iter().map(far));
        let (mut low, mut high) = (down.next(), up.next());
        let mut nearest = std::iter::from_fn(|| match (low, high) {
            (Some(a), Some(b)) if b < a => std::mem::replace(&mut high, up.next()),
            (Some(_), _) => std::mem::replace(&mut low, down.next()),
            (None, _) => std::mem::replace(&mut high, up.next()),
        });
        let (mut passed, mut last) = (0, 0.0);
        quantile_of_ranks(self.sorted.len(), 0.5, |rank| {
            while passed <= rank {
                last = nearest.next().unwrap_or(last);
                passed += 1;
            }
            last
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::robust;

    #[test]
    fn the_oldest_value_falls_out_and_nan_is_no_value() {
        let mut ring = SortedRing::new(3);
        assert_eq!(ring.median(), None);
        for value in [5.0, f64::NAN, 1.0, 3.0, 2.0] {
            ring.push(value);
        }
        assert_eq!(ring.sorted(), [1.0, 2.0, 3.0]);
    }

    proptest! {
        #[test]
        fn it_holds_exactly_the_last_values_in_order_of_size(
            values in prop::collection::vec((0i32..20).prop_map(f64::from), 1..80),
            capacity in 1usize..12,
            q in 0.0f64..=1.0,
        ) {
            let mut ring = SortedRing::new(capacity);
            for (i, value) in values.iter().enumerate() {
                ring.push(*value);
                let mut last = values[(i + 1).saturating_sub(capacity)..=i].to_vec();
                last.sort_by(f64::total_cmp);
                prop_assert_eq!(ring.sorted(), &last[..]);
                let expected = robust::quantile(&mut last, q).unwrap();
                prop_assert!((ring.quantile(q).unwrap() - expected).abs() < 1e-9);
            }
        }

        #[test]
        fn median_and_mad_are_to_the_bit_those_of_the_last_values(
            values in prop::collection::vec(prop_oneof![-1e3f64..1e3, Just(0.0), Just(5.0)], 1..60),
            most in 1usize..45,
        ) {
            let mut ring = SortedRing::new(most);
            for (i, value) in values.iter().enumerate() {
                ring.push(*value);
                let mut last = values[(i + 1).saturating_sub(most)..=i].to_vec();
                let center = robust::median(&mut last);
                prop_assert_eq!(ring.median(), center);
                prop_assert_eq!(ring.mad(1.5), robust::mad(&mut last.clone(), 1.5));
                let center = center.unwrap();
                prop_assert_eq!(ring.mad(center), robust::mad(&mut last, center));
            }
        }
    }
}
