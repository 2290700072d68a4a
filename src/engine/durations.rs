//! How long one operation takes, window by window, and how far the newest lies from before.
//!
//! In: durations in nanoseconds. Out: the shift of the window's median log duration against earlier
//! windows, in units of the bar (standard errors and growth). Bounded: `MOST` durations per window,
//! `Limits::history` windows. Source: standard error of a median, 1.2533 sigma / sqrt(n), sigma
//! from the interquartile range. Known limit: the mix of fast and slow requests must be steady.
//! The logarithm keeps order, so it is taken of the few durations that a quantile lies between.

use crate::stats::robust::{MAD_TO_SIGMA, quantile_of_ranks};
use crate::stats::sorted_ring::SortedRing;

/// What counts as a shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Fewest durations in a window.
    pub least: usize,
    /// Earlier windows kept.
    pub history: usize,
    /// Standard errors at which the score is 1.
    pub sigmas: f64,
    /// Growth at which the score is 1: 0.5 is half as long again.
    pub growth: f64,
}

/// The newest window against earlier ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// 1 is nominal; negative if faster.
    pub score: f64,
    /// Median now, in seconds.
    pub observed: f64,
    /// Median before, in seconds.
    pub expected: f64,
}

/// Durations of one window, and the summaries of earlier ones.
#[derive(Debug, Clone)]
pub struct Durations {
    limits: Limits,
    /// In nanoseconds, those too small to tell apart made equal.
    nanos: Vec<i64>,
    /// Median log duration and its error, once somebody asked.
    summary: Option<(f64, f64)>,
    medians: SortedRing,
    errors_of_median: SortedRing,
}

/// Durations kept per window.
pub const MOST: usize = 4096;
/// Own time below this is not told apart: 0.1 ms, in nanoseconds.
const FINEST: i64 = 100_000;
/// Growth that anybody could feel, in nanoseconds: as for metrics (`engine/effect.rs`), 2 ms.
const FELT: f64 = 2e6;

impl Durations {
    /// None yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let past = || SortedRing::new(limits.history.max(1));
        let (medians, errors_of_median) = (past(), past());
        Self { limits, nanos: Vec::new(), summary: None, medians, errors_of_median }
    }

    /// Takes in a duration in nanoseconds.
    pub fn add(&mut self, nanos: i64) {
        if self.nanos.len() < MOST {
            self.nanos.push(nanos.max(FINEST));
            self.summary = None;
        }
    }

    /// The shift of the window's median; `None` with too few durations, now or before.
    pub fn compare(&mut self) -> Option<Shift> {
        let limits = self.limits;
        if self.nanos.len() < limits.least || self.medians.is_empty() {
            return None;
        }
        let (now, noise) = self.summary()?;
        let expected = self.medians.median()?;
        let between = MAD_TO_SIGMA * self.medians.mad(expected)?;
        let within = self.errors_of_median.median()?;
        let sigma = (noise.min(3.0 * within).powi(2) + between.powi(2) + within.powi(2)).sqrt();
        // A quick operation that gets half as quick again is nobody's trouble.
        let felt = (FELT / expected.exp()).ln_1p();
        let bar = (limits.sigmas * sigma).max(limits.growth.ln_1p()).max(felt);
        let score = ((now - expected) / bar).min(10.0);
        Some(Shift { score, observed: now.exp() / 1e9, expected: expected.exp() / 1e9 })
    }

    /// Begins the next window; the past learns from this one unless `hold`.
    pub fn turn(&mut self, hold: bool) {
        if self.nanos.len() >= self.limits.least
            && !hold
            && let Some((median, error)) = self.summary()
        {
            self.medians.push(median);
            self.errors_of_median.push(error);
        }
        self.nanos.clear();
        self.summary = None;
    }

    /// Median log duration and its standard error, from the interquartile range.
    fn summary(&mut self) -> Option<(f64, f64)> {
        if self.summary.is_none() {
            self.nanos.sort_unstable();
            let at = |q| quantile_of_ranks(self.nanos.len(), q, |i| (self.nanos[i] as f64).ln());
            let spread = (at(0.75)? - at(0.25)?) / 1.349;
            let error = 1.2533 * spread / (self.nanos.len() as f64).sqrt();
            self.summary = Some((at(0.5)?, error));
        }
        self.summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { least: 5, history: 3, sigmas: 6.0, growth: 0.5 };

    #[track_caller]
    fn check(windows: &[&[f64]], expected: Option<f64>) {
        let mut durations = Durations::new(LIMITS);
        let mut last = None;
        for window in windows {
            window.iter().for_each(|millis| durations.add((millis * 1e6) as i64));
            last = durations.compare().map(|shift| shift.score);
            durations.turn(false);
        }
        match (last, expected) {
            (Some(found), Some(expected)) => assert!((found - expected).abs() < 0.01, "{found}"),
            (found, expected) => assert_eq!(found, expected),
        }
    }

    #[test]
    fn growth_is_measured_on_a_log_scale_once_there_are_enough() {
        check(&[&[10.0; 5]], None);
        check(&[&[10.0; 5], &[10.0; 4]], None);
        check(&[&[10.0; 5], &[10.0; 5]], Some(0.0));
        check(&[&[10.0; 5], &[15.0; 5]], Some(1.0));
        check(&[&[10.0; 5], &[22.5; 5]], Some(2.0));
        check(&[&[0.0; 5], &[0.05; 5]], Some(0.0));
    }

    #[test]
    fn noise_raises_the_bar() {
        let noisy = [2.0, 5.0, 10.0, 20.0, 50.0];
        let more = noisy.map(|v| v * 2.0);
        let mut durations = Durations::new(LIMITS);
        noisy.iter().for_each(|v| durations.add((v * 1e6) as i64));
        durations.turn(false);
        more.iter().for_each(|v| durations.add((v * 1e6) as i64));
        assert!(durations.compare().is_some_and(|shift| shift.score < 0.5));
    }

    #[test]
    fn the_summary_is_that_of_all_log_durations() {
        for n in [1_usize, 2, 5, 8, 40, 333] {
            let nanos = |i: usize| ((i * 7919 + 13) % 1009 * 40_000) as i64;
            let mut durations = Durations::new(LIMITS);
            (0..n).for_each(|i| durations.add(nanos(i)));
            let mut logs: Vec<f64> = (0..n).map(|i| (nanos(i).max(FINEST) as f64).ln()).collect();
            let mut at = |q| crate::stats::robust::quantile(&mut logs, q).unwrap();
            let error = 1.2533 * ((at(0.75) - at(0.25)) / 1.349) / (n as f64).sqrt();
            assert_eq!(durations.summary(), Some((at(0.5), error)));
            durations.add(1);
            assert_eq!(durations.summary, None, "one more changes it");
        }
    }
}
