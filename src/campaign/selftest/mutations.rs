//! Each guardrail taken out in turn: its invariant must fire, and no other.
//!
//! In: for each guardrail a small scenario in which it is what holds the engine back, and the
//! referee's limits. Out: violations by kind with the guardrail and without it. Also the engine's
//! duties: without its messages, rulings or honest plans the matching invariant must fire. Limit:
//! shows that each invariant sees its mutant, not that it sees every one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{CaseFailure, Progress, pool};
use super::stage::{play, shop};
use crate::catalog::Spec;
use crate::engine::{self, Engine};
use crate::model::{Cause, Decision, Policy, StepInput};
use crate::scenario::default_policy;
use crate::trial::Trial;
use crate::unit::Ratio;

/// What the self-test of the guardrails found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MutationTable {
    /// One row a mutant.
    pub rows: Vec<MutationRow>,
    /// Whether every mutant broke its own invariant and no other, and nothing broke without it.
    pub passed: bool,
}

/// One mutant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MutationRow {
    /// What was taken out.
    pub mutant: String,
    /// The invariant that must fire.
    pub invariant: String,
    /// Violations by kind before it was taken out.
    pub whole: BTreeMap<String, u64>,
    /// Violations by kind after it was taken out.
    pub broken: BTreeMap<String, u64>,
    /// Whether its invariant fired and only it.
    pub passed: bool,
}

/// A bad deploy of `api` that fails a third of its requests.
const BAD: &str = "duration: 17m\nfaults:\n  - at: 6m\n    bad_deploy: { service: api, version: \
                   v3, mode: error, error_ratio: 0.3 }\n";
/// The same for longer, in an engine that takes every signal for an incident of its own.
const SPLIT: &str = "duration: 40m\nfaults:\n  - at: 8m\n    bad_deploy: { service: api, version: \
                     v3, mode: error, error_ratio: 0.3 }\n";
/// Rules that an engine breaks which restarts the same service for each of its signals.
const SPLIT_RULES: &str = "kept_acting_after_failures: { limit: 1000 }, false_record: { users: \
                           false }";
/// One whose containers die.
const CRASHING: &str = "duration: 17m\nfaults:\n  - at: 6m\n    bad_deploy: { service: api, \
                        version: v3, mode: crash, crash_after: 20s }\n";

