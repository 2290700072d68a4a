//! Runs one side of a comparison, and many comparisons of a side with itself.
//!
//! `calibrate` is the check of the check: both sides are the same policy on different seeds, so
//! that every difference claimed is false, and the share of such claims must be the level.

use rayon::prelude::*;

use super::measure::Tolerances;
use super::sample::Sample;
use super::weigh::{Difference, compare};
use crate::campaign::document::{RunDocument, SourceDocument, SourceKind};
use crate::campaign::suite::Limits;
use crate::campaign::suite::guarded;
use crate::campaign::{CaseFailure, Progress, Setup, pool};
use crate::model::Policy;
use crate::scenario::Checked;
use crate::timeline::Provenance;

/// Runs every scenario on its seeds, with `policy` in the place of its own if one is given.
///
/// # Errors
/// The trials that did not end.
pub fn run_side(
    scenarios: &[Checked],
    policy: Option<&Policy>,
    offset: u64,
    seeds: u64,
    jobs: usize,
    progress: &Progress<'_>,
) -> Result<Vec<Sample>, Vec<CaseFailure>> {
    let work: Vec<(&Checked, u64)> = scenarios
        .iter()
        .flat_map(|checked| {
            let first = checked.file.seed.wrapping_add(offset);
            (0..seeds).map(move |n| (checked, first.wrapping_add(n)))
        })
        .collect();
    let name = |(checked, seed): &(&Checked, u64)| format!("{} seed {seed}", checked.file.name);
    let one = |(checked, seed): &(&Checked, u64)| sample(checked, policy, *seed);
    let results = pool::map(&work, jobs, progress, name, one);
    let (mut samples, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(sample) => samples.push(sample),
            Err(failure) => failures.push(failure),
        }
    }
    if failures.is_empty() { Ok(samples) } else { Err(failures) }
}

fn sample(checked: &Checked, policy: Option<&Policy>, seed: u64) -> Result<Sample, CaseFailure> {
    let other = policy.map(|policy| checked.clone().with_policy(policy.clone()));
    let checked = other.as_ref().unwrap_or(checked);
    let trial = guarded(checked, seed, &Limits::default()).map_err(|(status, problems)| {
        let broken = status == crate::campaign::suite::Status::Broken;
        CaseFailure { name: checked.file.name.clone(), seed, problems, broken }
    })?;
    let setup = Setup {
        source: SourceDocument {
            kind: SourceKind::Scenario,
            path: checked.path.display().to_string(),
            provenance: Provenance::Synthetic,
        },
        policy: checked.policy.clone(),
        expect: checked.file.expect.clone(),
    };
    let document = RunDocument::new(&setup, std::slice::from_ref(&trial), &[]);
    Ok(Sample::of(&document.trials[0]))
}

/// What many comparisons of a policy with itself claimed.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Calibration {
    /// Comparisons.
    pub comparisons: u64,
    /// Comparisons with at least one claim after Holm's correction.
    pub claimed: u64,
    /// Single questions that could be answered (some pair differs).
    pub questions: u64,
    /// Of those, answers below the level before the correction.
    pub below: u64,
}

/// Compares a policy with itself `times`, each time on seeds of its own.
///
/// # Errors
/// The trials that did not end.
pub fn calibrate(
    scenarios: &[Checked],
    policy: Option<&Policy>,
    times: u64,
    seeds: u64,
    alpha: f64,
    progress: &Progress<'_>,
) -> Result<Calibration, Vec<CaseFailure>> {
    let counter = std::sync::atomic::AtomicUsize::new(0);
    let one = |n: u64| -> Result<Calibration, Vec<CaseFailure>> {
        let side = |offset| run_side(scenarios, policy, offset, seeds, 1, &|_, _, _| {});
        let (base, head) = (side(2 * n * seeds)?, side((2 * n + 1) * seeds)?);
        let found = compare(&base, &head, &Tolerances::none(), alpha);
        let asked = |d: &&Difference| d.interval.is_some() && d.better + d.worse > 0;
        let done = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        progress(done, usize::try_from(times).unwrap_or(usize::MAX), "comparison");
        Ok(Calibration {
            comparisons: 1,
            claimed: u64::from(found.differences.iter().any(|d| d.adjusted <= alpha)),
            questions: found.differences.iter().filter(asked).count() as u64,
            below: found.differences.iter().filter(asked).filter(|d| d.p <= alpha).count() as u64,
        })
    };
    let all: Vec<Result<Calibration, Vec<CaseFailure>>> =
        (0..times).into_par_iter().map(one).collect();
    let mut sum = Calibration::default();
    for one in all {
        let one = one?;
        sum.comparisons += one.comparisons;
        sum.claimed += one.claimed;
        sum.questions += one.questions;
        sum.below += one.below;
    }
    Ok(sum)
}
