//! Counterfactual twins: the same seed run without automation, with simple automation, with an
//! oracle, and without each single action. The difference is what the engine saved or caused.
//!
//! In: a scenario and a finished trial of it. Out: `Twins`. All runs share the random streams of
//! the trial (each stream is named, so that an action more or less shifts no other draw), and the
//! trial's own actions are replayed as they were given, without the engine: the action is the
//! difference and nothing else. Source: common random numbers (Law, Simulation Modeling and
//! Analysis, ch. 11); potential outcomes (Rubin, 1974). Known limit: leaving one of two actions out
//! that each suffice alone shows no effect of either.

mod document;
mod harm;
mod oracle;
mod probes;
mod replay;
mod thresholds;

pub use document::{ActionEffect, Harm, TwinKind, TwinRow, Twins, TwinsSummary, summarise};

use self::document::row;
use self::replay::{Order, Replayed, orders, replay};
use super::{CaseFailure, Progress, pool, scenario};
use crate::engine::Engine;
use crate::scenario::Checked;
use crate::trial::{self, Rules, Settings, Trial};

/// Actions whose single effect is computed at most, acted and blocked ones together.
const MOST_EFFECTS: usize = 48;

/// The twins of every trial of a scenario, on `jobs` threads (0: one a processor), in order.
///
/// # Errors
/// If a twin cannot be run although its trial was: a fault of ours.
pub fn run_twins(
    checked: &Checked,
    trials: &[Trial],
    jobs: usize,
    progress: &Progress<'_>,
) -> Result<Vec<Twins>, CaseFailure> {
    let name = |trial: &Trial| format!("{} seed {} twins", trial.name, trial.seed);
    pool::map(trials, jobs, progress, name, |trial| twins_of(checked, trial)).into_iter().collect()
}

/// The twins of one trial.
///
/// # Errors
/// If a twin cannot be run although its trial was: a fault of ours.
pub fn twins_of(checked: &Checked, trial: &Trial) -> Result<Twins, CaseFailure> {
    let seed = trial.seed;
    let given = orders(&trial.journal);
    let none = replay(checked, seed, &[])?;
    let again = replay(checked, seed, &given)?;
    let faithful = again.record.sli == trial.record.sli;
    let base = again.suffering();
    let l0 = drive(checked, seed, &mut probes::Probes::default())?;
    let l1 = drive(checked, seed, &mut thresholds::Thresholds::default())?;
    let (best, told) = oracle::play(checked, seed, &none)?;
    let mut runs = 4 + best.runs;
    let rows = vec![
        document::of_trial(TwinKind::Engine, trial),
        row(TwinKind::None, &none, 0),
        document::of_trial(TwinKind::L0, &l0),
        document::of_trial(TwinKind::L1, &l1),
        row(TwinKind::Oracle, &best.run, told.len() as u64),
    ];
    let mut actions = Vec::new();
    let cases = harm::cases(trial);
    let left_out = cases.len().saturating_sub(MOST_EFFECTS) as u64;
    for case in cases.into_iter().take(MOST_EFFECTS) {
        let other = match case.blocked {
            false => without(&given, case.action.id),
            true => with(&given, Order::act(case.time, case.action.clone())),
        };
        let changed = replay(checked, seed, &other)?.suffering();
        runs += 1;
        actions.push(harm::judge(trial, &case, base, changed));
    }
    Ok(Twins::new(rows, actions, told, document::Facts { faithful, runs, left_out }))
}

/// A whole trial of another engine in the same world.
fn drive(checked: &Checked, seed: u64, engine: &mut dyn Engine) -> Result<Trial, CaseFailure> {
    let name = checked.file.name.as_str();
    let mut world = scenario::world(checked, seed)?;
    let rules = Rules::new(checked.file.rules.clone())
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    let settings = Settings {
        verdict_required: false,
        rules,
        ..Settings::new(name, seed, scenario::mode(checked))
    };
    trial::run(&mut *world, engine, &settings)
        .map_err(|error| CaseFailure::of_trial(name, seed, &error))
}

fn without(given: &[Order], id: crate::unit::ActionId) -> Vec<Order> {
    given.iter().filter(|order| order.action.id != id).cloned().collect()
}

fn with(given: &[Order], extra: Order) -> Vec<Order> {
    let place = given.iter().position(|order| order.time > extra.time).unwrap_or(given.len());
    let mut all = given.to_vec();
    all.insert(place, extra);
    all
}

/// What a replayed run shows.
impl Replayed {
    fn suffering(&self) -> (f64, f64) {
        crate::referee::suffering(&self.record)
            .map_or((0.0, 0.0), |u| (u.bad_minutes, u.bad_requests))
    }
}

#[cfg(test)]
mod tests;