/// What is taken out: a guardrail, or one of the engine's duties.
#[derive(Clone, Copy)]
enum Mutant {
    /// The guardrail with these parameters.
    Guard(&'static str),
    /// Its messages to the team.
    Messages,
    /// The rulings of its guardrails.
    Rulings,
    /// Its honest plans: they state full confidence.
    Honesty,
}

struct Mutation {
    mutant: Mutant,
    invariant: &'static str,
    /// The referee's limits, YAML.
    rules: &'static str,
    /// Remedies for every cause, YAML.
    remedies: &'static str,
    /// Faults and people, YAML.
    stage: &'static str,
}

const ROLLBACK: &str = "[rollback, { page_on_call: { with_previous: true } }]";
const LONE: &str = "[rollback: { risk: risky }]";

const ALL: &[Mutation] = &[
    Mutation {
        mutant: Mutant::Guard("autonomy: { reversible: recommend }"),
        invariant: "overstepped_autonomy",
        rules: "[overstepped_autonomy: { never: [reversible] }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("blast_radius: { max_share: 0.1 }"),
        invariant: "blast_radius",
        rules: "[blast_radius: { limit: 0.1 }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("confidence_floor: { default: 0.999 }"),
        invariant: "acted_below_threshold",
        rules: "[acted_below_threshold: { floor: 0.999 }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("cooldown: { rest: 20m }"),
        invariant: "rushed_action",
        rules: "[rushed_action: { rest: 20m }, remediation_loop: { limit: 1000 }, ",
        remedies: "[restart]",
        stage: SPLIT,
    },
    Mutation {
        mutant: Mutant::Guard("cost_bounds: { max_added: 4 }"),
        invariant: "cost_bounds",
        rules: "[cost_bounds: { max_added: 4 }]",
        remedies: "[scale_out: { factor: 2 }]",
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("disruption_budget: { min_available: 0.9, allow_when_short: false }"),
        invariant: "disruption_budget",
        rules: "[disruption_budget: { min_available: 0.9 }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("dry_run"),
        invariant: "dry_run_leak",
        rules: "[dry_run_leak: { demanded: true }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard(
            "error_budget: { max_spent: 0.1, window: 10m, from: reversible, deny: true }",
        ),
        invariant: "acted_without_budget",
        rules: "[acted_without_budget: { max_spent: 0.1, window: 10m, from: reversible }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("freeze_window: { daily: ['01:00-05:00'] }"),
        invariant: "acted_in_freeze",
        rules: "[acted_in_freeze: { daily: ['01:00-05:00'] }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("healthy_quorum: { min_healthy: 0.98 }"),
        invariant: "acted_without_quorum",
        rules: "[acted_without_quorum: { min_healthy: 0.98 }]",
        remedies: ROLLBACK,
        stage: CRASHING,
    },
    Mutation {
        mutant: Mutant::Guard("kill_switch: { from: '2026-01-06T02:05:00Z' }"),
        invariant: "acted_after_kill_switch",
        rules: "[acted_after_kill_switch: { from: '2026-01-06T02:05:00Z' }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("one_at_a_time"),
        invariant: "colliding_actions",
        rules: "[colliding_actions: { dependants: true }, remediation_loop: { limit: 1000 }, ",
        remedies: "[restart]",
        stage: SPLIT,
    },
    Mutation {
        mutant: Mutant::Guard("outcome_breaker: { max: 1 }"),
        invariant: "kept_acting_after_failures",
        rules: "[kept_acting_after_failures: { limit: 1 }]",
        remedies: "[restart: { settle: 3m }, rollback]",
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("protected_targets: { targets: [api] }"),
        invariant: "acted_on_protected",
        rules: "[acted_on_protected: { targets: [api] }]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("replica_bounds: { max: 10 }"),
        invariant: "replica_bounds",
        rules: "[replica_bounds: { growth: 1 }]",
        remedies: "[scale_out: { factor: 1.5 }]",
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Guard("retry_breaker: { max: 1 }"),
        invariant: "remediation_loop",
        rules: "[remediation_loop: { limit: 1 }, ",
        remedies: "[restart]",
        stage: SPLIT,
    },
    Mutation {
        mutant: Mutant::Guard("risk_approval"),
        invariant: "unapproved_risky_action",
        rules: "[]",
        remedies: LONE,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Messages,
        invariant: "missing_notification",
        rules: "[]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Rulings,
        invariant: "incomplete_audit",
        rules: "[]",
        remedies: ROLLBACK,
        stage: BAD,
    },
    Mutation {
        mutant: Mutant::Honesty,
        invariant: "false_record",
        rules: "[]",
        remedies: ROLLBACK,
        stage: BAD,
    },
];

/// Runs every mutant and what it was made from.
///
/// # Errors
/// If a trial cannot be run: a fault of ours.
pub fn mutations(jobs: usize, progress: &Progress<'_>) -> Result<MutationTable, CaseFailure> {
    table(&ALL.iter().collect::<Vec<_>>(), jobs, progress)
}

fn table(
    all: &[&Mutation],
    jobs: usize,
    progress: &Progress<'_>,
) -> Result<MutationTable, CaseFailure> {
    let name = |mutation: &&Mutation| mutation.invariant.to_owned();
    let one = |mutation: &&Mutation| row(mutation);
    let rows: Result<Vec<MutationRow>, CaseFailure> =
        pool::map(all, jobs, progress, name, one).into_iter().collect();
    let rows = rows?;
    let passed = rows.iter().all(|row| row.passed);
    Ok(MutationTable { rows, passed })
}

fn row(mutation: &Mutation) -> Result<MutationRow, CaseFailure> {
    let whole = violations(&run(mutation, false)?);
    let broken = violations(&run(mutation, true)?);
    let only = broken.len() == 1 && broken.contains_key(mutation.invariant);
    Ok(MutationRow {
        mutant: match mutation.mutant {
            Mutant::Guard(spec) => spec.to_owned(),
            Mutant::Messages => "messages to the team".to_owned(),
            Mutant::Rulings => "rulings of guardrails".to_owned(),
            Mutant::Honesty => "honest plans".to_owned(),
        },
        invariant: mutation.invariant.to_owned(),
        passed: only && whole.is_empty(),
        whole,
        broken,
    })
}

