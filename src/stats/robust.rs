//! Order statistics that one wild value cannot move: quantiles, median, MAD.
//!
//! In: slices without NaN, reordered in place so that no call allocates. Out: `None` when empty.
//! Sources: Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996), type 7; Rousseeuw
//! and Croux, "Alternatives to the Median Absolute Deviation" (1993) for the factor that makes the
//! MAD estimate a normal standard deviation. Limit: the MAD is 0 when over half the values agree.

/// MAD x this estimates the standard deviation of normal data.
pub const MAD_TO_SIGMA: f64 = 1.4826;

/// The `q`-quantile (0..=1) by linear interpolation between order statistics.
///
/// Panics if `q` is outside 0..=1. Reorders `values`.
#[must_use]
pub fn quantile(values: &mut [f64], q: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&q), "a quantile lies in 0..=1, found {q}");
    if values.is_empty() {
        return None;
    }
    let rank = q * (values.len() - 1) as f64;
    let below = rank.floor() as usize;
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + (high - low) * (rank - below as f64))
}

/// The `q`-quantile (0..=1) of `count` values in order of size, the same as `quantile`; `at` tells
/// the value of a rank, first of the lower.
#[must_use]
pub fn quantile_of_ranks(count: usize, q: f64, mut at: impl FnMut(usize) -> f64) -> Option<f64> {
    let last = count.checked_sub(1)?;
    let rank = q * last as f64;
    let below = rank.floor() as usize;
    let low = at(below);
    let high = if below < last { at(below + 1) } else { low };
    Some(low + (high - low) * (rank - below as f64))
}

/// The median. Reorders `values`.
#[must_use]
pub fn median(values: &mut [f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The median absolute deviation from `center`, unscaled. Overwrites `values`.
#[must_use]
pub fn mad(values: &mut [f64], center: f64) -> Option<f64> {
    values.iter_mut().for_each(|value| *value = (*value - center).abs());
    median(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_cases_by_hand() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0]), Some(3.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(quantile(&mut [1.0, 2.0, 3.0, 4.0, 5.0], 0.9), Some(4.6));
        assert_eq!(mad(&mut [1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0], 2.0), Some(1.0));
    }

    #[test]
    fn less_than_half_wild_values_do_not_move_the_median_far() {
        let mut values = vec![1.0; 51];
        values.extend(vec![1e12; 49]);
        assert_eq!(median(&mut values), Some(1.0));
    }

    proptest! {
        #[test]
        fn shifting_and_scaling_the_data_shifts_and_scales_the_answer(
            values in prop::collection::vec(-1e3f64..1e3, 1..50),
            shift in -1e3f64..1e3,
            scale in 0.1f64..10.0,
            q in 0.0f64..=1.0,
        ) {
            let mut moved: Vec<f64> = values.iter().map(|v| v * scale + shift).collect();
            let before = quantile(&mut values.clone(), q).unwrap();
            let after = quantile(&mut moved, q).unwrap();
            prop_assert!((after - (before * scale + shift)).abs() < 1e-6);
            let center = median(&mut values.clone()).unwrap();
            let spread = mad(&mut values.clone(), center).unwrap();
            let spread_moved = mad(&mut moved, center * scale + shift).unwrap();
            prop_assert!((spread_moved - spread * scale).abs() < 1e-6);
        }

        #[test]
        fn a_quantile_lies_within_the_data_and_grows_with_q(
            values in prop::collection::vec(-1e6f64..1e6, 1..40),
            q in 0.0f64..=1.0,
        ) {
            let at = |q| quantile(&mut values.clone(), q).unwrap();
            prop_assert!(at(0.0) <= at(q) && at(q) <= at(1.0));
        }
    }
}
