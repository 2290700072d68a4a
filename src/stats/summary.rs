//! Mean, median and quantiles of a slice.
//!
//! In: numbers without NaN, in any order. Out: `None` for an empty slice, so that absent stays
//! absent. Quantiles interpolate linearly between order statistics: definition 7 of Hyndman and
//! Fan, "Sample Quantiles in Statistical Packages" (The American Statistician 50, 1996), the
//! default of R and NumPy. Limit: sorts a copy; not for streams.

/// The arithmetic mean, summed in ascending order so that the order given does not matter.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    Some(sorted(values).iter().sum::<f64>() / values.len() as f64)
}

/// The middle value.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The 95th percentile.
#[must_use]
pub fn p95(values: &[f64]) -> Option<f64> {
    quantile(values, 0.95)
}

/// The `q`-quantile, `q` in 0..=1.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    quantile_sorted(&sorted(values), q)
}

/// The `q`-quantile of values that are in ascending order already.
#[must_use]
pub fn quantile_sorted(ascending: &[f64], q: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&q), "a quantile is asked for at 0..=1, not {q}");
    let last = ascending.len().checked_sub(1)?;
    let position = q * last as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(last);
    let share = position - below as f64;
    Some(ascending[below] + share * (ascending[above] - ascending[below]))
}

/// A copy in ascending order.
#[must_use]
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut copy = values.to_vec();
    copy.sort_by(f64::total_cmp);
    copy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_match_the_definition_by_hand() {
        let values = [40.0, 10.0, 30.0, 20.0];
        for (q, expected) in [(0.0, 10.0), (0.5, 25.0), (1.0, 40.0), (0.95, 38.5)] {
            assert_eq!(quantile(&values, q), Some(expected), "{q}");
        }
        assert_eq!(mean(&values), Some(25.0));
        assert_eq!((mean(&[]), median(&[]), p95(&[7.0])), (None, None, Some(7.0)));
    }

    proptest! {
        #[test]
        fn quantiles_stay_within_the_data_and_shift_with_it(
            values in prop::collection::vec(-1e6..1e6f64, 1..40), q in 0.0..=1.0f64,
        ) {
            let found = quantile(&values, q).unwrap();
            let ascending = sorted(&values);
            prop_assert!(found >= ascending[0] && found <= ascending[values.len() - 1]);
            let moved: Vec<f64> = values.iter().map(|v| v + 5.0).collect();
            prop_assert!((quantile(&moved, q).unwrap() - found - 5.0).abs() < 1e-6);
        }
    }
}
