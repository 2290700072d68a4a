//! Buckets -> quantiles.
//!
//! Owns one shape for explicit and exponential histograms: counts between two bounds. A quantile
//! is interpolated linearly within its bucket, as Prometheus' `histogram_quantile` does: the first
//! bucket begins at 0 if its upper bound is positive, the last answers with its lower bound.
//! Source: OpenTelemetry metrics data model (histogram, exponential histogram).
//! Known limit: the error is up to the width of the bucket; nothing here knows the true values.

use super::value::Int;
use super::wire::{Buckets, ExponentialPoint, HistogramPoint};

/// More buckets than this in one point is a broken file.
const MOST_BUCKETS: usize = 10_000;

/// Buckets that hold something, from low to high.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Histogram(Vec<Bucket>);

/// `count` values between `low` and `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    low: f64,
    high: f64,
    count: f64,
}

impl Histogram {
    /// From explicit bounds; `None` if bounds and counts do not fit or there are no bounds.
    pub(super) fn explicit(point: &HistogramPoint) -> Option<Self> {
        let bounds: Vec<f64> = point.explicit_bounds.iter().flatten().map(|b| b.0).collect();
        let counts = point.bucket_counts.as_deref().unwrap_or_default();
        let rising = bounds.windows(2).all(|w| w[0] < w[1]);
        if bounds.is_empty() || counts.len() != bounds.len() + 1 || !rising {
            return None;
        }
        let (first, last) = (bounds[0], bounds[bounds.len() - 1]);
        let low = |at: usize| if at == 0 { first.min(0.0) } else { bounds[at - 1] };
        let high = |at: usize| bounds.get(at).copied().unwrap_or(last);
        Some(Self::holding((0..counts.len()).map(|at| Bucket {
            low: low(at),
            high: high(at),
            count: counts[at].0 as f64,
        })))
    }

    /// From powers of 2^(2^-scale); `None` if there are too many buckets or no such scale.
    pub(super) fn exponential(point: &ExponentialPoint) -> Option<Self> {
        let scale = point.scale.0;
        if !(-10..=20).contains(&scale) {
            return None;
        }
        let width = (-(scale as f64)).exp2();
        let bound = |index: i64| (index as f64 * width).exp2();
        let side = |buckets: &Option<Buckets>| -> Option<Vec<Bucket>> {
            let Some(buckets) = buckets else { return Some(Vec::new()) };
            let counts = buckets.bucket_counts.as_deref().unwrap_or_default();
            let offset = buckets.offset.0;
            if counts.len() > MOST_BUCKETS || offset.abs() > 1 << 32 {
                return None;
            }
            let bucket = |(at, count): (i64, &Int)| Bucket {
                low: bound(offset + at),
                high: bound(offset + at + 1),
                count: count.0 as f64,
            };
            Some((0..).zip(counts).map(bucket).collect())
        };
        let mirrored = |b: &Bucket| Bucket { low: -b.high, high: -b.low, count: b.count };
        let negative = side(&point.negative)?;
        let zero = point.zero_threshold.map_or(0.0, |t| t.0.max(0.0));
        let middle = Bucket { low: -zero, high: zero, count: point.zero_count.0 as f64 };
        let below = negative.iter().rev().map(mirrored);
        Some(Self::holding(below.chain([middle]).chain(side(&point.positive)?)))
    }

    fn holding(buckets: impl Iterator<Item = Bucket>) -> Self {
        Self(buckets.filter(|b| b.count > 0.0).collect())
    }

    /// What was added since `before`; `None` if its buckets are not among these.
    pub(super) fn since(&self, before: &Self) -> Option<Self> {
        let mut grown = self.0.clone();
        for old in &before.0 {
            let same = |b: &&mut Bucket| b.low == old.low && b.high == old.high;
            let bucket = grown.iter_mut().find(same)?;
            bucket.count -= old.count;
            if bucket.count < 0.0 {
                return None;
            }
        }
        Some(Self::holding(grown.into_iter()))
    }

    /// The value below which the share `q` of all values lies; `None` if there are no values.
    pub(super) fn quantile(&self, q: f64) -> Option<f64> {
        let rank = q * self.0.iter().map(|b| b.count).sum::<f64>();
        let mut below = 0.0;
        for bucket in &self.0 {
            if below + bucket.count >= rank {
                let share = (rank - below) / bucket.count;
                return Some(bucket.low + (bucket.high - bucket.low) * share);
            }
            below += bucket.count;
        }
        self.0.last().map(|b| b.high)
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Double;
    use super::*;
    use proptest::prelude::*;

    fn explicit(bounds: &[f64], counts: &[i64]) -> Option<Histogram> {
        Histogram::explicit(&HistogramPoint {
            explicit_bounds: Some(bounds.iter().map(|b| Double(*b)).collect()),
            bucket_counts: Some(counts.iter().map(|c| Int(*c)).collect()),
            ..HistogramPoint::default()
        })
    }

    #[test]
    fn quantiles_are_interpolated_in_their_bucket() {
        let h = explicit(&[1.0, 2.0, 4.0], &[10, 10, 20, 0]).unwrap();
        assert_eq!(h.quantile(0.125), Some(0.5));
        assert_eq!(h.quantile(0.5), Some(2.0));
        assert_eq!(h.quantile(0.75), Some(3.0));
        let open = explicit(&[1.0], &[0, 5]).unwrap();
        assert_eq!(open.quantile(0.99), Some(1.0));
        assert_eq!(explicit(&[1.0], &[0, 0]).unwrap().quantile(0.5), None);
    }

    #[test]
    fn counts_that_do_not_fit_give_nothing() {
        assert_eq!(explicit(&[1.0], &[1]), None);
        assert_eq!(explicit(&[], &[1]), None);
        assert_eq!(explicit(&[2.0, 1.0], &[1, 1, 1]), None);
    }

    #[test]
    fn running_totals_are_read_as_differences() {
        let before = explicit(&[1.0, 2.0], &[5, 0, 0]).unwrap();
        let now = explicit(&[1.0, 2.0], &[5, 4, 0]).unwrap();
        assert_eq!(now.since(&before).unwrap().quantile(0.5), Some(1.5));
        assert_eq!(before.since(&now), None);
    }

    #[test]
    fn exponential_buckets_have_powers_as_bounds() {
        let point = ExponentialPoint {
            positive: Some(Buckets { offset: Int(1), bucket_counts: Some(vec![Int(0), Int(4)]) }),
            ..ExponentialPoint::default()
        };
        let h = Histogram::exponential(&point).unwrap();
        assert_eq!(h.0, [Bucket { low: 4.0, high: 8.0, count: 4.0 }]);
        let absurd = ExponentialPoint { scale: Int(99), ..point };
        assert_eq!(Histogram::exponential(&absurd), None);
    }

    proptest! {
        #[test]
        fn quantiles_rise_and_stay_inside(counts in proptest::collection::vec(0_i64..100, 4)) {
            let h = explicit(&[1.0, 2.0, 4.0], &counts).unwrap();
            let all: Vec<f64> = (1..=20).filter_map(|i| h.quantile(f64::from(i) / 20.0)).collect();
            prop_assert_eq!(all.is_empty(), counts.iter().sum::<i64>() == 0);
            prop_assert!(all.windows(2).all(|w| w[0] <= w[1] + 1e-9));
            prop_assert!(all.iter().all(|v| (0.0..=4.0).contains(v)));
        }
    }
}
