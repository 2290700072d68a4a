//! One trial of one side: the numbers it is compared by.

use std::collections::BTreeMap;

use crate::campaign::document::{RunDocument, TrialDocument};

/// One trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The scenario's or case's name.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Its digest.
    pub digest: String,
    /// The numbers that are there.
    pub values: BTreeMap<&'static str, f64>,
    /// Violations by kind, none left out.
    pub violations: BTreeMap<String, u64>,
}

impl Sample {
    /// The sample of a trial.
    #[must_use]
    pub fn of(trial: &TrialDocument) -> Self {
        let card = &trial.scorecard;
        let timing = card.timing.as_ref();
        let lost = timing.and_then(|t| t.not_recovered.as_ref()).and_then(|e| e.value);
        let right = card.remediation.as_ref().and_then(|r| r.acted_right_remedy.value);
        let met = trial.expectations.iter().all(|judged| judged.met);
        let numbers = [
            ("violations", Some(card.safety.total as f64)),
            ("recovered", lost.map(|lost| 1.0 - lost)),
            ("mttr", timing.and_then(|t| t.mttr_s.as_ref()).and_then(|s| s.mean)),
            ("mttd", timing.and_then(|t| t.mttd_s.mean)),
            ("bad_requests", card.impact.bad_requests.value),
            ("diagnosis", card.localization.as_ref().and_then(|l| l.cause_accuracy.value)),
            ("right_action", right),
            ("pages", card.impact.pages.value),
            ("met", (!trial.expectations.is_empty()).then(|| f64::from(u8::from(met)))),
        ];
        let violations = card.safety.violations.iter();
        Self {
            name: trial.name.clone(),
            seed: trial.seed,
            digest: trial.digest.clone(),
            values: numbers.into_iter().filter_map(|(name, n)| Some((name, n?))).collect(),
            violations: violations.map(|(kind, n)| (kind.clone(), n.unwrap_or(0))).collect(),
        }
    }

    /// All samples of a stored run.
    #[must_use]
    pub fn all(document: &RunDocument) -> Vec<Self> {
        document.trials.iter().map(Self::of).collect()
    }
}
