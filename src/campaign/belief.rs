//! Whether confidences can be believed: one measure set for raw, calibrated and recorded answers.
//!
//! In: answers with their group (scenario and fault). Out: Brier score with its parts, calibration
//! error over bins of equal mass, reliability bins with exact intervals, the curve of risk against
//! coverage and its area, over all and by labelled cause. Intervals of means are bootstrapped by
//! group, never by trial. Absent is null.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::kernel::Streams;
use crate::stats::interval::{clopper_pearson, resample};
use crate::stats::reliability::{self, Answer};
use crate::stats::summary::quantile_sorted;

/// Bins of a diagram, at most.
const BINS: usize = 10;
const REPLICATES: usize = 500;
/// Fewest answers for a calibration error: below, it is noise.
const ENOUGH: usize = 10;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Scenario and fault, or the like: what is exchangeable.
    pub group: String,
    /// Confidence of the top hypothesis.
    pub confidence: f64,
    /// Whether it was right.
    pub right: bool,
    /// Labelled cause; absent for a false alarm or where the label does not say.
    pub cause: Option<String>,
}

/// What the answers say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    /// Numbers over all answers.
    pub all: Numbers,
    /// The same by labelled cause.
    pub by_cause: BTreeMap<String, Numbers>,
    /// The reliability diagram.
    pub bins: Vec<Bin>,
    /// Share answered and share wrong among them, surest first.
    pub risk_coverage: Vec<[f64; 2]>,
}

/// Numbers of one set of answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Answers.
    pub n: u64,
    /// Groups that they came from.
    pub groups: u64,
    /// Share right.
    pub accuracy: Option<f64>,
    /// Mean confidence.
    pub mean_confidence: Option<f64>,
    /// Brier score.
    pub brier: Option<f64>,
    /// Its 95 % interval, bootstrapped by group.
    pub brier_interval: Option<[f64; 2]>,
    /// Its part from miscalibration.
    pub reliability: Option<f64>,
    /// Its part from telling right from wrong; more is better.
    pub resolution: Option<f64>,
    /// What always saying the base rate scores.
    pub uncertainty: Option<f64>,
    /// Expected calibration error; null with fewer than 10 answers.
    pub ece: Option<f64>,
    /// Area below risk against coverage.
    pub risk_coverage_area: Option<f64>,
}

/// One bin of the diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Mean confidence.
    pub confidence: f64,
    /// Share right.
    pub accuracy: f64,
    /// Its exact 95 % interval, as if answers were independent.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Answers.
    pub n: u64,
}

impl Belief {
    /// Measures answers.
    #[must_use]
    pub fn of(samples: &[Sample]) -> Self {
        let answers: Vec<Answer> = samples.iter().map(|s| (s.confidence, s.right)).collect();
        let bin = |b: &reliability::Bin| {
            let hits = (b.accuracy * b.n as f64).round() as u64;
            let span = clopper_pearson(hits, b.n, 0.95);
            let (low, high) = span.map_or((0.0, 1.0), |s| (s.low, s.high));
            Bin { confidence: b.confidence, accuracy: b.accuracy, low, high, n: b.n }
        };
        let mut causes: BTreeMap<String, Vec<&Sample>> = BTreeMap::new();
        for sample in samples {
            let cause = sample.cause.clone().unwrap_or_else(|| "none".to_owned());
            causes.entry(cause).or_default().push(sample);
        }
        Self {
            all: Numbers::of(&samples.iter().collect::<Vec<_>>()),
            by_cause: causes.iter().map(|(cause, all)| (cause.clone(), Numbers::of(all))).collect(),
            bins: reliability::bins(&answers, BINS).iter().map(bin).collect(),
            risk_coverage: reliability::risk_coverage(&answers)
                .into_iter()
                .map(|(coverage, risk)| [coverage, risk])
                .collect(),
        }
    }
}

impl Numbers {
    fn of(samples: &[&Sample]) -> Self {
        let answers: Vec<Answer> = samples.iter().map(|s| (s.confidence, s.right)).collect();
        let mut groups: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for sample in samples {
            let error = (sample.confidence - f64::from(sample.right)).powi(2);
            let cell = groups.entry(&sample.group).or_default();
            *cell = (cell.0 + error, cell.1 + 1.0);
        }
        let cells: Vec<(f64, f64)> = groups.values().copied().collect();
        let n = answers.len() as f64;
        let mean = |sum: f64| (n > 0.0).then(|| sum / n);
        let parts = reliability::brier(&answers, BINS);
        Self {
            n: answers.len() as u64,
            groups: cells.len() as u64,
            accuracy: mean(answers.iter().map(|(_, right)| f64::from(*right)).sum()),
            mean_confidence: mean(answers.iter().map(|(c, _)| c).sum()),
            brier: parts.map(|p| p.score),
            brier_interval: ratio_interval(&cells, "brier"),
            reliability: parts.map(|p| p.reliability),
            resolution: parts.map(|p| p.resolution),
            uncertainty: parts.map(|p| p.uncertainty),
            ece: (answers.len() >= ENOUGH)
                .then(|| reliability::calibration_error(&answers, BINS))
                .flatten(),
            risk_coverage_area: reliability::area(&answers),
        }
    }
}

/// The 95 % interval of sum / count over groups, by bootstrap of whole groups.
#[must_use]
pub fn ratio_interval(cells: &[(f64, f64)], name: &str) -> Option<[f64; 2]> {
    if cells.len() < 2 {
        return None;
    }
    let mut stream = Streams::new(0).stream(&format!("belief/{name}"));
    let found = resample(cells, REPLICATES, &mut stream, |drawn| {
        let (sum, n) = drawn.iter().fold((0.0, 0.0), |(s, n), cell| (s + cell.0, n + cell.1));
        (n > 0.0).then(|| sum / n)
    });
    Some([quantile_sorted(&found, 0.025)?, quantile_sorted(&found, 0.975)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_by_cause_and_absent_stays_absent() {
        let sample = |group: &str, confidence, right, cause: Option<&str>| Sample {
            group: group.to_owned(),
            confidence,
            right,
            cause: cause.map(str::to_owned),
        };
        let belief = Belief::of(&[
            sample("a", 0.9, true, Some("bad_deploy")),
            sample("b", 0.9, false, Some("bad_deploy")),
            sample("c", 0.2, false, None),
        ]);
        assert_eq!((belief.all.n, belief.all.groups, belief.all.ece), (3, 3, None));
        assert_eq!(belief.by_cause["bad_deploy"].accuracy, Some(0.5));
        assert_eq!(belief.by_cause["none"].brier_interval, None);
        assert_eq!(Belief::of(&[]).all, Numbers::default());
        let last = belief.risk_coverage.last().unwrap();
        assert!((last[1] - 2.0 / 3.0).abs() < 1e-12);
    }
}
