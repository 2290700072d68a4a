//! Do the incidents hold together what belongs together?
//!
//! In: which incident listed each anomaly last (after merges), and in which claim the anomaly was
//! told. Out: compression, splits, merges, pairwise precision and recall of the grouping. An
//! anomaly told in two claims at once has no label and is left out; one told in none is noise: a
//! pair of noise and signal is wrong, a pair of noise and noise says nothing. Source: pairwise
//! clustering scores (Manning et al., "Introduction to Information Retrieval", 2008, ch. 16.3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Definition, MeasureEntry, define};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::referee::estimate::Estimate;

const DEFINITIONS: &[Definition] = &[
    define("compression", "1", "anomalies that are in an incident / incidents, per trial"),
    define("split", "1", "truths answered by several unmerged incidents / truths answered"),
    define("merged", "1", "incidents that answer several truths / incidents that answer any"),
    define("pairwise_precision", "1", "pairs grouped together that belong together, per trial"),
    define("pairwise_recall", "1", "pairs that belong together and are grouped so, per trial"),
];

/// What `list` and `explain` say.
pub(super) const ENTRY: MeasureEntry = Entry {
    kind: "correlation",
    summary: "compression, split and merged incidents, pairwise precision and recall",
    help: "Grouping of anomalies into incidents against the labelled windows. Windows that \
           overlap leave their common anomalies without a label.",
    source: "pairwise clustering scores (Manning, Raghavan, Schuetze 2008, chapter 16.3)",
    example: "{}",
    schema: schema_of::<Correlation>,
    build: DEFINITIONS,
};

/// The group on the scorecard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Correlation {
    /// Anomalies in incidents / incidents, mean over trials that opened any.
    pub compression: Estimate,
    /// Share of answered truths with several incidents that were never merged.
    pub split: Estimate,
    /// Share of answering incidents that answer several truths.
    pub merged: Estimate,
    /// Share of pairs grouped together that belong together, mean over trials.
    pub pairwise_precision: Estimate,
    /// Share of pairs that belong together and are grouped so, mean over trials.
    pub pairwise_recall: Estimate,
}

/// What one trial shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Found {
    /// Anomalies that are in an incident.
    pub anomalies: u64,
    /// Incidents after merges.
    pub incidents: u64,
    /// Truths answered.
    pub answered: u64,
    /// Truths answered by several unmerged incidents.
    pub split: u64,
    /// Incidents that answer a truth.
    pub answering: u64,
    /// Incidents that answer several.
    pub merged: u64,
    /// Pairwise precision; absent if no pair was grouped.
    pub precision: Option<f64>,
    /// Pairwise recall; absent if no pair belongs together.
    pub recall: Option<f64>,
}

/// Looks at one trial; without a truth only compression is known.
pub(in crate::referee) fn find(case: &Case<'_>) -> Found {
    let mut survivors: Vec<_> = case.opened.iter().map(|o| case.survivor(o.id)).collect();
    survivors.sort_unstable();
    survivors.dedup();
    let answered = case.matching.answers.iter().filter(|a| !a.is_empty()).count();
    let split = (0..case.matching.answers.len()).filter(|t| survivors_of(case, *t) > 1).count();
    let counts: Vec<usize> =
        (0..case.opened.len()).map(|o| case.matching.answered_by(o).count()).collect();
    let (precision, recall) = pairwise(&labels(case));
    Found {
        anomalies: case.groups.len() as u64,
        incidents: survivors.len() as u64,
        answered: answered as u64,
        split: split as u64,
        answering: counts.iter().filter(|n| **n > 0).count() as u64,
        merged: counts.iter().filter(|n| **n > 1).count() as u64,
        precision,
        recall,
    }
}

