//! Every case of a dataset, replayed in open loop.

use super::{CaseFailure, Outcomes, Progress, pool};
use crate::model::Policy;
use crate::timeline::Dataset;
use crate::trial::{self, Mode, Settings, Trial};
use crate::unit::SimDuration;
use crate::world::Recorded;

/// What is replayed and how.
#[derive(Debug, Clone)]
pub struct DatasetRun<'a> {
    /// The recordings.
    pub dataset: &'a Dataset,
    /// The engine under test.
    pub policy: &'a Policy,
    /// Only this case.
    pub case: Option<&'a str>,
    /// Seed of the engine; the recording has none.
    pub seed: u64,
    /// Threads; 0 for one a processor.
    pub jobs: usize,
    /// Whether the recording's own alarm is handed to the engine.
    pub alarm: AlarmSource,
}

/// How an engine learns that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlarmSource {
    /// It detects by itself.
    #[default]
    Detected,
    /// The benchmark's protocol tells it, this much later than labelled (negative: earlier).
    Reported(SimDuration),
}

/// Replays the cases of a dataset, in the order of their names.
#[must_use]
pub fn run_dataset(run: &DatasetRun<'_>, progress: &Progress<'_>) -> Outcomes {
    let wanted = |name: &&String| run.case.is_none_or(|case| case == name.as_str());
    let cases: Vec<&String> = run.dataset.cases().iter().filter(wanted).collect();
    let name = |name: &&String| (*name).clone();
    let work = |name: &&String| replay(run, name);
    pool::map(&cases, run.jobs, progress, name, work).into_iter().collect()
}

fn replay(run: &DatasetRun<'_>, name: &str) -> Result<Trial, CaseFailure> {
    let seed = run.seed;
    let world = Recorded::open(&run.dataset.case_path(name), run.dataset.meta.interval)
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    let mut world = match run.alarm {
        AlarmSource::Detected => world,
        AlarmSource::Reported(shift) => world.with_alarms(shift),
    };
    let mut engine = trial::build_engine(run.policy, seed)
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    // Plots are drawn of a single case only; many cases would hold too much memory.
    let record_tracks = run.case.is_some();
    let verdict_required = run.policy.engine.is_none();
    let base = Settings::new(name, seed, Mode::OpenLoop);
    let settings = Settings { record_tracks, verdict_required, ..base };
    trial::run(&mut world, &mut *engine, &settings)
        .map_err(|error| CaseFailure::of_trial(name, seed, &error))
}
