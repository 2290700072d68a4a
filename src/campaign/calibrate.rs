//! From raw confidence to a probability: fit, choose by cross-validation, measure on the unseen.
//!
//! In: answers with the group they came from. Out: a `Calibration` fitted to all of them and what
//! its shape is worth on answers that a fit did not see. Folds are made of whole groups (scenario
//! and fault), never of trials; the shape with the least Brier score on unseen answers wins, the
//! simpler one on a tie. Limit: the winner's own score is the least of three, so a little too good.

use std::collections::BTreeMap;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::belief::{Belief, Sample};
use super::corpus::{Corpus, fault_group};
use super::sweep::plan::{Plan, Sampling, Seeds};
use super::sweep::run::Runner;
use super::{Progress, Trial};
use crate::kernel::Streams;
use crate::model::{Calibration, Shape};
use crate::stats::{isotonic, logistic};

/// Folds, at most.
const FOLDS: usize = 5;
/// Fewest groups for a cross-validation.
pub const FEWEST_GROUPS: usize = 4;
/// Beliefs are kept this far from 0 and 1 before their logarithm is taken.
const MARGIN: f64 = 0.001;

/// What calibrating came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The map, fitted to all answers.
    pub calibration: Calibration,
    /// Brier score of each shape on answers that its fit did not see.
    pub unseen_brier: BTreeMap<String, f64>,
    /// Raw confidences.
    pub before: Belief,
    /// Calibrated by fits that did not see the answer.
    pub after: Belief,
}

/// Answers of every scenario of a corpus under its policies, calibration left out.
///
/// # Errors
/// If the corpus cannot be planned.
pub fn answers(
    corpus: &Corpus,
    seeds: Seeds,
    jobs: usize,
    progress: &Progress<'_>,
) -> Result<Vec<Sample>, Vec<String>> {
    let mut raw = corpus.clone();
    for checked in &mut raw.scenarios {
        let mut policy = checked.policy.clone();
        policy.calibration = None;
        *checked = checked.clone().with_policy(policy);
    }
    let plan = Plan::new(&raw, Vec::new(), Sampling::Grid, seeds)?;
    let runner = Runner::new(&plan, false).map_err(|problem| vec![problem])?;
    let units: Vec<_> = (0..plan.units()).map(|place| plan.unit(place)).collect();
    let mut samples = Vec::new();
    for (unit, done) in units.iter().zip(runner.units(&units, jobs, progress)) {
        let checked = &raw.scenarios[unit.scenario];
        let cause = done.rows.first().and_then(|row| row.true_cause);
        samples.extend(done.answers.iter().map(|answer| Sample {
            group: fault_group(checked),
            confidence: answer.confidence,
            right: answer.right.unwrap_or(answer.entity_right),
            cause: cause.map(|c| c.to_string()),
        }));
    }
    Ok(samples)
}

/// Answers of replayed cases; a case's group is its labelled cause and entity.
#[must_use]
pub fn answers_of(trials: &[Trial]) -> Vec<Sample> {
    let mut samples = Vec::new();
    for trial in trials {
        let truth = trial.truth.as_ref().and_then(|t| t.incidents.first());
        let cause = truth.and_then(|t| t.cause).map(|c| c.to_string());
        let entity = truth.and_then(|t| t.root_causes.first()).map(ToString::to_string);
        let words = [cause.clone(), entity].map(Option::unwrap_or_default);
        for found in trial.scorecard.findings.iter().flat_map(|f| &f.confidence) {
            samples.push(Sample {
                group: words.join(" "),
                confidence: found.confidence,
                right: found.cause_right.unwrap_or(found.entity_right),
                cause: cause.clone(),
            });
        }
    }
    samples
}

/// Fits and chooses.
///
/// # Errors
/// If there are too few answers or groups to hold any out.
pub fn calibrate(samples: &[Sample], corpus: &str) -> Result<Calibrated, String> {
    let folds = folds(samples);
    let groups = folds.len();
    if groups < FEWEST_GROUPS {
        return Err(format!(
            "expected at least {FEWEST_GROUPS} groups of scenario and fault to hold some out, \
             found {groups} with {} answers: add scenarios with other faults",
            samples.len()
        ));
    }
    let mut unseen: BTreeMap<String, f64> = BTreeMap::new();
    let mut best: Option<(f64, Shape, Vec<Sample>)> = None;
    for shape in Shape::ALL {
        let held = held_out(samples, &folds, shape, corpus);
        let error = |s: &Sample| (s.confidence - f64::from(s.right)).powi(2);
        let brier = held.iter().map(error).sum::<f64>() / held.len() as f64;
        unseen.insert(shape.to_string(), brier);
        if best.as_ref().is_none_or(|(least, _, _)| brier < *least - 1e-12) {
            best = Some((brier, shape, held));
        }
    }
    let (_, shape, held) = best.ok_or("expected at least one answer, found none")?;
    Ok(Calibrated {
        calibration: fit(samples, shape, corpus, groups),
        unseen_brier: unseen,
        before: Belief::of(samples),
        after: Belief::of(&held),
    })
}

