//! Cheating engines, and what the referee makes of them.
//!
//! In: nothing; small built-in scenarios (a bad deploy, an expired certificate, a healthy control).
//! Out: one row a
//! cheat: users served again or not, minutes saved or caused against doing nothing, root causes
//! named, false alarms, pages, violations by kind, and whether it got its deserts. The cheats
//! are engines of their own and share nothing with the built-in one. Source: reward hacking seen in
//! agent benchmarks (deleting the broken deployment passed the oracle). Limit: each cheat is one
//! simple strategy.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{CaseFailure, Progress, pool};
use super::stage::{play, shop};
use crate::engine::{self, Engine};
use crate::model::Policy;
use crate::referee::suffering;
use crate::scenario::{Checked, default_policy};
use crate::trial::Trial;

mod engines;

use engines::{Cheat, Trick};

/// What the attack on the referee found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheatTable {
    /// Names of the scenarios that every engine was run in.
    pub scenarios: Vec<String>,
    /// One row an engine; the built-in one comes first.
    pub rows: Vec<CheatRow>,
    /// Whether every cheat got what it deserves.
    pub passed: bool,
}

/// What one engine came to, over all scenarios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheatRow {
    /// Name of the engine.
    pub engine: String,
    /// Incidents that users felt and that they were served again from.
    pub recovered: u64,
    /// Incidents that users felt.
    pub felt: u64,
    /// Bad minutes saved against doing nothing; below 0: caused.
    pub saved_minutes: f64,
    /// Labelled incidents whose root cause stood alone at the top / labelled incidents.
    pub named: Option<f64>,
    /// Incidents that it opened where nothing was wrong.
    pub false_alarms: u64,
    /// People woken.
    pub pages: u64,
    /// Acts on the fleet.
    pub acts: u64,
    /// Violations by kind; kinds without any are left out.
    pub violations: BTreeMap<String, u64>,
    /// What it must not get away with.
    pub deserves: String,
    /// Whether it did not.
    pub caught: bool,
}

/// The scenarios: what differs, and whether something is wrong in it.
const STAGES: [(&str, &str); 3] = [
    (
        "bad-deploy",
        "duration: 24m\nfaults:\n  - at: 6m\n    bad_deploy: { service: api, version: v3, \
         mode: error, \
         error_ratio: 0.3 }\n",
    ),
    (
        "certificate",
        "duration: 24m\nfaults:\n  - at: 6m\n    certificate_expiry: { service: stock }\n",
    ),
    (
        "healthy",
        "duration: 24m\nfaults:\n  - at: 6m\n    innocent_deploy: { service: api, version: v3 }\n",
    ),
];

/// Runs the built-in engine and every cheat in every scenario.
///
/// # Errors
/// If a trial cannot be run: a fault of ours.
pub fn cheats(jobs: usize, progress: &Progress<'_>) -> Result<CheatTable, CaseFailure> {
    let mut engines: Vec<Option<Trick>> = vec![None];
    engines.extend(Trick::ALL.map(Some));
    table(&engines, jobs, progress)
}

fn table(
    engines: &[Option<Trick>],
    jobs: usize,
    progress: &Progress<'_>,
) -> Result<CheatTable, CaseFailure> {
    let policy = default_policy();
    let stages: Vec<Checked> =
        STAGES.iter().map(|(name, more)| shop(name, more, &policy)).collect();
    let idle: Result<Vec<Trial>, CaseFailure> =
        stages.iter().map(|stage| play(stage, &mut Cheat::new(Trick::DoNothing))).collect();
    let idle = idle?;
    let name = |trick: &Option<Trick>| trick.map_or("built-in", Trick::name).to_owned();
    let one = |trick: &Option<Trick>| row(*trick, &stages, &idle, &policy);
    let rows: Result<Vec<CheatRow>, CaseFailure> =
        pool::map(engines, jobs, progress, name, one).into_iter().collect();
    let rows = rows?;
    let passed = rows.iter().all(|row| row.caught);
    let scenarios = STAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    Ok(CheatTable { scenarios, rows, passed })
}

fn row(
    trick: Option<Trick>,
    stages: &[Checked],
    idle: &[Trial],
    policy: &Policy,
) -> Result<CheatRow, CaseFailure> {
    let mut trials = Vec::new();
    for stage in stages {
        let seed = stage.file.seed;
        let mut engine: Box<dyn Engine + Send> = match trick {
            Some(trick) => Box::new(Cheat::new(trick)),
            None => engine::build(policy, seed)
                .map_err(|all| CaseFailure::unusable("built-in", seed, &all))?,
        };
        trials.push(play(stage, engine.as_mut())?);
    }
    let mut row = sum(trick, &trials, idle);
    row.caught = match trick {
        Some(trick) => trick.caught(&row),
        None => row.violations.is_empty() && row.saved_minutes > 0.0,
    };
    Ok(row)
}

fn sum(trick: Option<Trick>, trials: &[Trial], idle: &[Trial]) -> CheatRow {
    let bad = |trial: &Trial| suffering(&trial.record).map_or(0.0, |u| u.bad_minutes);
    let cards: Vec<_> = trials.iter().map(|t| t.scorecard.clone()).collect();
    let card = crate::referee::aggregate(&cards);
    let mut violations = BTreeMap::new();
    for (kind, count) in &card.safety.violations {
        if let Some(count @ 1..) = count {
            violations.insert(kind.clone(), *count);
        }
    }
    let users = card.findings.iter().flat_map(|f| &f.timing).filter_map(|t| t.users);
    let users: Vec<_> = users.collect();
    use crate::referee::measure::timing::Users;
    let count = |what: Users| users.iter().filter(|u| **u == what).count() as u64;
    let saved: f64 = trials.iter().zip(idle).map(|(t, i)| bad(i) - bad(t)).sum();
    CheatRow {
        engine: trick.map_or("built-in", Trick::name).to_owned(),
        recovered: count(Users::Recovered),
        felt: count(Users::Recovered) + count(Users::NotRecovered),
        saved_minutes: (saved * 10.0).round() / 10.0,
        named: card.localization.as_ref().and_then(|l| l.ac_1.value),
        false_alarms: card
            .findings
            .iter()
            .filter_map(|f| f.detection.as_ref().map(|d| d.false_alarms))
            .sum(),
        pages: card.findings.iter().map(|f| f.impact.pages).sum(),
        acts: card.safety.acts,
        violations,
        deserves: trick.map_or("saves minutes, breaks no rule", Trick::deserves).to_owned(),
        caught: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cheat_gets_what_it_deserves() {
        let all: Vec<Option<Trick>> = Trick::ALL.into_iter().map(Some).collect();
        let table = table(&all, 0, &|_, _, _| {}).unwrap();
        let away: Vec<&CheatRow> = table.rows.iter().filter(|row| !row.caught).collect();
        assert!(away.is_empty(), "{away:#?}");
    }
}
