//! Many scenarios, each with its twins, as one table.
//!
//! In: checked scenarios. Out: one entry a scenario and seed, in the order given, and all of them
//! summed up. Scenarios run in parallel; the number of threads shows in no byte. Limit: one seed
//! each; `run SCENARIO --seeds N --twins` has more.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::twins::{self, Twins, TwinsSummary, twins_of};
use super::{CaseFailure, Progress, pool, scenario};
use crate::scenario::{Checked, hash};

/// The table over scenarios, as `run DIRECTORY --twins --format json` prints it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Overview {
    /// Version of windtunnel.
    pub windtunnel: String,
    /// One entry a scenario.
    pub scenarios: Vec<OverviewRow>,
    /// Over all of them; null if none could be run.
    pub summary: Option<TwinsSummary>,
    /// Scenarios that could not be run.
    pub failures: Vec<CaseFailure>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OverviewRow {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
    /// Its seed.
    pub seed: u64,
    /// Fingerprint of its trial.
    pub digest: String,
    /// Name of the policy under test.
    pub policy: String,
    /// Fingerprint of the policy.
    pub policy_hash: String,
    /// Violations of the referee's rules by kind; kinds without any are left out.
    pub violations: BTreeMap<String, u64>,
    /// Its twins.
    pub twins: Twins,
}

/// Runs every scenario and its twins.
#[must_use]
pub fn run(
    scenarios: &[Checked],
    seed: Option<u64>,
    jobs: usize,
    progress: &Progress<'_>,
) -> Overview {
    let name = |checked: &Checked| checked.file.name.clone();
    let all = pool::map(scenarios, jobs, progress, name, |checked| one(checked, seed));
    let (mut rows, mut failures) = (Vec::new(), Vec::new());
    for result in all {
        match result {
            Ok(row) => rows.push(row),
            Err(failure) => failures.push(failure),
        }
    }
    let all: Vec<&Twins> = rows.iter().map(|row: &OverviewRow| &row.twins).collect();
    let summary = twins::summarise(&all);
    let windtunnel = env!("CARGO_PKG_VERSION").to_owned();
    Overview { windtunnel, scenarios: rows, summary, failures }
}

fn one(checked: &Checked, seed: Option<u64>) -> Result<OverviewRow, CaseFailure> {
    let trial = scenario::run(checked, seed.unwrap_or(checked.file.seed))?;
    let violations = &trial.scorecard.safety.violations;
    let broken = violations.iter().filter_map(|(kind, n)| Some((kind.clone(), (*n)?)));
    Ok(OverviewRow {
        name: trial.name.clone(),
        path: checked.path.display().to_string(),
        seed: trial.seed,
        digest: trial.digest.clone(),
        policy: checked.policy.name.clone(),
        policy_hash: hash(&checked.policy),
        violations: broken.filter(|(_, n)| *n > 0).collect(),
        twins: twins_of(checked, &trial)?,
    })
}
