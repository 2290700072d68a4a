//! Draws for one service and one scrape, without state between scrapes.
//!
//! In: the service's own noise, the number of the scrape. Out: uniform, normal and Poisson draws.
//! Another service or another scrape shifts nothing here.

use crate::kernel::{Gauss, Lane, Streams, uniform};

/// A short run of draws.
#[derive(Debug)]
pub(super) struct Dice {
    noise: Lane,
    drawn: u64,
}

impl Dice {
    /// The draws of `noise` for scrape `lane`.
    #[must_use]
    pub(super) fn new(noise: Streams, lane: u64) -> Self {
        Self { noise: noise.lane(lane), drawn: 0 }
    }

    /// In 0..1, never 0 or 1.
    pub(super) fn uniform(&mut self) -> f64 {
        self.drawn += 1;
        self.noise.uniform(self.drawn)
    }

    /// Standard normal.
    pub(super) fn normal(&mut self) -> f64 {
        self.drawn += 1;
        Gauss::table().normal(self.noise.bits(self.drawn))
    }

    /// A whole number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((self.uniform() * bound as f64) as u64).min(bound.saturating_sub(1))
    }

    /// How often something happens that is expected `mean` times, at most `limit`.
    pub(super) fn times(&mut self, mean: f64, limit: u32) -> u32 {
        self.drawn += 1;
        // Of most things none are expected: then no bits need be mixed.
        if mean <= 0.0 {
            return 0;
        }
        poisson(mean, self.noise.bits(self.drawn)).min(f64::from(limit)) as u32
    }

    /// 64 bits that are never 0.
    pub(super) fn bits(&mut self) -> u64 {
        let high = (self.uniform() * 4_294_967_296.0) as u64;
        ((high << 32) | (self.uniform() * 4_294_967_296.0) as u64).max(1)
    }
}

/// Expected number above which counts are drawn by the normal law.
const MANY: f64 = 30.0;

/// The Poisson number of these bits: by inversion when few are expected, else by the normal law.
#[must_use]
pub(super) fn poisson(mean: f64, bits: u64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    if mean > MANY {
        let z = Gauss::table().normal(bits);
        return (mean + mean.sqrt() * z + 0.5).max(0.0).floor();
    }
    let u = uniform(bits);
    // None come with a probability of e^-mean, which is above 1 - mean.
    if u <= 1.0 - mean {
        return 0.0;
    }
    let (mut count, mut term) = (0.0, (-mean).exp());
    let mut sum = term;
    while sum < u && count < 200.0 {
        count += 1.0;
        term *= mean / count;
        sum += term;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_mean_they_should() {
        let (lane, n) = (Streams::new(1).lane(0), 400_000_u32);
        for mean in [0.3, 8.0, 200.0] {
            let sum: f64 = (0..n).map(|i| poisson(mean, lane.bits(i.into()))).sum();
            assert!((sum / f64::from(n) / mean - 1.0).abs() < 0.01, "{mean}: {sum}");
        }
        assert_eq!(poisson(0.0, u64::MAX), 0.0);
    }
}
