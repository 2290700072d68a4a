//! What was usual at this hour: the median of earlier periods around the same phase.
//!
//! In: values at slots of equal length (gaps skipped, slot by slot), a period in slots. Out: the
//! prediction for the next slot, from values before it. Bounded: `cycles` periods are kept.
//! Also: which of several predictors was best lately, so that a season is found, not configured.
//! Source: the seasonal naive forecast (Hyndman and Athanasopoulos, "Forecasting", 5.2) made
//! robust by a median. Known limit: calendar effects (holidays, months) are not known.

/// Values kept for one prediction, at most.
const MOST: usize = 64;

/// Remembers whole periods of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    period: usize,
    cycles: usize,
    spread: usize,
    ring: Vec<f64>,
    /// Slots seen so far.
    seen: u64,
}

impl Season {
    /// A season of `period` slots, predicted from `cycles` periods and the slots up to `spread`
    /// beside.
    ///
    /// Panics if any is 0 or more than `MOST` values would take part.
    #[must_use]
    pub fn new(period: usize, cycles: usize, spread: usize) -> Self {
        assert!(period > spread && cycles > 0, "a season has a length");
        assert!(cycles * (2 * spread + 1) <= MOST, "at most {MOST} values predict one");
        let ring = vec![f64::NAN; period * cycles + spread + 1];
        Self { period, cycles, spread, ring, seen: 0 }
    }

    /// Moves on by one slot that holds `value` (NaN: none).
    pub fn push(&mut self, value: f64) {
        let at = (self.seen % self.ring.len() as u64) as usize;
        self.ring[at] = value;
        self.seen += 1;
    }

    /// What the next slot usually holds; `None` before `least` whole periods, or without values.
    #[must_use]
    pub fn predict(&self, least: usize) -> Option<f64> {
        if self.seen < (least * self.period) as u64 {
            return None;
        }
        let mut found = [0.0; MOST];
        let mut count = 0;
        for cycle in 1..=self.cycles {
            let centre = (cycle * self.period) as u64;
            for back in centre - self.spread as u64..=centre + self.spread as u64 {
                if back <= self.seen && back <= self.ring.len() as u64 {
                    let at = ((self.seen - back) % self.ring.len() as u64) as usize;
                    let value = self.ring[at];
                    if !value.is_nan() {
                        found[count] = value;
                        count += 1;
                    }
                }
            }
        }
        super::robust::median(&mut found[..count])
    }
}

/// Which of `N` predictors had the smallest mean error lately.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contest<const N: usize> {
    errors: [f64; N],
    weights: [f64; N],
    forget: f64,
    least: f64,
}

impl<const N: usize> Contest<N> {
    /// No errors known. An error counts `1 - forget` less with each further one; a predictor is
    /// trusted after about `least` errors, the first at once.
    #[must_use]
    pub fn new(forget: f64, least: f64) -> Self {
        Self { errors: [0.0; N], weights: [0.0; N], forget, least }
    }

    /// The residual of the best predictor so far (`None`: it says nothing); then learns all.
    pub fn judge(&mut self, residuals: [Option<f64>; N]) -> Option<f64> {
        let mean = |i: usize| self.errors[i] / self.weights[i].max(1.0);
        let mut best: Option<(f64, f64)> = None;
        for (i, residual) in residuals.iter().enumerate() {
            let Some(residual) = *residual else { continue };
            let trusted = i == 0 || self.weights[i] >= self.least;
            if trusted && best.is_none_or(|(error, _)| mean(i) < error) {
                best = Some((mean(i), residual));
            }
        }
        for (i, residual) in residuals.iter().enumerate() {
            if let Some(residual) = residual {
                self.errors[i] = self.errors[i] * (1.0 - self.forget) + residual.abs();
                self.weights[i] = self.weights[i] * (1.0 - self.forget) + 1.0;
            }
        }
        best.map(|(_, residual)| residual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_predicts_its_phase_and_one_odd_day_does_not_matter() {
        let mut season = Season::new(4, 3, 0);
        for (i, value) in [1.0, 2.0, 3.0, 4.0].repeat(3).into_iter().enumerate() {
            assert_eq!(season.predict(1).is_some(), i >= 4);
            season.push(if i == 4 { 99.0 } else { value });
        }
        assert_eq!(season.predict(1), Some(1.0));
        season.push(f64::NAN);
        assert_eq!(season.predict(1), Some(2.0));
    }

    #[test]
    fn gaps_predict_nothing() {
        let mut season = Season::new(2, 2, 1);
        (0..6).for_each(|_| season.push(f64::NAN));
        assert_eq!(season.predict(1), None);
    }

    #[test]
    fn the_better_predictor_wins_once_it_is_trusted() {
        let mut contest = Contest::<2>::new(0.01, 5.0);
        let judged: Vec<_> = (0..8).map(|_| contest.judge([Some(3.0), Some(1.0)])).collect();
        assert_eq!(judged[..5], [Some(3.0); 5]);
        assert_eq!(judged[6..], [Some(1.0); 2]);
        assert_eq!(contest.judge([None, None]), None);
    }
}
