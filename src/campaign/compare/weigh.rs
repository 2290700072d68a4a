//! Pairs of trials -> differences with interval and p-value -> which of them are regressions.
//!
//! A difference is a regression if its mean is worse by more than is tolerated, and either Holm's
//! adjusted p-value is at most alpha, or both sides ran on the same seeds and every seed that
//! differs is worse: on these seeds that is a fact, and n seeds can show no more. Improvements are
//! judged alike. Pairs with a value missing on one side are left out of that measure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::measure::{ALL, Measure, Tolerances};
use super::sample::Sample;
use crate::kernel::Streams;
use crate::stats::interval::bca_mean;
use crate::stats::paired::{holm, sign_flip};

/// Confidence of intervals.
const LEVEL: f64 = 0.95;
const REPLICATES: usize = 1000;

/// Of what a difference is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All pairs.
    Overall,
    /// The seeds of one scenario.
    Scenario(String),
}

/// One measure compared in one scope; positive means more of the measure in head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Of what.
    pub scope: Scope,
    /// The measure.
    pub measure: &'static str,
    /// Pairs with a value on both sides.
    pub n: usize,
    /// Mean of base.
    pub base: f64,
    /// Mean of head.
    pub head: f64,
    /// Mean of head - base.
    pub mean: f64,
    /// Its 95 % interval (BCa bootstrap over pairs); null with one pair.
    pub interval: Option<(f64, f64)>,
    /// Pairs in which head is better.
    pub better: usize,
    /// Pairs in which head is worse.
    pub worse: usize,
    /// p-value of the sign-flip test.
    pub p: f64,
    /// After Holm's correction over all questions.
    pub adjusted: f64,
    /// Whether head is worse beyond what is tolerated.
    pub regression: bool,
    /// Whether head is better beyond what is tolerated.
    pub improvement: bool,
}

/// Two sides, compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Pairs.
    pub pairs: usize,
    /// Scenarios with a pair.
    pub scenarios: usize,
    /// Whether both sides ran on the same seeds.
    pub same_seeds: bool,
    /// Pairs whose digests differ: something went another way.
    pub other_digest: usize,
    /// Trials without a partner.
    pub unpaired: usize,
    /// Level of the test.
    pub alpha: f64,
    /// Every measure, overall first, then by scenario; only where some pair has values.
    pub differences: Vec<Difference>,
    /// Kinds of violation that head has in a scenario and base has not: scenario, kind.
    pub new_violations: Vec<(String, String)>,
}

struct Pair<'a> {
    base: &'a Sample,
    head: &'a Sample,
}

/// Compares two sides.
#[must_use]
pub fn compare(base: &[Sample], head: &[Sample], allowed: &Tolerances, alpha: f64) -> Comparison {
    let (pairs, same_seeds) = pair(base, head);
    let mut scopes: BTreeMap<Scope, Vec<&Pair<'_>>> = BTreeMap::new();
    for pair in &pairs {
        scopes.entry(Scope::Overall).or_default().push(pair);
        scopes.entry(Scope::Scenario(pair.base.name.clone())).or_default().push(pair);
    }
    // With one scenario, overall asks nothing new.
    if scopes.len() == 2 {
        scopes.remove(&Scope::Overall);
    }
    let mut differences: Vec<Difference> = scopes
        .iter()
        .flat_map(|(scope, pairs)| ALL.iter().filter_map(|m| weigh(scope, m, pairs)))
        .collect();
    // A question that no pair can answer is not asked.
    let asked: Vec<usize> = (0..differences.len())
        .filter(|index| differences[*index].better + differences[*index].worse > 0)
        .collect();
    let p: Vec<f64> = asked.iter().map(|index| differences[*index].p).collect();
    for (index, adjusted) in asked.into_iter().zip(holm(&p)) {
        differences[index].adjusted = adjusted;
    }
    for difference in &mut differences {
        let measure = ALL.iter().find(|measure| measure.name == difference.measure);
        if let Some(measure) = measure {
            decide(difference, measure, allowed.of(measure), alpha, same_seeds);
        }
    }
    let scenarios = pairs.iter().map(|p| &p.base.name).collect::<std::collections::BTreeSet<_>>();
    Comparison {
        pairs: pairs.len(),
        scenarios: scenarios.len(),
        same_seeds,
        other_digest: pairs.iter().filter(|p| p.base.digest != p.head.digest).count(),
        unpaired: base.len() + head.len() - 2 * pairs.len(),
        alpha,
        new_violations: new_violations(&pairs),
        differences,
    }
}

/// Pairs by scenario and seed; if no seed is shared, by scenario and rank of the seed.
fn pair<'a>(base: &'a [Sample], head: &'a [Sample]) -> (Vec<Pair<'a>>, bool) {
    let key = |sample: &Sample| (sample.name.clone(), sample.seed);
    let by_seed: BTreeMap<(String, u64), &Sample> = head.iter().map(|s| (key(s), s)).collect();
    let same: Vec<Pair<'_>> = base
        .iter()
        .filter_map(|base| Some(Pair { base, head: by_seed.get(&key(base)).copied()? }))
        .collect();
    if !same.is_empty() {
        return (same, true);
    }
    let ranked = |samples: &'a [Sample]| {
        let mut groups: BTreeMap<&str, Vec<&'a Sample>> = BTreeMap::new();
        samples.iter().for_each(|s| groups.entry(s.name.as_str()).or_default().push(s));
        groups.values_mut().for_each(|group| group.sort_by_key(|s| s.seed));
        groups
    };
    let (base, head) = (ranked(base), ranked(head));
    let mut pairs = Vec::new();
    for (name, group) in base {
        let others = head.get(name).map(Vec::as_slice).unwrap_or_default();
        pairs.extend(group.into_iter().zip(others).map(|(base, head)| Pair { base, head }));
    }
    (pairs, false)
}

