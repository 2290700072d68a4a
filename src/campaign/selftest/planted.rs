//! A bug planted in each guardrail: after how many trials a hunt finds it.
//!
//! In: the default engine behind each guardrail alone, and without it. Out: trials to the first
//! scenario in which the worse policy breaks what the guardrail promised and the whole one does
//! not, guided and drawn at random, over some seeds. Limit: one kind of bug, the guardrail that is
//! not there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Progress, pool};
use crate::campaign::hunt::{Hunt, Strategy, hunt, promises, rule_of};
use crate::catalog::Spec;
use crate::model::{Cause, Policy};
use crate::scenario::default_policy;

/// What the hunt for planted bugs came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlantedTable {
    /// Most trials of each hunt.
    pub budget: u64,
    /// Hunts for each bug and strategy.
    pub seeds: u64,
    /// One row a guardrail.
    pub rows: Vec<PlantedRow>,
    /// Whether the median of the guided hunts found every bug within the budget.
    pub passed: bool,
}

/// One planted bug.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlantedRow {
    /// What was taken out.
    pub taken_out: String,
    /// The rule that must be seen broken.
    pub rule: String,
    /// Trials of each guided hunt; null if not found within the budget.
    pub guided: Vec<Option<u64>>,
    /// The same with scenarios drawn at random.
    pub random: Vec<Option<u64>>,
}

/// A guardrail, and the engine that it holds back: the default one with no other guardrail, so that
/// none covers for the one that is missing.
struct Seed {
    /// The guardrail; tighter than usual where its usual limit is seldom reached.
    guardrail: &'static str,
    /// Remedies for every cause, YAML; empty: those of the default policy.
    remedies: &'static str,
    /// Whether every signal is an incident of its own, and another guardrail keeps them in a row:
    /// an engine that does the same again and again.
    eager: bool,
}

const ALL: &[Seed] = &[
    seed("autonomy: { reversible: recommend }"),
    seed("blast_radius: { max_share: 0.25, window: 30m }"),
    seed("confidence_floor: { default: 0.85 }"),
    Seed { remedies: "[restart]", eager: true, ..seed("cooldown: { rest: 5m }") },
    Seed {
        remedies: "[scale_out: { factor: 2 }]",
        ..seed("cost_bounds: { max_added: 6, max_growth: 10, window: 1h }")
    },
    seed("disruption_budget: { min_available: 0.75, allow_when_short: false }"),
    seed("dry_run"),
    seed("error_budget: { max_spent: 0.5, window: 30m, from: reversible, deny: true }"),
    seed("freeze_window: { daily: ['22:00-06:00'] }"),
    seed("healthy_quorum: { min_healthy: 0.9 }"),
    seed("kill_switch: { from: '2026-01-10T00:00:00Z' }"),
    Seed { remedies: "[restart]", eager: true, ..seed("one_at_a_time: { dependants: true }") },
    Seed {
        remedies: "[restart: { settle: 3m }, rollback]",
        ..seed("outcome_breaker: { max: 1, window: 1h }")
    },
    seed("protected_targets: { targets: [api, 'pay*'] }"),
    Seed { remedies: "[scale_out: { factor: 2 }]", ..seed("replica_bounds: { min: 1, max: 10 }") },
    Seed { remedies: "[restart]", eager: true, ..seed("retry_breaker: { max: 3, window: 1h }") },
    Seed {
        remedies: "[rollback: { risk: risky }, restart: { risk: risky }]",
        ..seed("risk_approval")
    },
];

const fn seed(guardrail: &'static str) -> Seed {
    Seed { guardrail, remedies: "", eager: false }
}

impl PlantedRow {
    /// The median of some hunts; `None` if half of them found nothing.
    #[must_use]
    pub fn median(trials: &[Option<u64>]) -> Option<u64> {
        let mut sorted: Vec<u64> = trials.iter().map(|n| n.unwrap_or(u64::MAX)).collect();
        sorted.sort_unstable();
        sorted.get(sorted.len().saturating_sub(1) / 2).copied().filter(|n| *n < u64::MAX)
    }
}

