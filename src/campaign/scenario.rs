//! A scenario, once for each seed.

use super::{CaseFailure, Outcomes, Progress, pool};
use crate::scenario::Checked;
use crate::trial::{self, Mode, Rules, Settings, Trial};
use crate::world::World;
use crate::world::overlay::Overlay;
use crate::world::synthetic::Synthetic;

/// Runs a scenario once for each seed, on `jobs` threads (0: one a processor).
#[must_use]
pub fn run_scenario(
    checked: &Checked,
    seeds: &[u64],
    jobs: usize,
    progress: &Progress<'_>,
) -> Outcomes {
    let name = |seed: &u64| format!("{} seed {seed}", checked.file.name);
    pool::map(seeds, jobs, progress, name, |seed| run(checked, *seed)).into_iter().collect()
}

/// What actions can change in a scenario's world.
pub(super) const fn mode(checked: &Checked) -> Mode {
    if checked.file.baseline.is_some() { Mode::Counterfactual } else { Mode::ClosedLoop }
}

/// The world of a scenario.
pub(super) fn world(checked: &Checked, seed: u64) -> Result<Box<dyn World>, CaseFailure> {
    let name = checked.file.name.as_str();
    if let Some(baseline) = &checked.file.baseline {
        let failed = |all: Vec<String>| CaseFailure::unusable(name, seed, &all);
        let (case, interval) = baseline.case(checked.folder()).map_err(failed)?;
        let world = Overlay::new(&checked.spec, &case, interval, seed).map_err(failed)?;
        return Ok(Box::new(world));
    }
    let world = Synthetic::new(checked.spec.clone(), seed)
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    Ok(Box::new(world))
}

/// One trial of a scenario.
pub(super) fn run(checked: &Checked, seed: u64) -> Result<Trial, CaseFailure> {
    let name = checked.file.name.as_str();
    let mut world = world(checked, seed)?;
    let mut engine = trial::build_engine(&checked.policy, seed)
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    let rules = Rules::new(checked.file.rules.clone())
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    let verdict_required = checked.policy.engine.is_none();
    let base = Settings::new(name, seed, mode(checked));
    let settings = Settings { record_tracks: true, verdict_required, rules, ..base };
    trial::run(&mut *world, &mut *engine, &settings)
        .map_err(|error| CaseFailure::of_trial(name, seed, &error))
}
