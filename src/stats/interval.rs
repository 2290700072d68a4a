//! Intervals around proportions, rates and means.
//!
//! In: counts or slices, a level such as 0.95, and for the bootstrap a random stream. Out: a
//! `Span` of low and high. Sources: Wilson, "Probable Inference" (JASA 22, 1927); Clopper and
//! Pearson (Biometrika 26, 1934); Garwood, exact limits of a Poisson mean (Biometrika 28, 1936);
//! Efron, "Better Bootstrap Confidence Intervals" (JASA 82, 1987) for percentile and BCa.
//! Limit: all of them take the items as independent; several incidents of one trial are not.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{Beta, ContinuousCDF, Gamma, Normal};

use super::summary::{mean, quantile_sorted, sorted};

/// A closed interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// Wilson's score interval for `hits` of `n`; `None` if `n` is 0.
#[must_use]
pub fn wilson(hits: u64, n: u64, level: f64) -> Option<Span> {
    assert!(hits <= n, "no more hits ({hits}) than tries ({n})");
    if n == 0 {
        return None;
    }
    let (count, share) = (n as f64, hits as f64 / n as f64);
    let z = normal().inverse_cdf(0.5 + level / 2.0);
    let denominator = 1.0 + z * z / count;
    let centre = (share + z * z / (2.0 * count)) / denominator;
    let spread = (share * (1.0 - share) / count + z * z / (4.0 * count * count)).sqrt();
    let half = z * spread / denominator;
    let low = if hits == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if hits == n { 1.0 } else { (centre + half).min(1.0) };
    Some(Span { low, high })
}

/// The exact (conservative) interval of Clopper and Pearson; `None` if `n` is 0.
#[must_use]
pub fn clopper_pearson(hits: u64, n: u64, level: f64) -> Option<Span> {
    assert!(hits <= n, "no more hits ({hits}) than tries ({n})");
    if n == 0 {
        return None;
    }
    let tail = (1.0 - level) / 2.0;
    let quantile = |a: u64, b: u64, p: f64| {
        Beta::new(a as f64, b as f64).expect("both shapes are positive").inverse_cdf(p)
    };
    let low = if hits == 0 { 0.0 } else { quantile(hits, n - hits + 1, tail) };
    let high = if hits == n { 1.0 } else { quantile(hits + 1, n - hits, 1.0 - tail) };
    Some(Span { low, high })
}

/// Garwood's exact interval for the mean of a Poisson count, here the count itself.
#[must_use]
pub fn poisson(count: u64, level: f64) -> Span {
    let tail = (1.0 - level) / 2.0;
    let quantile = |shape: u64, p: f64| {
        Gamma::new(shape as f64, 1.0).expect("the shape is positive").inverse_cdf(p)
    };
    let low = if count == 0 { 0.0 } else { quantile(count, tail) };
    Span { low, high: quantile(count + 1, 1.0 - tail) }
}

/// The statistic of `replicates` resamples of `items`, ascending; those without one are left out.
#[must_use]
pub fn resample<T: Copy>(
    items: &[T],
    replicates: usize,
    stream: &mut ChaCha8Rng,
    statistic: impl Fn(&[T]) -> Option<f64>,
) -> Vec<f64> {
    let mut drawn = items.to_vec();
    let mut found = Vec::with_capacity(replicates);
    for _ in 0..replicates {
        for slot in &mut drawn {
            *slot = items[stream.random_range(0..items.len())];
        }
        found.extend(statistic(&drawn));
    }
    sorted(&found)
}

/// The percentile bootstrap interval of a statistic; `None` with fewer than two items.
#[must_use]
pub fn percentile<T: Copy>(
    items: &[T],
    level: f64,
    replicates: usize,
    stream: &mut ChaCha8Rng,
    statistic: impl Fn(&[T]) -> Option<f64>,
) -> Option<Span> {
    if items.len() < 2 {
        return None;
    }
    let found = resample(items, replicates, stream, statistic);
    let tail = (1.0 - level) / 2.0;
    let low = quantile_sorted(&found, tail)?;
    Some(Span { low, high: quantile_sorted(&found, 1.0 - tail)? })
}