/// Hunts for every planted bug, or for those of the guardrails named.
#[must_use]
pub fn planted(
    only: &[String],
    budget: u64,
    seeds: u64,
    jobs: usize,
    progress: &Progress<'_>,
) -> PlantedTable {
    let plants: Vec<Plant> = ALL.iter().map(Plant::read).collect();
    let meant = |plant: &&Plant| only.is_empty() || only.contains(&plant.guardrail.kind);
    let plants: Vec<&Plant> = plants.iter().filter(meant).collect();
    let mut hunts: Vec<(&Plant, Strategy, u64)> = Vec::new();
    for plant in &plants {
        for seed in 1..=seeds {
            hunts.push((plant, Strategy::Guided, seed));
            hunts.push((plant, Strategy::Random, seed));
        }
    }
    let name = |(plant, strategy, seed): &(&Plant, Strategy, u64)| {
        format!("{} {strategy:?} {seed}", plant.guardrail.kind)
    };
    let one =
        |(plant, strategy, seed): &(&Plant, Strategy, u64)| plant.trials(*strategy, *seed, budget);
    let mut found = pool::map(&hunts, jobs, progress, name, one).into_iter();
    let mut rows = Vec::new();
    for plant in plants {
        let (mut guided, mut random) = (Vec::new(), Vec::new());
        for _ in 0..seeds {
            guided.extend(found.next());
            random.extend(found.next());
        }
        let (taken_out, rule) = (plant.text.to_owned(), plant.rule.to_owned());
        rows.push(PlantedRow { taken_out, rule, guided, random });
    }
    let passed = rows.iter().all(|row| PlantedRow::median(&row.guided).is_some());
    PlantedTable { budget, seeds, rows, passed }
}

struct Plant {
    text: &'static str,
    guardrail: Spec,
    rule: &'static str,
    whole: Policy,
    worse: Policy,
}

impl Plant {
    fn read(seed: &Seed) -> Self {
        let text = seed.guardrail;
        let guardrail: Spec = yaml(text);
        let rule = rule_of(&guardrail.kind).expect("every guardrail promises something");
        let mut worse = default_policy();
        worse.name = format!("without-{}", guardrail.kind);
        worse.guard.clear();
        if !seed.remedies.is_empty() {
            let remedies: Vec<Spec> = yaml(seed.remedies);
            let causes = Cause::ALL.into_iter().filter(|cause| *cause != Cause::Unknown);
            worse.remediate = causes.map(|cause| (cause, remedies.clone())).collect();
        }
        if seed.eager {
            worse.correlate.clear();
            if guardrail.kind != "one_at_a_time" {
                worse.guard.push(Spec::plain("one_at_a_time"));
            }
        }
        let mut whole = worse.clone();
        whole.guard.push(guardrail.clone());
        whole.name = format!("with-{}", guardrail.kind);
        Self { text, guardrail, rule, whole, worse }
    }

    /// Trials until the bug is found.
    fn trials(&self, strategy: Strategy, seed: u64, budget: u64) -> Option<u64> {
        let hunted = hunt(
            &Hunt {
                policy: &self.worse,
                whole: Some(&self.whole),
                rules: &promises(&self.whole.guard),
                corpus: &[],
                strategy,
                budget,
                shrink: 0,
                seed,
                wanted: &[self.rule.to_owned()],
                findings: 1,
                jobs: 1,
            },
            &|_, _, _| {},
        );
        hunted.findings.first().map(|finding| finding.trial)
    }
}

fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_saphyr::from_str(text).unwrap_or_else(|e| panic!("built-in YAML {text:?}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::guard::catalog;

    #[test]
    fn every_guardrail_has_a_planted_bug() {
        let plants: Vec<Plant> = ALL.iter().map(Plant::read).collect();
        let kinds: Vec<&str> = plants.iter().map(|p| p.guardrail.kind.as_str()).collect();
        let known: Vec<&str> = catalog::ALL.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, known);
        for plant in plants {
            assert_eq!(plant.whole.guard.len(), plant.worse.guard.len() + 1);
        }
    }

    #[test]
    fn a_median_counts_what_was_not_found_as_late() {
        assert_eq!(PlantedRow::median(&[Some(3), None, Some(1)]), Some(3));
        assert_eq!(PlantedRow::median(&[Some(3), None, None]), None);
        assert_eq!(PlantedRow::median(&[]), None);
    }
}
