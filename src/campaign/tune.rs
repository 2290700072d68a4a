//! At which confidence may it act alone: every setting of a corpus, compared, and one recommended.
//!
//! ```text
//! rows --by setting--> outcomes --promise--> settings that may be taken --cost--> one of them
//! ```
//!
//! In: the rows of a sweep over confidence floors (and other axes), prices, a promise. Out: the
//! document behind every report. The recommendation is the cheapest setting that keeps the
//! promise. A cause gets a floor of its own only where that is cheaper beyond chance, and above
//! the recommended floor: a higher floor never lets more through, so the promise holds for it too.
//! Limit: tuned on this corpus; a promise is for incidents that could have stood in it.

pub mod costs;
pub mod groups;
pub mod outcome;
pub mod promise;
pub mod recommend;
pub mod transfer;

use std::collections::BTreeMap;

use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::belief::{Belief, Sample};
use super::sweep::plan::Plan;
use super::sweep::row::Row;
use crate::kernel::Streams;
use costs::Costs;
use groups::Group;
use outcome::{Number, Outcome};
use promise::{Given, Promise};
use recommend::Recommendation;

/// What tuning came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tuned {
    /// Version of windtunnel.
    pub windtunnel: String,
    /// Digest of the corpus.
    pub corpus: String,
    /// Digest of the plan.
    pub sweep: String,
    /// Name of the policy that was tuned.
    pub policy: String,
    /// What it rests on.
    pub basis: Basis,
    /// Names of the axes.
    pub axes: Vec<String>,
    /// Every setting with what it came to.
    pub settings: Vec<Setting>,
    /// The setting that the policy has now.
    pub current: Option<usize>,
    /// What is recommended, if anything can be.
    pub recommendation: Option<Recommendation>,
    /// Whether the promise can be given.
    pub promise: Option<Given>,
    /// At the recommended (else the current, else the first) setting, by cause.
    pub by_cause: Vec<Group>,
    /// The same by first remedy.
    pub by_remedy: Vec<Group>,
    /// Whether its confidences can be believed, at the current setting.
    pub belief: Belief,
    /// What the recommendation came to on scenarios that it was not chosen on.
    pub held_out: Option<HeldOut>,
    /// What it came to on recordings, in open loop.
    pub transfer: Vec<Transfer>,
    /// Prices.
    pub costs: Costs,
    /// Whether they are the built-in ones.
    pub built_in_costs: bool,
    /// What must be known to read this.
    pub notes: Vec<String>,
}

/// What a tuning rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// Scenarios that the recommendation was chosen on.
    pub scenarios: usize,
    /// Scenarios by kinds of faults.
    pub kinds: BTreeMap<String, usize>,
    /// Seeds of each.
    pub seeds: u64,
    /// Trials that the settings come to.
    pub trials: usize,
    /// Trials that had to be run for them.
    pub ran: usize,
    /// Trials that could not be run.
    pub failed: usize,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// One value an axis.
    pub values: Vec<Json>,
    /// What it came to.
    pub outcome: Outcome,
    /// Whether no other setting is better in every respect.
    pub on_front: bool,
}

/// What a recommendation came to on scenarios that it was not chosen on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldOut {
    /// Their names.
    pub scenarios: Vec<String>,
    /// What the recommendation came to there.
    pub outcome: Outcome,
    /// What the current setting came to there.
    pub current: Option<Outcome>,
    /// Share of these scenarios' trials in which the promised event happened.
    pub risk: Option<f64>,
    /// Exact upper limit of that risk at the promise's level, by scenario.
    pub risk_limit: Option<f64>,
    /// Whether the observed risk is within the bound.
    pub within: Option<bool>,
}

