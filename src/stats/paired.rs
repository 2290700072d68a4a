//! Paired differences: is their mean 0, and which of many such questions may be answered with yes?
//!
//! In: differences, a random stream. Out: the two-sided p-value of the sign-flip test, exact up to
//! `EXACT` differences that are not 0 and by `FLIPS` random flips beyond; Holm's adjustment of many
//! p-values. Sources: Fisher, The Design of Experiments (1935), section 21; Phipson and Smyth,
//! "Permutation P-values Should Never Be Zero" (2010); Holm, "A Simple Sequentially Rejective
//! Multiple Test Procedure" (Scandinavian Journal of Statistics 6, 1979).
//! Limit: the test assumes that under no difference each sign is as likely as the other.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Differences up to which all sign flips are tried.
const EXACT: usize = 12;
/// Random flips beyond.
const FLIPS: u64 = 4000;

/// The p-value of "the mean of these differences is 0"; 1 if all of them are.
#[must_use]
pub fn sign_flip(differences: &[f64], stream: &mut ChaCha8Rng) -> f64 {
    let mut sizes: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    if sizes.is_empty() {
        return 1.0;
    }
    // The order given must not matter to the last bit.
    sizes.sort_by(f64::total_cmp);
    let seen = sizes.iter().sum::<f64>().abs();
    // Sums that differ only by rounding are as extreme.
    let slack = 1e-9 * sizes.iter().map(|d| d.abs()).sum::<f64>();
    let extreme = |sum: f64| sum.abs() + slack >= seen;
    if sizes.len() <= EXACT {
        let all = 1u32 << sizes.len();
        let flipped = |mask: u32| -> f64 {
            let signed = |(i, d): (usize, &f64)| if mask >> i & 1 == 1 { -d } else { *d };
            sizes.iter().enumerate().map(signed).sum()
        };
        let hits = (0..all).filter(|mask| extreme(flipped(*mask))).count();
        return hits as f64 / f64::from(all);
    }
    let mut hits = 0u64;
    for _ in 0..FLIPS {
        let flipped: f64 =
            sizes.iter().map(|d| if stream.random_range(0..2u8) == 1 { -d } else { *d }).sum();
        hits += u64::from(extreme(flipped));
    }
    (hits + 1) as f64 / (FLIPS + 1) as f64
}

/// Holm's adjusted p-values, in the order given.
#[must_use]
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut adjusted = vec![1.0; values.len()];
    let mut least: f64 = 0.0;
    for (rank, index) in order.into_iter().enumerate() {
        let scaled = values[index] * (values.len() - rank) as f64;
        least = least.max(scaled).min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn stream() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(5)
    }

    #[test]
    fn small_samples_are_exact() {
        assert_eq!(sign_flip(&[0.0, 0.0], &mut stream()), 1.0);
        assert_eq!(sign_flip(&[], &mut stream()), 1.0);
        assert_eq!(sign_flip(&[1.0; 5], &mut stream()), 2.0 / 32.0);
        assert_eq!(sign_flip(&[3.0, 0.0, -3.0], &mut stream()), 1.0);
        // Of the 16 signs of 1, 2, 3, 4 only the two with all alike reach a sum of 10.
        assert_eq!(sign_flip(&[1.0, 2.0, 3.0, 4.0], &mut stream()), 2.0 / 16.0);
    }

    #[test]
    fn large_samples_find_what_is_there_and_nothing_else() {
        let noise: Vec<f64> = (0..60).map(|i| f64::from((i * 37) % 61) - 30.0).collect();
        assert!(sign_flip(&noise, &mut stream()) > 0.3);
        let moved: Vec<f64> = noise.iter().map(|d| d + 15.0).collect();
        assert!(sign_flip(&moved, &mut stream()) < 0.001);
    }

    #[test]
    fn no_difference_is_claimed_as_often_as_promised() {
        let mut draws = ChaCha8Rng::seed_from_u64(6);
        let claimed = (0..1000)
            .filter(|_| {
                let d: Vec<f64> = (0..10).map(|_| draws.random_range(-1.0..1.0)).collect();
                sign_flip(&d, &mut stream()) <= 0.05
            })
            .count();
        assert!((25..=75).contains(&claimed), "{claimed} of 1000, about 50 expected");
    }

    #[test]
    fn holm_steps_down() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(adjusted.iter().zip(expected).all(|(a, e)| (a - e).abs() < 1e-12), "{adjusted:?}");
        assert!(holm(&[]).is_empty());
    }
}
