//! Leave one system out: what is chosen on the others is measured on the one.
//!
//! In: replays of several systems, told of their alarms, under each of a few candidate policies.
//! Out: per system the candidate that is best on all others, its accuracy on this one beside the
//! shipped policy's and the best that could have been chosen in hindsight; and the calibration
//! error of this system before and after a map fitted to the others. What may be chosen is the
//! weight of each sort of evidence; the methods themselves were written with all of them in sight.
//! Source: cross-validation by group (Stone, 1974). Limit: few systems, so each choice rests on
//! few.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::accuracy::{Withheld, group};
use super::belief::{Belief, Sample};
use super::calibrate::{answers_of, fit};
use super::{AlarmSource, CaseFailure, DatasetRun, Progress, run_dataset};
use crate::catalog::Spec;
use crate::engine::diagnose::ENSEMBLE;
use crate::model::{Policy, Shape};
use crate::referee::{Estimate, aggregate};
use crate::timeline::Dataset;
use crate::trial::Trial;
use crate::unit::{Name, SimDuration};

/// Sorts of evidence whose weight may be chosen.
const SORTS: [(&str, &[&str]); 3] = [
    ("excess of metrics", &["owned_excess"]),
    ("visits", &["owned_time", "visit_habits"]),
    ("single metrics", &["deepest_callee", "baro"]),
];
/// Factors of a sort's weight, one sort at a time: half and double.
const FACTORS: [f64; 2] = [0.5, 2.0];

/// A policy that could have been shipped.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What is different in it.
    pub name: String,
    /// The policy.
    pub policy: Policy,
}

/// One system under one candidate.
#[derive(Debug, Clone)]
struct Seen {
    cases: usize,
    ac_1: Estimate,
    answers: Vec<Sample>,
}

/// What each system shows under each candidate, in the candidates' order.
#[derive(Debug, Clone, Default)]
pub struct Replays(BTreeMap<String, Vec<Seen>>);

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    /// The system that nothing was chosen on.
    pub system: String,
    /// Its cases.
    pub cases: usize,
    /// The candidate that is best on the others.
    pub chosen: String,
    /// Its mean AC@1 on the others.
    pub others: f64,
    /// Its AC@1 here.
    pub ac_1: Estimate,
    /// The shipped policy's AC@1 here.
    pub shipped: Estimate,
    /// The best candidate's AC@1 here, with all hindsight.
    pub hindsight: f64,
    /// Calibration error of the shipped policy here, told of alarms; absent with few answers.
    pub ece: Option<f64>,
    /// The same after a map fitted to the others' answers.
    pub ece_mapped: Option<f64>,
}

/// The shipped policy first, then each other weight; the shipped one alone if it has no ensemble.
#[must_use]
pub fn candidates(policy: &Policy) -> Vec<Candidate> {
    let mut all = vec![Candidate { name: "as shipped".to_owned(), policy: policy.clone() }];
    if !policy.diagnose.iter().any(|spec| spec.kind == ENSEMBLE) {
        return all;
    }
    for (name, kinds) in SORTS {
        for factor in FACTORS {
            let mut policy = policy.clone();
            kinds.iter().for_each(|kind| weigh(&mut policy.diagnose, kind, factor));
            all.push(Candidate { name: format!("{name} x {factor}"), policy });
        }
    }
    all
}

/// Multiplies the ensemble's weight of a method.
fn weigh(specs: &mut [Spec], kind: &str, factor: f64) {
    for spec in specs.iter_mut().filter(|spec| spec.kind == ENSEMBLE) {
        let weights = spec.params.get_mut("weights").and_then(Value::as_object_mut);
        if let Some(weight) = weights.and_then(|all| all.get_mut(kind))
            && let Some(value) = weight.as_f64()
        {
            *weight = (value * factor).into();
        }
    }
}

impl Replays {
    /// Replays one dataset under every candidate; groups of its cases are systems.
    pub fn add(
        &mut self,
        dataset: &Dataset,
        candidates: &[Candidate],
        jobs: usize,
        progress: &Progress<'_>,
    ) -> Vec<CaseFailure> {
        let mut failures = Vec::new();
        for candidate in candidates {
            let run = DatasetRun {
                dataset,
                policy: &candidate.policy,
                case: None,
                seed: 1,
                jobs,
                alarm: AlarmSource::Reported(SimDuration::ZERO),
                withheld: Withheld::Nothing,
            };
            let outcomes = run_dataset(&run, progress);
            failures.extend(outcomes.failures);
            let labelled = |t: &Trial| t.truth.as_ref().is_some_and(|t| !t.incidents.is_empty());
            let trials: Vec<Trial> = outcomes.trials.into_iter().filter(labelled).collect();
            for (system, groups) in systems(&dataset.meta.name, &trials) {
                self.0.entry(system).or_default().extend(Seen::of(&groups));
            }
        }
        failures
    }

    /// The table; empty with fewer than two systems.
    #[must_use]
    pub fn table(&self, candidates: &[Candidate]) -> Vec<LeftOut> {
        let complete = |seen: &&Vec<Seen>| seen.len() == candidates.len();
        if self.0.len() < 2 || !self.0.values().all(|seen| complete(&seen)) {
            return Vec::new();
        }
        self.0.iter().map(|(system, seen)| self.row(system, seen, candidates)).collect()
    }

