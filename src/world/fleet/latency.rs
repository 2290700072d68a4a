//! Response times as lognormal laws and mixtures of them.
//!
//! In: mean and variance of a sum of independent parts (seconds). Out: tails, capped moments and
//! quantiles. The sum is matched to a lognormal by its first two moments (Fenton, "The sum of
//! log-normal probability distributions ...", 1960). Known limit: a part that hits few requests
//! hard (a rare slow callee) is smeared over the whole tail.

use statrs::function::erf::erfc;

use crate::kernel::normal_quantile;

/// Mean and variance of a time, in seconds; read as a lognormal law.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Latency {
    /// Mean, seconds.
    pub mean: f64,
    /// Variance, seconds squared.
    pub variance: f64,
}

/// One part of a mixture: a law and its weight (any scale).
pub(super) type Weighted = (f64, Latency);

impl Latency {
    /// The sum of two independent times.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { mean: self.mean + other.mean, variance: self.variance + other.variance }
    }

    /// Location and scale of the logarithm.
    #[must_use]
    pub fn log_parameters(self) -> (f64, f64) {
        let mean = self.mean.max(1e-6);
        let sigma2 = (self.variance / (mean * mean)).ln_1p().max(1e-6);
        (mean.ln() - sigma2 / 2.0, sigma2.sqrt())
    }

    /// Probability of lasting longer than `limit` seconds.
    #[must_use]
    pub fn exceeds(self, limit: f64) -> f64 {
        let (mu, sigma) = self.log_parameters();
        upper((limit.max(1e-9).ln() - mu) / sigma)
    }

    /// First and second moment of the time cut off at `limit` seconds, and the probability of
    /// being cut off.
    #[must_use]
    pub fn capped(self, limit: f64) -> (f64, f64, f64) {
        self.capped_as(self.log_parameters(), limit)
    }

    /// As `capped`, if its `log_parameters` are known.
    pub(super) fn capped_as(self, (mu, sigma): (f64, f64), limit: f64) -> (f64, f64, f64) {
        let z = (limit.max(1e-9).ln() - mu) / sigma;
        let mean = self.mean.max(1e-6);
        let second = mean * mean + self.variance;
        if z - 2.0 * sigma > NEVER {
            return (mean, second, 0.0);
        }
        let late = upper(z);
        let first = mean * (1.0 - upper(z - sigma)) + limit * late;
        let square = second * (1.0 - upper(z - 2.0 * sigma)) + limit * limit * late;
        (first, square, late)
    }
}

/// Deviations from which the upper tail of the normal law is less than a float can tell from 0.
const NEVER: f64 = 8.3;

/// The time that a share `q` of the mixture's requests does not exceed, by bisection.
#[must_use]
pub(super) fn quantile(mixture: &[Weighted], q: f64) -> Option<f64> {
    let total: f64 = mixture.iter().map(|(w, _)| w).sum();
    if total <= 0.0 {
        return None;
    }
    let z = normal_quantile(q.clamp(1e-12, 1.0 - 1e-12));
    if let [(_, law)] = mixture {
        let (mu, sigma) = law.log_parameters();
        return Some((mu + sigma * z).exp());
    }
    let alone = |law: &Latency| {
        let (mu, sigma) = law.log_parameters();
        (mu, sigma, mu + sigma * z)
    };
    let laws = mixture.iter().filter(|(w, _)| *w > 0.0).map(|(w, law)| (*w, alone(law)));
    // The mixture's quantile lies between those of its parts.
    let ends = laws.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, law)| {
        (low.min(law.2), high.max(law.2))
    });
    let (mut low, mut high) = ends;
    for _ in 0..MOST_HALVINGS {
        if high - low < CLOSE {
            break;
        }
        let middle = f64::midpoint(low, high);
        let above = |(w, (mu, sigma, _)): (f64, (f64, f64, f64))| w * upper((middle - mu) / sigma);
        if laws.clone().map(above).sum::<f64>() > (1.0 - q) * total {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high.exp())
}

/// Halvings of a bracket at most.
const MOST_HALVINGS: u32 = 40;
/// Width of a bracket of logarithms that is close enough: a tenth of a millionth.
const CLOSE: f64 = 1e-7;

/// Mean and variance of a mixture.
#[must_use]
pub(super) fn mixed(mixture: &[Weighted]) -> Latency {
    let total: f64 = mixture.iter().map(|(w, _)| w).sum();
    if total <= 0.0 {
        return Latency::default();
    }
    let moment =
        |f: fn(&Latency) -> f64| mixture.iter().map(|(w, l)| w * f(l)).sum::<f64>() / total;
    let mean = moment(|l| l.mean);
    let second = moment(|l| l.mean * l.mean + l.variance);
    Latency { mean, variance: (second - mean * mean).max(0.0) }
}

/// Upper tail of the standard normal law.
fn upper(z: f64) -> f64 {
    0.5 * erfc(z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: Latency = Latency { mean: 0.1, variance: 0.01 };

    #[test]
    fn quantiles_and_tails_agree() {
        let p99 = quantile(&[(3.0, LAW)], 0.99).unwrap();
        assert!((LAW.exceeds(p99) - 0.01).abs() < 1e-6);
        assert!(p99 > 0.4 && p99 < 0.6, "{p99}");
        assert_eq!(quantile(&[(0.0, LAW)], 0.5), None);
    }

    #[test]
    fn capping_far_away_changes_nothing_and_capping_near_caps() {
        let (mean, second, _) = LAW.capped(1e6);
        assert!((mean - 0.1).abs() < 1e-9 && (second - 0.02).abs() < 1e-9);
        let (mean, second, _) = LAW.capped(0.01);
        assert!(mean <= 0.01 && second <= 1e-4 + 1e-12);
    }

    #[test]
    fn one_slow_replica_in_ten_rules_the_tail() {
        let slow = Latency { mean: 2.0, variance: 1.0 };
        let p99 = quantile(&[(9.0, LAW), (1.0, slow)], 0.99).unwrap();
        assert!(p99 > 3.0, "{p99}");
        assert!((mixed(&[(9.0, LAW), (1.0, slow)]).mean - 0.29).abs() < 1e-9);
    }
}