/// The fold of each group, groups dealt out in a fixed random order.
fn folds(samples: &[Sample]) -> BTreeMap<&str, usize> {
    let mut groups: Vec<&str> = samples.iter().map(|s| s.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut stream = Streams::new(0).stream("calibrate/folds");
    for place in (1..groups.len()).rev() {
        groups.swap(place, stream.random_range(0..=place));
    }
    groups.iter().enumerate().map(|(place, group)| (*group, place % FOLDS)).collect()
}

/// Every answer with the confidence of a fit that did not see its group.
fn held_out(
    samples: &[Sample],
    folds: &BTreeMap<&str, usize>,
    shape: Shape,
    corpus: &str,
) -> Vec<Sample> {
    let fold = |s: &Sample| folds[s.group.as_str()];
    let mut held = samples.to_vec();
    for number in 0..FOLDS {
        let seen: Vec<Sample> = samples.iter().filter(|s| fold(s) != number).cloned().collect();
        let map = fit(&seen, shape, corpus, folds.len());
        for sample in held.iter_mut().filter(|s| fold(s) == number) {
            sample.confidence = map.apply(sample.confidence);
        }
    }
    held
}

/// The map of one shape that fits the answers best.
pub(super) fn fit(samples: &[Sample], shape: Shape, corpus: &str, groups: usize) -> Calibration {
    let (mut coefficients, mut knots) = (Vec::new(), Vec::new());
    match shape {
        Shape::Isotonic => {
            let answers: Vec<(f64, bool)> =
                samples.iter().map(|s| (s.confidence, s.right)).collect();
            knots = isotonic::fit(&answers);
        }
        Shape::Beta => {
            let row = |s: &Sample| {
                let p = s.confidence.clamp(MARGIN, 1.0 - MARGIN);
                ([p.ln(), -(1.0 - p).ln()], s.right)
            };
            let rows: Vec<_> = samples.iter().map(row).collect();
            coefficients = logistic::fit(&rows).unwrap_or_else(|| vec![1.0, 1.0, 0.0]);
        }
        Shape::Platt => {
            let rows: Vec<_> = samples.iter().map(|s| ([s.confidence], s.right)).collect();
            coefficients = logistic::fit(&rows).unwrap_or_else(|| vec![1.0, 0.0]);
        }
    }
    let rounded = |value: f64| (value * 1e6).round() / 1e6;
    Calibration {
        shape,
        coefficients: coefficients.into_iter().map(rounded).collect(),
        knots: knots.into_iter().map(|[x, y]| [x, rounded(y)]).collect(),
        corpus: corpus.to_owned(),
        answers: samples.len() as u64,
        groups: groups as u64,
        windtunnel: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A boaster: says 0.9 where 60 % are right, 0.5 where 20 % are; 10 groups alike.
    fn boaster() -> Vec<Sample> {
        let sample = |group: usize, confidence, right| Sample {
            group: format!("g{group}"),
            confidence,
            right,
            cause: None,
        };
        (0..10)
            .flat_map(|g| (0..10).map(move |i| (g, i)))
            .map(|(g, i)| if i < 5 { sample(g, 0.9, i < 3) } else { sample(g, 0.5, i < 6) })
            .collect()
    }

    #[test]
    fn a_boaster_is_brought_down_on_answers_that_the_fit_did_not_see() {
        let found = calibrate(&boaster(), "c").unwrap();
        let (before, after) = (found.before.all, found.after.all);
        assert!(after.ece.unwrap() < 0.06 && before.ece.unwrap() > 0.25, "{before:?} {after:?}");
        assert!(after.brier < before.brier);
        assert!((found.calibration.apply(0.9) - 0.6).abs() < 0.05, "{:?}", found.calibration);
        assert_eq!((found.calibration.answers, found.calibration.groups), (100, 10));
        assert_eq!(found.calibration.problem(), None);
        assert_eq!(found.unseen_brier.len(), 3);
    }

    #[test]
    fn too_few_groups_are_refused_with_what_is_missing() {
        let few: Vec<Sample> = boaster().into_iter().filter(|s| s.group.as_str() < "g3").collect();
        let problem = calibrate(&few, "c").unwrap_err();
        assert!(problem.contains("found 3 with 30 answers"), "{problem}");
    }
}
