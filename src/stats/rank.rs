//! Two samples compared by ranks, and the trend of one: no distribution is assumed.
//!
//! `mann_whitney`: does the second sample lie above the first? In: slices without NaN. Out: a
//! standard normal deviate under "same distribution" (ties corrected, continuity corrected), and
//! the probability of superiority as effect size. `trend`: the median of all pairwise slopes and
//! the deviate of Kendall's sum. Sources: Mann and Whitney, "On a test ...", 1947; Kayenta's judge
//! (canary analysis) for its use on deploys; Theil 1950 and Sen, "Estimates of the regression
//! coefficient based on Kendall's tau", JASA 63, 1968; Mann 1945. Known limits: the normal
//! approximation needs about eight values a side; serial correlation makes deviates too large.

use statrs::distribution::{ContinuousCDF, Normal};

/// How a second sample lies against a first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Positive if the second is larger; a standard normal deviate if nothing differs.
    pub z: f64,
    /// Probability that a value of the second exceeds one of the first, ties half.
    pub superiority: f64,
}

/// Compares `new` with `old`; `None` if either is empty. `scratch` is overwritten.
#[must_use]
pub fn mann_whitney(
    old: &[f64],
    new: &[f64],
    scratch: &mut Vec<(f64, bool)>,
) -> Option<Comparison> {
    if old.is_empty() || new.is_empty() {
        return None;
    }
    scratch.clear();
    scratch.extend(old.iter().map(|v| (*v, false)));
    scratch.extend(new.iter().map(|v| (*v, true)));
    scratch.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank_sum, mut ties, mut start) = (0.0, 0.0, 0);
    while start < scratch.len() {
        let value = scratch[start].0;
        let same = scratch[start..].iter().take_while(|v| v.0 == value).count();
        let mid_rank = start as f64 + (same as f64 + 1.0) / 2.0;
        let of_new = scratch[start..start + same].iter().filter(|v| v.1).count();
        rank_sum += mid_rank * of_new as f64;
        ties += (same as f64).powi(3) - same as f64;
        start += same;
    }
    let (n, m) = (old.len() as f64, new.len() as f64);
    let all = n + m;
    let u = rank_sum - m * (m + 1.0) / 2.0;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)).max(1.0));
    let distance = u - n * m / 2.0;
    let z = if variance > 0.0 {
        (distance.abs() - 0.5).max(0.0).copysign(distance) / variance.sqrt()
    } else {
        0.0
    };
    Some(Comparison { z, superiority: u / (n * m) })
}

/// A robust straight line through equally spaced values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Growth per step.
    pub slope: f64,
    /// The line's value at the last step.
    pub last: f64,
    /// Standard normal deviate of Kendall's sum: positive for growth.
    pub z: f64,
}

/// The trend of `values` (at least three). `scratch` is overwritten.
#[must_use]
pub fn trend(values: &[f64], scratch: &mut Vec<f64>) -> Option<Trend> {
    let n = values.len();
    if n < 3 {
        return None;
    }
    scratch.clear();
    let mut concordant = 0i64;
    for (i, a) in values.iter().enumerate() {
        for (j, b) in values.iter().enumerate().skip(i + 1) {
            scratch.push((b - a) / (j - i) as f64);
            concordant += i64::from(b > a) - i64::from(b < a);
        }
    }
    let slope = super::robust::median(scratch)?;
    scratch.clear();
    let ends = values.iter().enumerate().map(|(i, v)| v + slope * (n - 1 - i) as f64);
    scratch.extend(ends);
    let last = super::robust::median(scratch)?;
    let size = n as f64;
    let variance = size * (size - 1.0) * (2.0 * size + 5.0) / 18.0;
    Some(Trend { slope, last, z: concordant as f64 / variance.sqrt() })
}

/// The standard normal deviate that is exceeded with probability `alpha`.
///
/// Panics if `alpha` is not between 0 and 1.
#[must_use]
pub fn normal_bar(alpha: f64) -> f64 {
    assert!(alpha > 0.0 && alpha < 1.0, "a probability, found {alpha}");
    -Normal::standard().inverse_cdf(alpha)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compare(old: &[f64], new: &[f64]) -> Comparison {
        mann_whitney(old, new, &mut Vec::new()).unwrap()
    }

    #[test]
    fn cases_by_hand() {
        // U = 8.5 of 9 pairs (one tie), mean 4.5; variance 9/12 * (7 - 6/30) = 5.1.
        let found = compare(&[1.0, 2.0, 3.0], &[3.0, 4.0, 5.0]);
        assert!((found.superiority - 8.5 / 9.0).abs() < 1e-12);
        assert!((found.z - 3.5 / 5.1f64.sqrt()).abs() < 1e-9, "{found:?}");
        assert_eq!(compare(&[1.0; 9], &[1.0; 9]), Comparison { z: 0.0, superiority: 0.5 });
        assert_eq!(mann_whitney(&[], &[1.0], &mut Vec::new()), None);
        assert!((normal_bar(0.025) - 1.959_964).abs() < 1e-5);
    }

    #[test]
    fn one_wild_value_does_not_bend_the_trend() {
        let mut values: Vec<f64> = (0..20).map(|i| 3.0 + 0.5 * f64::from(i)).collect();
        values[7] = 1e6;
        let found = trend(&values, &mut Vec::new()).unwrap();
        assert!((found.slope - 0.5).abs() < 1e-9 && (found.last - 12.5).abs() < 1e-9);
        assert!(found.z > 4.0);
        assert_eq!(trend(&[1.0, 2.0], &mut Vec::new()), None);
    }

    proptest! {
        #[test]
        fn the_comparison_is_antisymmetric_and_knows_only_ranks(
            old in prop::collection::vec(0.0f64..9.0, 1..20),
            new in prop::collection::vec(0.0f64..9.0, 1..20),
        ) {
            let (there, back) = (compare(&old, &new), compare(&new, &old));
            prop_assert!((there.z + back.z).abs() < 1e-9);
            prop_assert!((there.superiority + back.superiority - 1.0).abs() < 1e-9);
            let bent = |values: &[f64]| values.iter().map(|v| v.exp()).collect::<Vec<_>>();
            prop_assert_eq!(compare(&bent(&old), &bent(&new)), there);
        }
    }
}