    fn row(&self, system: &str, seen: &[Seen], candidates: &[Candidate]) -> LeftOut {
        let others = || self.0.iter().filter(|(name, _)| *name != system);
        let value = |seen: &Seen| seen.ac_1.value.unwrap_or(0.0);
        let elsewhere = |at: usize| {
            others().map(|(_, seen)| value(&seen[at])).sum::<f64>() / others().count() as f64
        };
        // Ties fall to the shipped policy, then to the first: nothing is chosen without need.
        let mut best = 0;
        for at in 1..candidates.len() {
            if elsewhere(at) > elsewhere(best) + 1e-9 {
                best = at;
            }
        }
        let fitted: Vec<Sample> = others().flat_map(|(_, seen)| seen[0].answers.clone()).collect();
        let map = fit(&fitted, Shape::Platt, "", 0);
        let mapped = seen[0].answers.iter().cloned();
        let mapped: Vec<Sample> = mapped
            .map(|answer| Sample { confidence: map.apply(answer.confidence), ..answer })
            .collect();
        LeftOut {
            system: system.to_owned(),
            cases: seen[0].cases,
            chosen: candidates[best].name.clone(),
            others: elsewhere(best),
            ac_1: seen[best].ac_1,
            shipped: seen[0].ac_1,
            hindsight: seen.iter().map(value).fold(0.0, f64::max),
            ece: Belief::of(&seen[0].answers).all.ece,
            ece_mapped: Belief::of(&mapped).all.ece,
        }
    }
}

impl Seen {
    fn of(groups: &[&[Trial]]) -> Option<Self> {
        let trials = || groups.iter().copied().flatten();
        let cards: Vec<_> = trials().map(|trial| trial.scorecard.clone()).collect();
        let ac_1 = aggregate(&cards).localization?.ac_1;
        let answers = groups.iter().flat_map(|trials| answers_of(trials)).collect();
        Some(Self { cases: trials().count(), ac_1, answers })
    }
}

/// A system, what its labels blame, and its groups of trials.
type System<'a> = (String, BTreeSet<Name>, Vec<&'a [Trial]>);

/// The trials of each system. Groups of cases (the first part of their names) that blame the same
/// entities are one system under different load; a set that is one system goes by its name.
fn systems<'a>(set: &str, trials: &'a [Trial]) -> Vec<(String, Vec<&'a [Trial]>)> {
    let mut found: Vec<System<'a>> = Vec::new();
    for trials in trials.chunk_by(|a, b| group(&a.name) == group(&b.name)) {
        let truths = trials.iter().filter_map(|trial| trial.truth.as_ref());
        let labels = truths.flat_map(|truth| &truth.incidents);
        let blamed: BTreeSet<Name> = labels.flat_map(|label| label.root_causes.clone()).collect();
        match found.iter_mut().find(|(_, known, _)| !known.is_disjoint(&blamed)) {
            Some((_, known, groups)) => {
                known.extend(blamed);
                groups.push(trials);
            }
            None => {
                let name = trials.first().map_or("", |trial| group(&trial.name));
                found.push((format!("{set}/{name}"), blamed, vec![trials]));
            }
        }
    }
    if let [(name, ..)] = found.as_mut_slice() {
        set.clone_into(name);
    }
    found.into_iter().map(|(name, _, groups)| (name, groups)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::default_policy;

    #[test]
    fn the_shipped_policy_comes_first_and_every_other_differs_from_it() {
        let all = candidates(&default_policy());
        assert_eq!((all.len(), all[0].name.as_str()), (7, "as shipped"));
        assert_eq!(all[0].policy, default_policy());
        let other = all.iter().filter(|c| c.policy.diagnose != all[0].policy.diagnose).count();
        assert_eq!(other, 6);
    }

    fn seen(rights: &[(u64, u64)]) -> Vec<Seen> {
        let of = |(k, n): &(u64, u64)| Seen {
            cases: *n as usize,
            ac_1: Estimate::proportion(*k, *n),
            answers: Vec::new(),
        };
        rights.iter().map(of).collect()
    }

    #[test]
    fn the_choice_is_made_without_the_system_that_it_is_measured_on() {
        let three = ["as shipped", "b", "c"]
            .map(|name| Candidate { name: name.to_owned(), policy: default_policy() });
        let mut replays = Replays::default();
        replays.0.insert("x".to_owned(), seen(&[(5, 10), (9, 10), (5, 10)]));
        replays.0.insert("y".to_owned(), seen(&[(5, 10), (4, 10), (8, 10)]));
        let table = replays.table(&three);
        assert_eq!((table[0].chosen.as_str(), table[0].ac_1.value), ("c", Some(0.5)));
        assert_eq!((table[1].chosen.as_str(), table[1].ac_1.value), ("b", Some(0.4)));
        assert_eq!((table[1].shipped.value, table[1].hindsight), (Some(0.5), 0.8));
    }
}