/// What a policy came to on recordings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Name of the dataset.
    pub dataset: String,
    /// Which floors: `current` or `recommended`.
    pub floors: String,
    /// Cases with a label.
    pub cases: u64,
    /// Of them, acted on by the engine.
    pub acted: u64,
    /// Of those, on a target that is no root cause.
    pub wrong_target: u64,
    /// Share of wrong targets among acts, with its exact interval.
    pub wrong_target_rate: Number,
    /// Whether its confidences can be believed there.
    pub belief: Belief,
}

/// What is tuned, and how.
pub struct Brief<'a> {
    /// The plan that was run.
    pub plan: &'a Plan,
    /// Its rows.
    pub rows: &'a [Row],
    /// Trials run for them.
    pub ran: usize,
    /// Prices.
    pub costs: &'a Costs,
    /// Whether they are the built-in ones.
    pub built_in_costs: bool,
    /// The promise asked for.
    pub promise: Option<&'a Promise>,
    /// Share of scenarios that the choice must not see.
    pub hold_out: f64,
    /// Place of the setting that the policy has now.
    pub current: Option<usize>,
}

/// Compares every setting and recommends one.
#[must_use]
pub fn tune(brief: &Brief<'_>) -> Tuned {
    let plan = brief.plan;
    let kept_out = held_out(plan, brief.hold_out);
    let seen = |row: &&Row| !kept_out.contains(&(row.scenario as usize));
    let by_setting = |of: &dyn Fn(&&Row) -> bool| -> Vec<Vec<&Row>> {
        let mut all: Vec<Vec<&Row>> = vec![Vec::new(); plan.settings.len()];
        brief.rows.iter().filter(|r| of(r)).for_each(|row| all[row.setting as usize].push(row));
        all
    };
    let chosen_on = by_setting(&seen);
    let outcomes: Vec<Outcome> =
        chosen_on.iter().map(|rows| Outcome::of(rows, brief.costs)).collect();
    let promise = brief.promise.map(|promise| {
        let losses: Vec<Vec<f64>> =
            chosen_on.iter().map(|rows| promise.losses(rows.iter().copied())).collect();
        promise.test(&losses, &recommend::sequences(plan))
    });
    let recommendation = recommend::choose(brief, &chosen_on, &outcomes, promise.as_ref());
    let shown = recommendation.as_ref().map(|r| r.setting).or(brief.current).unwrap_or(0);
    let reference = brief.current.unwrap_or(shown);
    let rest = by_setting(&|row| !seen(row));
    let held_out = (!kept_out.is_empty())
        .then(|| unseen(brief, &kept_out, recommendation.as_ref().map(|r| r.setting), &rest));
    let front = outcome::pareto(&outcomes);
    let setting = |((values, outcome), on_front): ((&Vec<Json>, Outcome), bool)| Setting {
        values: values.clone(),
        outcome,
        on_front,
    };
    Tuned {
        windtunnel: plan.windtunnel.clone(),
        corpus: plan.corpus.clone(),
        sweep: plan.digest(),
        policy: plan.checked().first().map(|c| c.policy.name.clone()).unwrap_or_default(),
        basis: basis(brief, &kept_out),
        axes: plan.axes.iter().map(|axis| axis.name.clone()).collect(),
        by_cause: groups::by_cause(brief, &chosen_on, shown, reference),
        by_remedy: groups::by_remedy(brief, &chosen_on, shown),
        belief: belief(plan, &chosen_on[reference]),
        settings: plan.settings.iter().zip(outcomes).zip(front).map(setting).collect(),
        current: brief.current,
        notes: notes(brief, promise.as_ref(), recommendation.is_some()),
        recommendation,
        promise,
        held_out,
        transfer: Vec::new(),
        costs: brief.costs.clone(),
        built_in_costs: brief.built_in_costs,
    }
}

/// The scenarios that the choice must not see: a fixed random share of them, whole.
fn held_out(plan: &Plan, share: f64) -> Vec<usize> {
    let mut all: Vec<usize> = (0..plan.scenarios.len()).collect();
    let mut stream = Streams::new(0).stream("tune/hold-out");
    for place in (1..all.len()).rev() {
        all.swap(place, stream.random_range(0..=place));
    }
    all.truncate((share * all.len() as f64).round() as usize);
    all.sort_unstable();
    all
}

