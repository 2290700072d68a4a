//! The last few values of something, kept in order of size too.
//!
//! In: values, one a window. Out: their median and MAD, to the bit as `stats/robust.rs` has them,
//! without sorting anew. Bounded: as many as `push` is told.

use std::collections::VecDeque;

/// See the file's head.
#[derive(Debug, Clone, Default)]
pub(super) struct Past {
    values: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl Past {
    /// Takes in a value; the oldest goes if there are `most` already.
    pub(super) fn push(&mut self, value: f64, most: usize) {
        if self.values.len() >= most.max(1)
            && let Some(oldest) = self.values.pop_front()
        {
            let place = self.place(oldest);
            self.sorted.remove(place);
        }
        self.values.push_back(value);
        let place = self.place(value);
        self.sorted.insert(place, value);
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The median.
    pub(super) fn median(&self) -> Option<f64> {
        quantile(self.sorted.len(), 0.5, |i| self.sorted[i])
    }

    /// The median absolute deviation from `center`, unscaled.
    pub(super) fn mad(&self, center: f64) -> Option<f64> {
        // From the center outwards, down and up in turn, deviations grow.
        let (below, above) = self.sorted.split_at(self.place(center));
        let far = |value: &f64| (value - center).abs();
        let (mut down, mut up) = (below.iter().rev().map(far), above.iter().map(far));
        let (mut low, mut high) = (down.next(), up.next());
        let mut nearest = std::iter::from_fn(|| match (low, high) {
            (Some(a), Some(b)) if b < a => std::mem::replace(&mut high, up.next()),
            (Some(_), _) => std::mem::replace(&mut low, down.next()),
            (None, _) => std::mem::replace(&mut high, up.next()),
        });
        let (count, mut passed, mut last) = (self.sorted.len(), 0, 0.0);
        quantile(count, 0.5, |rank| {
            while passed <= rank {
                last = nearest.next().unwrap_or(last);
                passed += 1;
            }
            last
        })
    }

    fn place(&self, value: f64) -> usize {
        self.sorted.partition_point(|known| known.total_cmp(&value).is_lt())
    }
}

/// The `q`-quantile (0..=1) of `count` values by linear interpolation between order statistics, as
/// `stats::robust::quantile` has it; `at` tells the value of a rank, first the lower.
pub(super) fn quantile(count: usize, q: f64, mut at: impl FnMut(usize) -> f64) -> Option<f64> {
    let rank = q * count.checked_sub(1)? as f64;
    let below = rank.floor() as usize;
    let low = at(below);
    let high = if below + 1 < count { at(below + 1) } else { low };
    Some(low + (high - low) * (rank - below as f64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::robust;

    proptest! {
        #[test]
        fn median_and_mad_are_those_of_the_last_few(
            values in prop::collection::vec(prop_oneof![-1e3f64..1e3, Just(0.0), Just(5.0)], 1..60),
            most in 1usize..45,
        ) {
            let mut past = Past::default();
            for (i, value) in values.iter().enumerate() {
                past.push(*value, most);
                let mut last = values[(i + 1).saturating_sub(most)..=i].to_vec();
                let center = robust::median(&mut last);
                prop_assert_eq!(past.median(), center);
                prop_assert_eq!(past.mad(1.5), robust::mad(&mut last.clone(), 1.5));
                let center = center.unwrap();
                prop_assert_eq!(past.mad(center), robust::mad(&mut last, center));
            }
        }
    }
}
