//! How rare a value is among those seen before: -log10 of its tail probability.
//!
//! In: a stream of distances (larger = stranger). Out: 2 means "one in a hundred". Below the 95 %
//! quantile the probability is the empirical rank; above, an exponential tail with the mean excess
//! of the past goes on beyond the largest value ever seen: the peaks-over-threshold rule with
//! shape 0. So scores of series of any unit, scale and noise compare, and a threshold t has the
//! stated false-alarm rate of 10^-t a sample while the past is like the present.
//! Source: Siffer, Fouque, Termier and Largouet, "Anomaly Detection in Streams with Extreme Value
//! Theory", KDD 2017. Known limit: earlier trouble thickens the tail until it leaves the window.

use super::sorted_ring::SortedRing;

/// Where the tail begins.
const TAIL: f64 = 0.95;
/// Values that must be known before anything is rare.
const LEAST: usize = 20;
/// The mean excess is at least this share of the tail's beginning: a constant past makes no value
/// infinitely rare.
const LEAST_EXCESS: f64 = 0.02;

/// Learns what is usual and says how rare each value is.
#[derive(Debug, Clone, PartialEq)]
pub struct Rarity {
    past: SortedRing,
}

impl Rarity {
    /// With nothing learnt; the last `memory` values count.
    #[must_use]
    pub fn new(memory: usize) -> Self {
        Self { past: SortedRing::new(memory) }
    }

    /// How rare `value` is among the values before it, which then includes it; 0 while too few
    /// are known, and for NaN, which is not learnt.
    pub fn push(&mut self, value: f64) -> f64 {
        if value.is_nan() {
            return 0.0;
        }
        let rarity = self.of(value);
        self.past.push(value);
        rarity
    }

    /// How rare `value` would be now.
    #[must_use]
    pub fn of(&self, value: f64) -> f64 {
        let past = self.past.sorted();
        if past.len() < LEAST {
            return 0.0;
        }
        let begin = (TAIL * (past.len() - 1) as f64) as usize;
        let tail = past[begin];
        if value <= tail {
            let share = (past.len() - self.past.rank(value)) as f64 / past.len() as f64;
            return -share.max(1.0 - TAIL).log10();
        }
        let beyond = &past[begin + 1..];
        let excess = beyond.iter().map(|v| v - tail).sum::<f64>() / beyond.len().max(1) as f64;
        let excess = excess.max(LEAST_EXCESS * tail.abs()).max(1e-9);
        -(1.0 - TAIL).log10() + (value - tail) / excess * std::f64::consts::LOG10_E
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_rare_while_little_is_known() {
        let mut rarity = Rarity::new(100);
        assert!((0..20).all(|_| rarity.push(1.0) == 0.0));
        assert!(rarity.push(9.0) > 2.0 && rarity.push(f64::NAN) == 0.0);
    }

    #[test]
    fn the_false_alarm_rate_is_what_the_score_says() {
        // Exponential values by inversion of a low-discrepancy sequence: no chance in the test.
        let mut rarity = Rarity::new(4000);
        let values = (1..20_000u32).map(|i| -(f64::from(i) * 0.618_033_988_75).fract().ln());
        let scores: Vec<f64> = values.map(|v| rarity.push(v)).skip(4000).collect();
        for (level, expected) in [(1.0, 0.1), (2.0, 0.01), (3.0, 0.001)] {
            let share = scores.iter().filter(|s| **s >= level).count() as f64 / 16_000.0;
            assert!(share < expected * 1.5 && share > expected / 1.5, "{level}: {share}");
        }
    }

    proptest! {
        #[test]
        fn scale_changes_nothing_and_larger_is_rarer(
            values in prop::collection::vec(0.0f64..10.0, 30..80), scale in 0.5f64..100.0,
        ) {
            let (mut a, mut b) = (Rarity::new(50), Rarity::new(50));
            for value in values {
                let (x, y) = (a.push(value), b.push(value * scale));
                prop_assert!((x - y).abs() < 1e-6, "{} {}", x, y);
            }
            prop_assert!(a.of(3.0) <= a.of(4.0) && a.of(40.0) <= a.of(50.0));
        }
    }
}
