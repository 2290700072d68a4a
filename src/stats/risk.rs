//! Is a risk below a bound, and how many more observations would it take to say so?
//!
//! In: losses in 0..=1 of independent units (whole scenarios, not their seeds). Out: the p-value of
//! "the mean loss is above the bound". For losses of 0 and 1 it is the binomial tail, the test
//! behind the interval of Clopper and Pearson (1934); for others the smaller of Hoeffding's (1963)
//! and Bentkus's (2004) bound, as in Bates et al., "Distribution-free, risk-controlling prediction
//! sets" (JACM 2021). Several settings are tested in a fixed sequence, which needs no correction:
//! Angelopoulos et al., "Learn then test" (2021), section 4. Limit: units must be exchangeable with
//! what comes; no statistics can say that they are.

use statrs::distribution::{Binomial, DiscreteCDF};

/// Most units that `needed` looks for.
const MOST_NEEDED: u64 = 1_000_000;

/// The p-value of "the mean loss is above `bound`"; 1 without losses.
///
/// Panics if a loss is outside 0..=1 or the bound outside 0..1.
#[must_use]
pub fn p_value(losses: &[f64], bound: f64) -> f64 {
    assert!(bound > 0.0 && bound < 1.0, "a bound on a risk is inside 0..1, not {bound}");
    assert!(losses.iter().all(|l| (0.0..=1.0).contains(l)), "losses are in 0..=1");
    let n = losses.len() as u64;
    if n == 0 {
        return 1.0;
    }
    let sum: f64 = losses.iter().sum();
    if losses.iter().all(|l| *l == 0.0 || *l == 1.0) {
        return tail(sum.round() as u64, n, bound);
    }
    let mean = sum / n as f64;
    let hoeffding = (-(n as f64) * divergence(mean.min(bound), bound)).exp();
    let bentkus = std::f64::consts::E * tail(sum.ceil() as u64, n, bound);
    hoeffding.min(bentkus).min(1.0)
}

/// The least bound at which `p_value` is at most `delta`: an upper limit of the mean loss.
#[must_use]
pub fn upper_bound(losses: &[f64], delta: f64) -> Option<f64> {
    if losses.is_empty() {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if middle > 0.0 && middle < 1.0 && p_value(losses, middle) <= delta {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

/// How many of the p-values, from the first, are at most `delta` before one is not.
#[must_use]
pub fn fixed_sequence(p_values: &[f64], delta: f64) -> usize {
    p_values.iter().take_while(|p| **p <= delta).count()
}

/// Units that it takes to say "at most `bound`" at level `1 - delta` if the loss stays at `rate`
/// of them; `None` if no number would do, because the rate itself is not below the bound.
#[must_use]
pub fn needed(rate: f64, bound: f64, delta: f64) -> Option<u64> {
    let says = |n: u64| tail((rate * n as f64).ceil() as u64, n, bound) <= delta;
    if rate >= bound {
        return None;
    }
    let mut high = 1;
    while !says(high) {
        high *= 2;
        if high > MOST_NEEDED {
            return None;
        }
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if says(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

/// P(at most `hits` of `n`) at a share of `bound`.
fn tail(hits: u64, n: u64, bound: f64) -> f64 {
    Binomial::new(bound, n).expect("the bound is a probability").cdf(hits)
}

/// Kullback-Leibler divergence of two coins.
fn divergence(a: f64, b: f64) -> f64 {
    let part = |x: f64, y: f64| if x > 0.0 { x * (x / y).ln() } else { 0.0 };
    part(a, b) + part(1.0 - a, 1.0 - b)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::interval::clopper_pearson;

    #[test]
    fn no_loss_in_n_units_is_the_rule_of_three() {
        assert!(p_value(&[0.0; 299], 0.01) <= 0.05);
        assert!(p_value(&[0.0; 298], 0.01) > 0.05);
        assert_eq!(needed(0.0, 0.01, 0.05), Some(299));
        assert_eq!(needed(0.02, 0.01, 0.05), None);
        assert!(needed(0.005, 0.01, 0.05).unwrap() > 1000);
        assert_eq!((p_value(&[], 0.1), upper_bound(&[], 0.1)), (1.0, None));
    }

    #[test]
    fn the_upper_bound_is_the_exact_limit_of_clopper_and_pearson() {
        let losses: Vec<f64> = (0..60).map(|i| f64::from(i < 2)).collect();
        let exact = clopper_pearson(2, 60, 0.90).unwrap().high;
        assert!((upper_bound(&losses, 0.05).unwrap() - exact).abs() < 1e-9);
    }

    #[test]
    fn a_fixed_sequence_ends_at_the_first_failure() {
        assert_eq!(fixed_sequence(&[0.01, 0.04, 0.06, 0.001], 0.05), 2);
        assert_eq!(fixed_sequence(&[], 0.05), 0);
    }

    proptest! {
        #[test]
        fn more_loss_never_looks_safer(
            mut losses in prop::collection::vec(0.0..=0.9f64, 1..40), bound in 0.05..0.5f64,
            which in 0usize..40,
        ) {
            let before = p_value(&losses, bound);
            let place = which % losses.len();
            losses[place] += 0.1;
            prop_assert!(p_value(&losses, bound) >= before - 1e-12);
        }
    }
}
