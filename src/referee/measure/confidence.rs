//! Can its confidence be believed?
//!
//! In: the top hypothesis of every answer, and whether it was right: for a truth, the committed
//! diagnosis; for a false alarm, its own, which is wrong by definition. Out: Brier score (Brier,
//! 1950), expected calibration error over bins of equal mass (Naeini et al., AAAI 2015; Nguyen
//! and O'Connor, EMNLP 2015), the bins themselves. Right means entity and cause; the second block
//! asks for the entity only, because many labels name no cause.

use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::model::{Diagnosis, TrueIncident};
use crate::referee::case::Case;
use crate::referee::commitment::{committed, committed_alone, entity_scores, strict_rank, top};
use crate::referee::estimate::Estimate;
use crate::referee::matching::Fate;

/// Fewest items for an expected calibration error: below, it is noise.
const ENOUGH: usize = 10;

const DEFINITIONS: &[Definition] = &[
    define("brier", "1", "mean of (confidence - right)^2; chance: always saying the base rate"),
    define("ece", "1", "mean gap between confidence and share right, weighted by bin; n >= 10"),
    define("n", "1", "answers with a known right or wrong (entity and cause)"),
    define("mean_confidence", "1", "mean confidence of the top hypothesis"),
    define("accuracy", "1", "share that was right"),
    define("bins", "", "the reliability diagram"),
    define("entity", "", "the same with only the entity having to be right"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "confidence",
    summary: "Brier score, expected calibration error, reliability bins",
    help: "Confidence decides what the engine does alone, so it is scored. False alarms that were \
           diagnosed count as wrong.",
    source: "Brier (1950); Naeini et al. (AAAI 2015); Nguyen and O'Connor (EMNLP 2015)",
    example: "{}",
    schema: schema_of::<Confidence>,
    build: DEFINITIONS,
};

/// One bin of the reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Bin {
    /// Mean confidence in it.
    pub confidence: f64,
    /// Share right in it.
    pub accuracy: f64,
    /// Answers in it.
    pub n: u64,
}

/// Calibration of one kind of being right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Calibration {
    /// Mean squared error; chance is the base rate said always.
    pub brier: Estimate,
    /// Expected calibration error; null with fewer than 10 answers.
    pub ece: Option<f64>,
    /// Answers.
    pub n: u64,
    /// Their mean confidence.
    pub mean_confidence: Option<f64>,
    /// Share right.
    pub accuracy: Estimate,
    /// Bins of equal mass; equal confidences stay together.
    pub bins: Vec<Bin>,
}

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Confidence {
    /// Mean squared error of entity and cause; chance is the base rate said always.
    pub brier: Estimate,
    /// Expected calibration error; null with fewer than 10 answers.
    pub ece: Option<f64>,
    /// Answers whose cause could be judged.
    pub n: u64,
    /// Their mean confidence.
    pub mean_confidence: Option<f64>,
    /// Share right.
    pub accuracy: Estimate,
    /// Bins of equal mass; equal confidences stay together.
    pub bins: Vec<Bin>,
    /// The same with only the entity having to be right.
    pub entity: Calibration,
}

/// What one answer shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// Confidence of the top hypothesis.
    pub confidence: f64,
    /// Whether its entity was right.
    pub entity_right: bool,
    /// Whether entity and cause were right; null if the cause is not labelled and the entity right.
    pub cause_right: Option<bool>,
}

/// Looks at one trial that has a truth.
pub(in crate::referee) fn find(case: &Case<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (index, truth) in case.truths().iter().enumerate() {
        if let (Some(said), false) = (committed(case, index), truth.root_causes.is_empty()) {
            found.extend(judge(case, said.what, Some(truth)));
        }
    }
    for (life, fate) in case.opened.iter().zip(&case.matching.fates) {
        let answers = (0..case.truths().len()).any(|t| case.answering(t).contains(&life.id));
        if *fate == Fate::FalseAlarm && !answers {
            found.extend(committed_alone(case, life.id).and_then(|s| judge(case, s.what, None)));
        }
    }
    found
}

/// Sums up answers.
pub(in crate::referee) fn summarise(items: &[&Found]) -> Confidence {
    let full: Vec<(f64, bool)> =
        items.iter().filter_map(|f| f.cause_right.map(|right| (f.confidence, right))).collect();
    let entity = items.iter().map(|f| (f.confidence, f.entity_right)).collect();
    let Calibration { brier, ece, n, mean_confidence, accuracy, bins } = calibrate(full, "full");
    let entity = calibrate(entity, "entity");
    Confidence { brier, ece, n, mean_confidence, accuracy, bins, entity }
}

