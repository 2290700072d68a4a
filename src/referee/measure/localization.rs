//! Was the right thing blamed?
//!
//! In: for each truth, the diagnosis the engine committed itself to. Out: AC@k, Avg@5, MRR, cause
//! accuracy, proximity, each beside what a random order of the suspects scores. Ties cost rank (an
//! engine that names everything equally ranks nothing); no answer is a miss. AC@k and Avg@5 as in
//! Yu et al., "MicroRank" (WWW 2021) and Pham et al., "RCAEval" (2024), with |truth| below.

use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::model::{Cause, Diagnosis, TrueIncident};
use crate::referee::case::Case;
use crate::referee::commitment::{committed, entity_scores, latest, strict_rank, top};
use crate::referee::estimate::Estimate;
use crate::referee::related::hops;
use crate::stats::summary;

const DEFINITIONS: &[Definition] = &[
    define("ac@1", "1", "share of true root causes among the top 1, mean over truths"),
    define("ac@3", "1", "share of true root causes among the top 3, mean over truths"),
    define("ac@5", "1", "share of true root causes among the top 5, mean over truths"),
    define("avg@5", "1", "mean of ac@1 to ac@5"),
    define("mrr", "1", "mean of 1 / rank of the best ranked true root cause; 0 if not named"),
    define("cause_accuracy", "1", "top 1 names entity and cause, over truths with a known cause"),
    define(
        "proximity",
        "1",
        "mean of 1 / (1 + calls between the top 1 and the nearest root cause)",
    ),
    define("latest_ac@1", "1", "ac@1 of the last diagnosis inside the claim"),
    define("answered", "1", "truths for which any hypothesis was given"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "localization",
    summary: "AC@1, AC@3, AC@5, Avg@5, MRR and cause accuracy beside chance",
    help: "The answer judged is the last diagnosis before the first act on the fleet, else before \
           the first plan, else the last inside the claim. Ties count against the engine.",
    source: "MicroRank (Yu et al., WWW 2021); RCAEval (Pham et al., 2024)",
    example: "{}",
    schema: schema_of::<Localization>,
    build: DEFINITIONS,
};

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Localization {
    /// Share of true root causes among the top 1.
    #[serde(rename = "ac@1")]
    pub ac_1: Estimate,
    /// Among the top 3.
    #[serde(rename = "ac@3")]
    pub ac_3: Estimate,
    /// Among the top 5.
    #[serde(rename = "ac@5")]
    pub ac_5: Estimate,
    /// Mean of AC@1 to AC@5.
    #[serde(rename = "avg@5")]
    pub avg_5: Estimate,
    /// Mean of 1 / best rank.
    pub mrr: Estimate,
    /// Top 1 right in entity and cause, where the cause is labelled.
    pub cause_accuracy: Estimate,
    /// Mean of 1 / (1 + hops), where the service map knows the way.
    pub proximity: Estimate,
    /// AC@1 of the last diagnosis inside the claim.
    #[serde(rename = "latest_ac@1")]
    pub latest_ac_1: Estimate,
    /// Share of truths with any answer.
    pub answered: Estimate,
}

/// What one truth shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// The truth's name.
    pub truth: String,
    /// Strict rank of each true root cause; null if it was not named.
    pub ranks: Vec<Option<u64>>,
    /// The same in the last diagnosis inside the claim.
    pub latest_ranks: Vec<Option<u64>>,
    /// Suspects that could have been named.
    pub candidates: u64,
    /// Whether any hypothesis was given.
    pub answered: bool,
    /// Whether the top 1 is right in entity and cause; null if the cause is not labelled.
    pub cause_right: Option<bool>,
    /// 1 / (1 + hops); null without a service map.
    pub proximity: Option<f64>,
}

/// Looks at one trial that has a truth.
pub(in crate::referee) fn find(case: &Case<'_>) -> Vec<Found> {
    let truths = case.truths().iter().enumerate();
    truths.filter(|(_, t)| !t.root_causes.is_empty()).map(|(i, t)| look(case, i, t)).collect()
}

/// Sums up truths.
pub(in crate::referee) fn summarise(items: &[&Found]) -> Localization {
    let ac = |k: u64| {
        let values: Vec<f64> = items.iter().map(|f| accuracy(&f.ranks, k)).collect();
        let name = format!("localization/ac@{k}");
        Estimate::mean(&values, &name).beside(chance(items, |f| chance_ac(k, f.candidates)))
    };
    let of = |name: &str, value: fn(&Found) -> Option<f64>| {
        let values: Vec<f64> = items.iter().filter_map(|f| value(f)).collect();
        Estimate::mean(&values, &format!("localization/{name}"))
    };
    let avg_chance = |f: &Found| (1..=5).map(|k| chance_ac(k, f.candidates)).sum::<f64>() / 5.0;
    let mrr_chance = |f: &Found| chance_mrr(f.candidates, f.ranks.len() as u64);
    let labelled: Vec<&Found> = items.iter().copied().filter(|f| f.cause_right.is_some()).collect();
    let causes = Cause::ALL.len() as f64;
    Localization {
        ac_1: ac(1),
        ac_3: ac(3),
        ac_5: ac(5),
        avg_5: of("avg@5", |f| Some(average(&f.ranks))).beside(chance(items, avg_chance)),
        mrr: of("mrr", |f| Some(reciprocal(&f.ranks))).beside(chance(items, mrr_chance)),
        cause_accuracy: of("cause_accuracy", |f| f.cause_right.map(f64::from))
            .beside(chance(&labelled, |f| chance_ac(1, f.candidates) / causes)),
        proximity: of("proximity", |f| f.proximity),
        latest_ac_1: of("latest_ac@1", |f| Some(accuracy(&f.latest_ranks, 1)))
            .beside(chance(items, |f| chance_ac(1, f.candidates))),
        answered: of("answered", |f| Some(f64::from(f.answered))),
    }
}

