//! Sequential tests of a share that may be looked at after every trial.
//!
//! In: hits of n, a bound and a level. Out: whether the share is shown to be below or above the
//! bound. The test statistic is a likelihood ratio mixed uniformly over the shares on one side of
//! the bound; under the other side it is a supermartingale, so that by Ville's inequality (1939) it
//! ever exceeds 1 / alpha with probability alpha at most, however often one looks. Source: Robbins,
//! "Statistical Methods Related to the Law of the Iterated Logarithm" (Annals of Mathematical
//! Statistics 41, 1970). Limit: trials must be independent.

use statrs::function::beta::{beta_reg, ln_beta};

/// On which side of a bound a share is shown to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Not above it.
    Below,
    /// Not below it.
    Above,
}

/// The side that `hits` of `n` show, each with error `1 - level` at most; `None` if it is not
/// clear yet. A bound of 0 or 1 can only be refuted.
#[must_use]
pub fn side(hits: u64, n: u64, bound: f64, level: f64) -> Option<Side> {
    assert!(hits <= n, "no more hits ({hits}) than tries ({n})");
    let needed = -(1.0 - level).ln();
    if bound <= 0.0 {
        return (hits > 0).then_some(Side::Above);
    }
    if bound >= 1.0 {
        return (hits < n).then_some(Side::Below);
    }
    if evidence(hits, n, bound, false) >= needed {
        return Some(Side::Below);
    }
    (evidence(hits, n, bound, true) >= needed).then_some(Side::Above)
}

/// Log of the mixed likelihood ratio for shares above (or below) the bound.
fn evidence(hits: u64, n: u64, bound: f64, above: bool) -> f64 {
    let (a, b) = (hits as f64 + 1.0, (n - hits) as f64 + 1.0);
    let (mass, width) = if above {
        (beta_reg(b, a, 1.0 - bound), 1.0 - bound)
    } else {
        (beta_reg(a, b, bound), bound)
    };
    if mass <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let null = hits as f64 * bound.ln() + (n - hits) as f64 * (1.0 - bound).ln();
    mass.ln() + ln_beta(a, b) - width.ln() - null
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// How many trials of a share it takes to decide, at most `most`.
    fn play(share: f64, bound: f64, most: u64, stream: &mut ChaCha8Rng) -> (Option<Side>, u64) {
        let mut hits = 0;
        for n in 1..=most {
            hits += u64::from(stream.random_range(0.0..1.0) < share);
            if let Some(found) = side(hits, n, bound, 0.95) {
                return (Some(found), n);
            }
        }
        (None, most)
    }

    #[test]
    fn looking_after_every_trial_errs_no_more_than_promised() {
        let mut stream = ChaCha8Rng::seed_from_u64(3);
        for bound in [0.02, 0.5] {
            let wrong = (0..400)
                .filter(|_| play(bound, bound, 300, &mut stream).0 == Some(Side::Below))
                .count();
            assert!(wrong <= 32, "{wrong} of 400 at {bound}: 20 are promised, 32 is 2.7 sigma");
        }
    }

    #[test]
    fn a_clear_answer_stops_early() {
        let mut stream = ChaCha8Rng::seed_from_u64(4);
        let (found, n) = play(0.0, 0.02, 1000, &mut stream);
        assert_eq!((found, n), (Some(Side::Below), 224), "no hit at all shows 2 % at 95 %");
        let (found, n) = play(0.5, 0.02, 1000, &mut stream);
        assert!(found == Some(Side::Above) && n < 20, "{found:?} {n}");
    }

    #[test]
    fn bounds_at_the_ends_can_only_be_refuted() {
        assert_eq!(side(0, 1000, 0.0, 0.95), None);
        assert_eq!(side(1, 1000, 0.0, 0.95), Some(Side::Above));
        assert_eq!(side(999, 1000, 1.0, 0.95), Some(Side::Below));
    }
}