/// Sums up trials.
pub(in crate::referee) fn summarise(trials: &[&Found]) -> Correlation {
    let sum = |f: fn(&Found) -> u64| trials.iter().map(|t| f(t)).sum::<u64>();
    let values =
        |f: fn(&Found) -> Option<f64>| -> Vec<f64> { trials.iter().filter_map(|t| f(t)).collect() };
    let ratio = |t: &Found| (t.incidents > 0).then(|| t.anomalies as f64 / t.incidents as f64);
    Correlation {
        compression: Estimate::mean(&values(ratio), "correlation/compression"),
        split: Estimate::proportion(sum(|t| t.split), sum(|t| t.answered)),
        merged: Estimate::proportion(sum(|t| t.merged), sum(|t| t.answering)),
        pairwise_precision: Estimate::mean(&values(|t| t.precision), "correlation/precision"),
        pairwise_recall: Estimate::mean(&values(|t| t.recall), "correlation/recall"),
    }
}

fn survivors_of(case: &Case<'_>, truth: usize) -> usize {
    let mut ids: Vec<_> = case.answering(truth).into_iter().map(|id| case.survivor(id)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

/// For each labelled anomaly: its group (its own if in none) and its truth (`None`: noise).
fn labels(case: &Case<'_>) -> Vec<(u64, Option<usize>)> {
    if case.evidence.truth.is_none() {
        return Vec::new();
    }
    let label = |(id, told): (&u32, &crate::unit::SimTime)| {
        let mut holding = case.claimed(*told).map(|(index, _)| index);
        let (first, second) = (holding.next(), holding.next());
        if second.is_some() || (first.is_none() && case.ignored(*told)) {
            return None;
        }
        let own = u64::from(*id) + (1 << 32);
        let group = case.groups.get(id).map_or(own, |g| u64::from(case.survivor(*g).0));
        Some((group, first))
    };
    case.anomalies.iter().filter_map(label).collect()
}

/// Precision and recall over pairs, counted from the table of groups by labels.
fn pairwise(items: &[(u64, Option<usize>)]) -> (Option<f64>, Option<f64>) {
    let pairs = |n: u64| n * n.saturating_sub(1) / 2;
    let mut cells: BTreeMap<(u64, Option<usize>), u64> = BTreeMap::new();
    let mut groups: BTreeMap<u64, u64> = BTreeMap::new();
    let mut truths: BTreeMap<usize, u64> = BTreeMap::new();
    for (group, label) in items {
        *cells.entry((*group, *label)).or_default() += 1;
        *groups.entry(*group).or_default() += 1;
        if let Some(label) = label {
            *truths.entry(*label).or_default() += 1;
        }
    }
    let noise: u64 = cells.iter().filter(|((_, l), _)| l.is_none()).map(|(_, n)| pairs(*n)).sum();
    let right: u64 = cells.iter().filter(|((_, l), _)| l.is_some()).map(|(_, n)| pairs(*n)).sum();
    let together = groups.values().map(|n| pairs(*n)).sum::<u64>() - noise;
    let belong: u64 = truths.values().map(|n| pairs(*n)).sum();
    let share = |of: u64| (of > 0).then(|| right as f64 / of as f64);
    (share(together), share(belong))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(items: &[(u64, Option<usize>)], precision: Option<f64>, recall: Option<f64>) {
        assert_eq!(pairwise(items), (precision, recall));
    }

    #[test]
    fn pairs_are_counted_by_hand() {
        check(&[], None, None);
        check(&[(1, Some(0)), (1, Some(0))], Some(1.0), Some(1.0));
        check(&[(1, Some(0)), (2, Some(0))], None, Some(0.0));
        check(&[(1, Some(0)), (1, Some(1))], Some(0.0), None);
        check(&[(1, Some(0)), (1, None)], Some(0.0), None);
        check(&[(1, None), (1, None)], None, None);
        let three = [(1, Some(0)), (1, Some(0)), (1, Some(1)), (2, Some(0))];
        check(&three, Some(1.0 / 3.0), Some(1.0 / 3.0));
    }
}