fn look(case: &Case<'_>, index: usize, truth: &TrueIncident) -> Found {
    let answer = committed(case, index).map(|said| said.what);
    let last = latest(case, index).map(|said| said.what);
    Found {
        truth: truth.id.clone(),
        ranks: ranks(case, answer, truth),
        latest_ranks: ranks(case, last, truth),
        candidates: case.evidence.candidates.len() as u64,
        answered: answer.is_some_and(|d| !d.hypotheses.is_empty()),
        cause_right: truth.cause.map(|cause| answer.is_some_and(|d| top(case, d, truth, cause))),
        proximity: proximity(case, answer, truth),
    }
}

fn ranks(case: &Case<'_>, answer: Option<&Diagnosis>, truth: &TrueIncident) -> Vec<Option<u64>> {
    let scores = answer.map(|d| entity_scores(case, d)).unwrap_or_default();
    truth.root_causes.iter().map(|root| strict_rank(&scores, case.service(root))).collect()
}

/// Of entities tied at the top, the farthest counts.
fn proximity(case: &Case<'_>, answer: Option<&Diagnosis>, truth: &TrueIncident) -> Option<f64> {
    let map = case.evidence.topology?;
    let scores = answer.map(|d| entity_scores(case, d)).unwrap_or_default();
    let best = scores.iter().map(|(_, s)| *s).fold(f64::NEG_INFINITY, f64::max);
    let tops = scores.iter().filter(|(_, s)| *s == best);
    let near = tops.map(|(name, _)| {
        let ways = truth.root_causes.iter().filter_map(|r| hops(map, name, case.service(r)));
        ways.min().map_or(0.0, |hops| 1.0 / (1.0 + f64::from(hops)))
    });
    Some(near.min_by(f64::total_cmp).unwrap_or(0.0))
}

fn accuracy(ranks: &[Option<u64>], k: u64) -> f64 {
    let hits = ranks.iter().filter(|rank| rank.is_some_and(|r| r <= k)).count();
    hits as f64 / ranks.len() as f64
}

fn average(ranks: &[Option<u64>]) -> f64 {
    (1..=5).map(|k| accuracy(ranks, k)).sum::<f64>() / 5.0
}

fn reciprocal(ranks: &[Option<u64>]) -> f64 {
    ranks.iter().flatten().min().map_or(0.0, |rank| 1.0 / *rank as f64)
}

fn chance(items: &[&Found], of: impl Fn(&Found) -> f64) -> Option<f64> {
    let known: Vec<f64> = items.iter().filter(|f| f.candidates > 0).map(|f| of(f)).collect();
    summary::mean(&known)
}

/// Expected AC@k of a random order of `n` suspects.
fn chance_ac(k: u64, n: u64) -> f64 {
    k.min(n) as f64 / n as f64
}

/// Expected 1 / best rank of `roots` root causes in a random order of `n`; H_n / n for one.
fn chance_mrr(n: u64, roots: u64) -> f64 {
    let roots = roots.min(n);
    let (mut none_before, mut expected) = (1.0, 0.0);
    for rank in 1..=n {
        let left = n - rank + 1;
        let first_here = none_before * roots as f64 / left as f64;
        expected += first_here / rank as f64;
        none_before *= 1.0 - (roots as f64 / left as f64).min(1.0);
    }
    expected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn scores_of_ranks_are_met_by_hand() {
        near(accuracy(&[Some(1)], 1), 1.0);
        near(accuracy(&[Some(2), Some(1)], 1), 0.5);
        near(accuracy(&[None], 5), 0.0);
        near(average(&[Some(3)]), 0.6);
        near(reciprocal(&[None, Some(4), Some(2)]), 0.5);
        near(reciprocal(&[None]), 0.0);
    }

    #[test]
    fn chance_of_one_root_is_harmonic_and_of_all_roots_certain() {
        near(chance_mrr(4, 1), (1.0 + 0.5 + 1.0 / 3.0 + 0.25) / 4.0);
        near(chance_mrr(3, 3), 1.0);
        near(chance_mrr(3, 2), 2.0 / 3.0 + 1.0 / 6.0);
        near(chance_ac(5, 3), 1.0);
        near(chance_ac(1, 10), 0.1);
    }
}