/// The bias-corrected and accelerated bootstrap interval of a mean; `None` with fewer than two
/// values. Values are sorted first, so that their order does not matter.
#[must_use]
pub fn bca_mean(
    values: &[f64],
    level: f64,
    replicates: usize,
    stream: &mut ChaCha8Rng,
) -> Option<Span> {
    let (values, centre) = (sorted(values), mean(values)?);
    if values.len() < 2 {
        return None;
    }
    if values[0] == values[values.len() - 1] {
        return Some(Span { low: values[0], high: values[0] });
    }
    let found = resample(&values, replicates, stream, |drawn| {
        Some(drawn.iter().sum::<f64>() / drawn.len() as f64)
    });
    let below = found.partition_point(|m| *m < centre) as f64;
    let share = (below / found.len() as f64).clamp(1e-6, 1.0 - 1e-6);
    let (bias, bend) = (normal().inverse_cdf(share), acceleration(&values, centre));
    let end = |p: f64| {
        let z = bias + normal().inverse_cdf(p);
        quantile_sorted(&found, normal().cdf(bias + z / (1.0 - bend * z)).clamp(0.0, 1.0))
    };
    let tail = (1.0 - level) / 2.0;
    Some(Span { low: end(tail)?, high: end(1.0 - tail)? })
}

/// Efron's acceleration of the mean: a sixth of the skewness of the jackknife values, which for a
/// mean is that of the values themselves.
fn acceleration(values: &[f64], centre: f64) -> f64 {
    let (squares, cubes) = values.iter().fold((0.0, 0.0), |(squares, cubes), value| {
        let off = value - centre;
        (squares + off * off, cubes + off * off * off)
    });
    let spread: f64 = squares * f64::sqrt(squares);
    if spread == 0.0 { 0.0 } else { cubes / (6.0 * spread) }
}

fn normal() -> Normal {
    Normal::new(0.0, 1.0).expect("a standard normal exists")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    fn stream() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(7)
    }

    #[track_caller]
    fn check(found: Option<Span>, low: f64, high: f64) {
        let span = found.unwrap();
        assert!((span.low - low).abs() < 1e-4 && (span.high - high).abs() < 1e-4, "{span:?}");
    }

    #[test]
    fn known_intervals_are_met() {
        // Newcombe, "Two-sided confidence intervals for the single proportion" (1998), 81 of 263.
        check(wilson(81, 263, 0.95), 0.2553, 0.3662);
        check(clopper_pearson(81, 263, 0.95), 0.2527, 0.3676);
        check(wilson(0, 10, 0.95), 0.0, 0.2775);
        check(clopper_pearson(10, 10, 0.95), 0.6915, 1.0);
        check(Some(poisson(0, 0.95)), 0.0, 3.6889);
        check(Some(poisson(10, 0.95)), 4.7954, 18.3904);
        assert_eq!((wilson(0, 0, 0.95), clopper_pearson(0, 0, 0.95)), (None, None));
    }

    #[test]
    fn the_bootstrap_agrees_with_the_normal_theory_of_a_mean() {
        let values: Vec<f64> = (0..200).map(f64::from).collect();
        let half = 1.96 * (200.0f64 * 200.0 / 12.0 / 200.0).sqrt();
        let found = bca_mean(&values, 0.95, 2000, &mut stream()).unwrap();
        assert!((found.low - (99.5 - half)).abs() < 1.5, "{found:?}");
        assert!((found.high - (99.5 + half)).abs() < 1.5, "{found:?}");
        let plain = percentile(&values, 0.95, 2000, &mut stream(), mean).unwrap();
        assert!((plain.low - found.low).abs() < 1.5 && (plain.high - found.high).abs() < 1.5);
    }

    #[test]
    fn too_little_gives_no_interval_and_no_spread_gives_a_point() {
        assert_eq!(bca_mean(&[3.0], 0.95, 100, &mut stream()), None);
        assert_eq!(percentile(&[3.0], 0.95, 100, &mut stream(), mean), None);
        let point = Some(Span { low: 3.0, high: 3.0 });
        assert_eq!(bca_mean(&[3.0, 3.0], 0.95, 100, &mut stream()), point);
    }

    proptest! {
        #[test]
        fn intervals_hold_the_share_and_stay_in_bounds(n in 1u64..400, part in 0.0..=1.0f64) {
            let hits = (n as f64 * part) as u64;
            let share = hits as f64 / n as f64;
            let (score, exact) =
                (wilson(hits, n, 0.95).unwrap(), clopper_pearson(hits, n, 0.95).unwrap());
            for span in [score, exact] {
                prop_assert!(0.0 <= span.low && span.low <= share + 1e-12);
                prop_assert!(share <= span.high + 1e-12 && span.high <= 1.0);
            }
            prop_assert!(exact.high - exact.low >= score.high - score.low - 0.02);
        }

        #[test]
        fn the_order_of_values_does_not_matter(
            mut values in prop::collection::vec(0.0..1.0f64, 2..20),
        ) {
            let forward = bca_mean(&values, 0.9, 50, &mut stream());
            values.reverse();
            prop_assert_eq!(forward, bca_mean(&values, 0.9, 50, &mut stream()));
        }
    }
}
