//! What came of remedies so far: a remedy that failed is believed in less.
//!
//! In: for a cause and a verb, whether it healed. Out: a weight in 0..=1 for the confidence of the
//! next plan with that verb: (credit + healed) / (credit + healed + failed), the mean of a Beta
//! distribution whose prior is `credit` successes. Source: Laplace's rule of succession. Limit:
//! knows one trial only; whom it was done to is not looked at.

use std::collections::BTreeMap;

use crate::model::{Cause, Verb};

/// Outcomes by cause and verb.
#[derive(Debug, Clone, Default)]
pub(super) struct Experience {
    credit: f64,
    seen: BTreeMap<(Cause, Verb), (f64, f64)>,
}

impl Experience {
    /// Nothing known; `credit` successes are assumed for each remedy, 0 for no learning.
    #[must_use]
    pub(super) fn new(credit: f64) -> Self {
        Self { credit: credit.max(0.0), seen: BTreeMap::new() }
    }

    /// Notes what came of a remedy.
    pub(super) fn note(&mut self, cause: Cause, verb: Verb, healed: bool) {
        let (good, bad) = self.seen.entry((cause, verb)).or_default();
        if healed { *good += 1.0 } else { *bad += 1.0 }
    }

    /// How much of the confidence is left for a remedy, 0..=1.
    #[must_use]
    pub(super) fn weight(&self, cause: Cause, verb: Verb) -> f64 {
        match self.seen.get(&(cause, verb)) {
            Some((good, bad)) if self.credit > 0.0 => {
                (self.credit + good) / (self.credit + good + bad)
            }
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_lower_and_successes_restore_the_weight() {
        let mut known = Experience::new(4.0);
        let mut weight = |healed: Option<bool>| {
            if let Some(healed) = healed {
                known.note(Cause::BadDeploy, Verb::Rollback, healed);
            }
            (known.weight(Cause::BadDeploy, Verb::Rollback) * 100.0).round()
        };
        let seen = [None, Some(false), Some(false), Some(true)].map(&mut weight);
        assert_eq!(seen, [100.0, 80.0, 67.0, 71.0]);
        assert_eq!(known.weight(Cause::BadDeploy, Verb::Restart), 1.0);
        let mut off = Experience::new(0.0);
        off.note(Cause::BadDeploy, Verb::Rollback, false);
        assert_eq!(off.weight(Cause::BadDeploy, Verb::Rollback), 1.0);
    }
}