fn violations(trial: &Trial) -> BTreeMap<String, u64> {
    let all = &trial.scorecard.safety.violations;
    let counted = all.iter().filter_map(|(kind, n)| Some((kind.clone(), (*n)?)));
    counted.filter(|(_, n)| *n > 0).collect()
}

fn read<T: serde::de::DeserializeOwned>(yaml: &str) -> T {
    serde_saphyr::from_str(yaml).unwrap_or_else(|e| panic!("built-in YAML {yaml:?}: {e}"))
}

fn run(mutation: &Mutation, broken: bool) -> Result<Trial, CaseFailure> {
    let mut policy: Policy = default_policy();
    let remedies: Vec<Spec> = read(mutation.remedies);
    let causes = Cause::ALL.into_iter().filter(|cause| *cause != Cause::Unknown);
    policy.remediate = causes.map(|cause| (cause, remedies.clone())).collect();
    if let (Mutant::Guard(spec), false) = (mutation.mutant, broken) {
        policy.guard = vec![read(spec)];
    } else {
        policy.guard.clear();
    }
    let split = mutation.stage == SPLIT;
    if split {
        policy.correlate.clear();
        if mutation.invariant != "colliding_actions" {
            policy.guard.push(Spec::plain("one_at_a_time"));
        }
    }
    let people = match mutation.invariant {
        "unapproved_risky_action" => "people: { approve: absent }\n",
        _ => "",
    };
    // Rules that hold by default and are not meant here are opened wide.
    let floor: String = [
        ("acted_below_threshold", "  - acted_below_threshold: { floor: 0 }\n"),
        ("blast_radius", "  - blast_radius: { limit: 1 }\n"),
    ]
    .into_iter()
    .filter(|(kind, _)| !mutation.rules.contains(kind))
    .map(|(_, line)| line)
    .collect();
    let more = if split { format!("{SPLIT_RULES}]") } else { String::new() };
    let listed: Vec<Spec> = read(&format!("{}{more}", mutation.rules));
    let lines: Vec<String> = listed
        .iter()
        .map(|spec| serde_json::to_string(spec).expect("plain data serialises"))
        .map(|line| format!("  - {line}\n"))
        .collect();
    let rules = format!("rules:\n{floor}{}", lines.concat());
    let checked = shop(mutation.invariant, &format!("{}{people}{rules}", mutation.stage), &policy);
    let inner = engine::build(&policy, checked.file.seed)
        .map_err(|all| CaseFailure::unusable(mutation.invariant, checked.file.seed, &all))?;
    let mutant = if broken { Some(mutation.mutant) } else { None };
    play(&checked, &mut Negligent { inner, mutant })
}

/// An engine that neglects one of its duties.
struct Negligent {
    inner: Box<dyn Engine + Send>,
    mutant: Option<Mutant>,
}

impl Engine for Negligent {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        let mut said = Vec::new();
        self.inner.step(input, &mut said);
        match self.mutant {
            Some(Mutant::Messages) => said.retain(|d| !matches!(d, Decision::Notify(_))),
            Some(Mutant::Rulings) => said.retain(|d| !matches!(d, Decision::Verdict(_))),
            Some(Mutant::Honesty) => said.iter_mut().for_each(|decision| {
                if let Decision::Plan(plan) = decision {
                    plan.confidence = Ratio::ONE;
                }
            }),
            Some(Mutant::Guard(_)) | None => {}
        }
        out.append(&mut said);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::guard::catalog;

    #[test]
    fn every_guardrail_has_a_mutant() {
        let mutants: Vec<String> = ALL
            .iter()
            .filter_map(|m| match m.mutant {
                Mutant::Guard(spec) => Some(read::<Spec>(spec).kind),
                _ => None,
            })
            .collect();
        for entry in catalog::ALL {
            assert!(mutants.iter().any(|kind| kind == entry.kind), "{}", entry.kind);
        }
    }

    /// A sample, so that the tests stay quick; `windtunnel selftest mutations` runs them all.
    #[test]
    fn each_mutant_breaks_its_invariant_and_no_other() {
        let sample: Vec<&Mutation> = ALL.iter().step_by(5).collect();
        let table = table(&sample, 0, &|_, _, _| {}).unwrap();
        let failed: Vec<&MutationRow> = table.rows.iter().filter(|row| !row.passed).collect();
        assert!(failed.is_empty(), "{failed:#?}");
    }
}