fn weigh(scope: &Scope, measure: &Measure, pairs: &[&Pair<'_>]) -> Option<Difference> {
    let value = |sample: &Sample| sample.values.get(measure.name).copied();
    let known: Vec<(f64, f64)> =
        pairs.iter().filter_map(|p| Some((value(p.base)?, value(p.head)?))).collect();
    if known.is_empty() {
        return None;
    }
    let n = known.len() as f64;
    let deltas: Vec<f64> = known.iter().map(|(base, head)| head - base).collect();
    let name = match scope {
        Scope::Overall => "overall".to_owned(),
        Scope::Scenario(name) => format!("scenario/{name}"),
    };
    let streams = Streams::new(0).child("compare").child(&name).child(measure.name);
    let interval = bca_mean(&deltas, LEVEL, REPLICATES, &mut streams.stream("bootstrap"));
    let more = deltas.iter().filter(|d| **d > 0.0).count();
    let less = deltas.iter().filter(|d| **d < 0.0).count();
    let (worse, better) = if measure.higher_is_worse { (more, less) } else { (less, more) };
    Some(Difference {
        scope: scope.clone(),
        measure: measure.name,
        n: known.len(),
        base: known.iter().map(|(base, _)| base).sum::<f64>() / n,
        head: known.iter().map(|(_, head)| head).sum::<f64>() / n,
        mean: deltas.iter().sum::<f64>() / n,
        interval: interval.map(|span| (span.low, span.high)),
        better,
        worse,
        p: sign_flip(&deltas, &mut streams.stream("flips")),
        adjusted: 1.0,
        regression: false,
        improvement: false,
    })
}

fn decide(d: &mut Difference, measure: &Measure, allowed: f64, alpha: f64, same_seeds: bool) {
    let worse_by = if measure.higher_is_worse { d.mean } else { -d.mean };
    let shown = d.adjusted <= alpha;
    // A scenario's own seeds speak for themselves; over scenarios only the test does.
    let fact = same_seeds && d.scope != Scope::Overall;
    d.regression = worse_by > allowed && (shown || fact && d.better == 0);
    d.improvement = -worse_by > allowed && (shown || fact && d.worse == 0);
}

fn new_violations(pairs: &[Pair<'_>]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for pair in pairs {
        for (kind, count) in &pair.head.violations {
            let before = pair.base.violations.get(kind).copied().unwrap_or(0);
            if *count > before {
                found.push((pair.base.name.clone(), kind.clone()));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaign::compare::headline;

    fn samples(name: &str, first: u64, mttr: &[f64], breaches: u64) -> Vec<Sample> {
        let sample = |(seed, mttr): (u64, &f64)| Sample {
            name: name.to_owned(),
            seed,
            digest: format!("{mttr}"),
            values: [("mttr", *mttr), ("violations", breaches as f64)].into(),
            violations: [("blast_radius".to_owned(), breaches)].into(),
        };
        (first..).zip(mttr).map(sample).collect()
    }

    fn judge(base: &[Sample], head: &[Sample]) -> Comparison {
        compare(base, head, &Tolerances::default(), 0.05)
    }

    #[test]
    fn no_change_is_no_difference() {
        let side = samples("a", 1, &[60.0, 70.0, 80.0], 0);
        let found = judge(&side, &side);
        assert_eq!(headline(&found), "no difference");
        assert!(found.differences.iter().all(|d| d.p == 1.0 && !d.regression));
    }

    #[test]
    fn slower_on_every_seed_and_a_breach_are_a_regression() {
        let base = [samples("a", 1, &[60.0, 70.0], 0), samples("b", 1, &[60.0, 70.0], 0)].concat();
        let head =
            [samples("a", 1, &[100.0, 110.0], 0), samples("b", 1, &[60.0, 70.0], 1)].concat();
        let found = judge(&base, &head);
        assert_eq!(
            headline(&found),
            "this change made 1 scenario slower by 40 s and one breaches blast radius"
        );
        let back = judge(&head, &base);
        assert!(back.differences.iter().all(|d| !d.regression), "{back:?}");
        assert!(headline(&back).contains("faster by 40 s"), "{}", headline(&back));
    }

    #[test]
    fn different_seeds_are_paired_by_rank_and_must_convince_the_test() {
        let base = samples("a", 1, &[60.0, 61.0, 62.0, 63.0], 0);
        let head = samples("a", 100, &[100.0, 101.0, 102.0, 103.0], 0);
        let found = judge(&base, &head);
        assert!(!found.same_seeds && found.pairs == 4);
        assert!(!found.differences.iter().any(|d| d.regression), "4 pairs show nothing at 5 %");
        let many = |first| samples("a", first, &[60.0; 12], 0);
        let slow = samples("a", 500, &[100.0; 12], 0);
        assert!(judge(&many(1), &slow).differences.iter().any(|d| d.regression));
    }

    #[test]
    fn what_is_tolerated_is_no_regression() {
        let (base, head) = (samples("a", 1, &[60.0], 0), samples("a", 1, &[70.0], 0));
        assert_eq!(headline(&judge(&base, &head)), "no regression: all differences are tolerated");
    }
}