fn unseen(
    brief: &Brief<'_>,
    places: &[usize],
    setting: Option<usize>,
    rows: &[Vec<&Row>],
) -> HeldOut {
    let place = setting.or(brief.current).unwrap_or(0);
    let losses = brief.promise.map(|p| p.losses(rows[place].iter().copied())).unwrap_or_default();
    let risk = crate::stats::summary::mean(&losses);
    let delta = brief.promise.map_or(0.05, |p| 1.0 - p.level);
    HeldOut {
        scenarios: places.iter().map(|i| brief.plan.scenarios[*i].name.clone()).collect(),
        outcome: Outcome::of(&rows[place], brief.costs),
        current: brief.current.map(|current| Outcome::of(&rows[current], brief.costs)),
        risk,
        risk_limit: crate::stats::risk::upper_bound(&losses, delta),
        within: risk.zip(brief.promise).map(|(risk, promise)| risk <= promise.bound),
    }
}

fn basis(brief: &Brief<'_>, kept_out: &[usize]) -> Basis {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for (place, checked) in brief.plan.checked().iter().enumerate() {
        if !kept_out.contains(&place) {
            *kinds.entry(super::corpus::fault_group(checked)).or_default() += 1;
        }
    }
    Basis {
        scenarios: brief.plan.scenarios.len() - kept_out.len(),
        kinds,
        seeds: brief.plan.seeds.count,
        trials: brief.plan.trials(),
        ran: brief.ran,
        failed: brief.rows.iter().filter(|row| row.problem.is_some()).count(),
    }
}

fn belief(plan: &Plan, rows: &[&Row]) -> Belief {
    let checked = plan.checked();
    let sample = |row: &&Row| {
        Some(Sample {
            group: super::corpus::fault_group(&checked[row.scenario as usize]),
            confidence: row.confidence?,
            right: row.right.or(row.entity_right)?,
            cause: row.true_cause.map(|c| c.to_string()),
        })
    };
    Belief::of(&rows.iter().filter_map(sample).collect::<Vec<_>>())
}

fn notes(brief: &Brief<'_>, promise: Option<&Given>, recommended: bool) -> Vec<String> {
    let mut notes = vec![
        "Closed loop on a mock fleet: every number is synthetic, and as good as the corpus is like \
         your incidents."
            .to_owned(),
        "Scenarios are taken as exchangeable with what comes, seeds of one scenario are not: \
         intervals and promises count scenarios."
            .to_owned(),
    ];
    if brief.built_in_costs {
        notes.push(
            "Costs are the built-in assumption (scenarios/policies/costs.yaml): give your own \
             with --cost."
                .to_owned(),
        );
    }
    if let (Some(given), false) = (promise, recommended) {
        notes.push(shortage(brief, given));
    }
    notes
}

/// Why no setting keeps the promise, and what it would take.
fn shortage(brief: &Brief<'_>, given: &Given) -> String {
    let (promise, units) = (&given.promise, given.units);
    let Some(needed) = given.needed else {
        return format!(
            "The promise {promise} cannot be given: even the safest setting breaks it on this \
             corpus, and more incidents of the same kinds would not help."
        );
    };
    let kinds = basis(brief, &[]).kinds;
    let fewest = kinds.values().min().copied().unwrap_or(0);
    let rare: Vec<&str> =
        kinds.iter().filter(|(_, n)| **n == fewest).take(3).map(|(k, _)| k.as_str()).collect();
    format!(
        "The promise {promise} cannot be given with {units} scenarios: it needs about {needed} \
         more incidents, first of the kinds that the corpus has least of ({}, {fewest} each).",
        rare.join(", ")
    )
}