fn judge(case: &Case<'_>, answer: &Diagnosis, truth: Option<&TrueIncident>) -> Option<Found> {
    let best = answer.hypotheses.iter().map(|h| h.confidence.get()).reduce(f64::max)?;
    let scores = entity_scores(case, answer);
    let first = |root| strict_rank(&scores, case.service(root)) == Some(1);
    let entity_right = truth.is_some_and(|t| t.root_causes.iter().any(first));
    let cause = truth.map(|t| (t, t.cause));
    let cause_right = match cause {
        Some((truth, Some(cause))) => Some(top(case, answer, truth, cause)),
        Some((_, None)) if entity_right => None,
        _ => Some(false),
    };
    debug_assert!(truth.is_some() || !entity_right, "a false alarm is never right");
    Some(Found { confidence: best, entity_right, cause_right })
}

fn calibrate(mut items: Vec<(f64, bool)>, name: &str) -> Calibration {
    items.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let errors: Vec<f64> = items.iter().map(|(c, right)| (c - f64::from(*right)).powi(2)).collect();
    let hits = items.iter().filter(|(_, right)| *right).count() as u64;
    let n = items.len() as u64;
    let bins = bins(&items);
    let base = hits as f64 / n.max(1) as f64;
    let gap = |b: &Bin| b.n as f64 * (b.confidence - b.accuracy).abs();
    let ece = (items.len() >= ENOUGH).then(|| bins.iter().map(gap).sum::<f64>() / n as f64);
    let sum: f64 = items.iter().map(|(c, _)| c).sum();
    Calibration {
        brier: Estimate::mean(&errors, &format!("confidence/{name}/brier"))
            .beside((n > 0).then_some(base * (1.0 - base))),
        ece,
        n,
        mean_confidence: (n > 0).then(|| sum / n as f64),
        accuracy: Estimate::proportion(hits, n),
        bins,
    }
}

/// At most ten bins of about equal mass and at least five answers, over ascending confidences.
fn bins(items: &[(f64, bool)]) -> Vec<Bin> {
    let wanted = (items.len() / 5).clamp(1, 10);
    let mass = items.len().div_ceil(wanted);
    let mut bins = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let mut end = mass.min(rest.len());
        while end < rest.len() && rest[end].0 == rest[end - 1].0 {
            end += 1;
        }
        let (bin, after) = rest.split_at(end);
        let hits = bin.iter().filter(|(_, right)| *right).count();
        bins.push(Bin {
            confidence: bin.iter().map(|(c, _)| c).sum::<f64>() / bin.len() as f64,
            accuracy: hits as f64 / bin.len() as f64,
            n: bin.len() as u64,
        });
        rest = after;
    }
    bins
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(parts: &[(f64, usize, usize)]) -> Vec<(f64, bool)> {
        let one = |(c, right, wrong): &(f64, usize, usize)| {
            [vec![(*c, true); *right], vec![(*c, false); *wrong]].concat()
        };
        parts.iter().flat_map(one).collect()
    }

    #[test]
    fn a_calibrated_engine_has_no_error_and_a_boaster_has() {
        let honest = calibrate(answers(&[(0.2, 2, 8), (0.8, 8, 2)]), "x");
        assert!(honest.ece.unwrap() < 1e-12, "{honest:?}");
        assert!((honest.brier.value.unwrap() - 0.16).abs() < 1e-12);
        assert!((honest.brier.chance.unwrap() - 0.25).abs() < 1e-12);
        let boaster = calibrate(answers(&[(1.0, 5, 15)]), "x");
        assert!((boaster.ece.unwrap() - 0.75).abs() < 1e-12);
        assert_eq!(boaster.bins.len(), 1, "equal confidences stay in one bin");
    }

    #[test]
    fn few_answers_have_a_count_but_no_error() {
        let few = calibrate(answers(&[(0.5, 2, 1)]), "x");
        assert_eq!((few.n, few.ece), (3, None));
        let none = calibrate(Vec::new(), "x");
        assert_eq!((none.n, none.mean_confidence, none.brier), (0, None, Estimate::default()));
    }
}
