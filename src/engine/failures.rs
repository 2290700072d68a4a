//! How many spans of one operation failed in a window, against its past.
//!
//! In: one flag pair per span. Out: the excess of failures, in units of the bar (binomial standard
//! deviations and share), for those that no callee explains and for all. The past is a fading
//! count, so it needs no buffer. Source: binomial standard deviation sqrt(n p (1 - p)). Known
//! limit: retries make failures depend on each other.

/// Share of the past that stays with each window.
const KEEP: f64 = 0.97;
/// Excess failures below this never score 1.
const FEWEST: f64 = 2.0;

/// Failures of one operation.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    spans: u32,
    own: u32,
    all: u32,
    past_spans: f64,
    past_own: f64,
    past_all: f64,
}

/// The newest window against the past.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excess {
    /// 1 is nominal; negative if fewer.
    pub score: f64,
    /// Failed share now.
    pub observed: f64,
    /// Failed share before.
    pub expected: f64,
}

impl Failures {
    /// Takes in a span: whether it failed, and whether by itself.
    pub fn add(&mut self, failed: bool, own: bool) {
        self.spans += 1;
        self.all += u32::from(failed);
        self.own += u32::from(own);
    }

    /// The excess of own and of all failures; 1 at `sigmas` and at a growth of the share by
    /// `share`. `None` with fewer than `least` spans, now or before.
    #[must_use]
    pub fn compare(&self, least: usize, sigmas: f64, share: f64) -> Option<[Excess; 2]> {
        if (self.spans as usize) < least || self.past_spans < least as f64 {
            return None;
        }
        let n = f64::from(self.spans);
        let excess = |failed: u32, past: f64| {
            let expected = (past + 0.5) / (self.past_spans + 1.0);
            let sigma = (n * expected * (1.0 - expected)).sqrt();
            let bar = (sigmas * sigma).max(share * n).max(FEWEST);
            let score = ((f64::from(failed) - n * expected) / bar).min(10.0);
            Excess { score, observed: f64::from(failed) / n, expected }
        };
        Some([excess(self.own, self.past_own), excess(self.all, self.past_all)])
    }

    /// Begins the next window; the past learns from this one unless `hold`.
    pub fn turn(&mut self, hold: bool) {
        if !hold {
            self.past_spans = KEEP * self.past_spans + f64::from(self.spans);
            self.past_own = KEEP * self.past_own + f64::from(self.own);
            self.past_all = KEEP * self.past_all + f64::from(self.all);
        }
        (self.spans, self.own, self.all) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: (u32, u32), now: (u32, u32), low: f64, high: f64) {
        let mut failures = Failures::default();
        let fill = |failures: &mut Failures, (n, failed): (u32, u32)| {
            (0..n).for_each(|i| failures.add(i < failed, i < failed));
        };
        fill(&mut failures, before);
        failures.turn(false);
        fill(&mut failures, now);
        let score = failures.compare(8, 6.0, 0.04).map_or(f64::NAN, |[own, _]| own.score);
        assert!((low..=high).contains(&score), "{score} not in {low}..={high}");
    }

    #[test]
    fn an_excess_needs_number_and_share() {
        check((100, 0), (100, 0), -0.2, 0.0);
        check((100, 0), (100, 2), 0.0, 0.6);
        check((100, 0), (100, 30), 5.0, 10.0);
        check((100, 20), (100, 30), 0.0, 0.6);
        check((100, 20), (100, 90), 2.0, 4.0);
    }

    #[test]
    fn too_few_spans_say_nothing() {
        let mut failures = Failures::default();
        failures.add(true, true);
        assert_eq!(failures.compare(8, 6.0, 0.04), None);
    }
}
