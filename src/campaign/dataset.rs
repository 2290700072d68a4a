//! Every case of a dataset, replayed in open loop.

use super::accuracy::Withheld;
use super::deprived::{Deprived, Without};
use super::{CaseFailure, Outcomes, Progress, pool};
use crate::model::{Opens, Policy};
use crate::timeline::Dataset;
use crate::trial::{self, Mode, Settings, Trial};
use crate::unit::SimDuration;
use crate::world::{Recorded, World};

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
    /// What the engine is not given.
    pub withheld: Withheld,
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
    let world = match run.alarm {
        AlarmSource::Detected => world,
        AlarmSource::Reported(shift) => world.with_alarms(shift),
    };
    let mut world: Box<dyn World> = match without(run, &world) {
        Some(without) => Box::new(Deprived::new(world, without)),
        None => Box::new(world),
    };
    let mut engine = trial::build_engine(&policy_of(run), seed)
        .map_err(|all| CaseFailure::unusable(name, seed, &all))?;
    // Plots are drawn of a single case only; many cases would hold too much memory.
    let record_tracks = run.case.is_some();
    let verdict_required = run.policy.engine.is_none();
    let base = Settings::new(name, seed, Mode::OpenLoop);
    let settings = Settings { record_tracks, verdict_required, ..base };
    trial::run(&mut *world, &mut *engine, &settings)
        .map_err(|error| CaseFailure::of_trial(name, seed, &error))
}

/// Who is told when something is wrong is not asked to find out: in the benchmarks' protocol alerts
/// alone open incidents.
fn policy_of(run: &DatasetRun<'_>) -> Policy {
    let mut policy = run.policy.clone();
    if matches!(run.alarm, AlarmSource::Reported(_)) {
        policy.alarm.opens = Opens::Alerts;
    }
    policy
}

/// What is withheld in this case: an amount of past is counted back from its first alarm.
fn without(run: &DatasetRun<'_>, world: &Recorded) -> Option<Without> {
    match run.withheld {
        Withheld::Nothing => None,
        Withheld::Kind(without) => Some(without),
        Withheld::PastBut(kept) => {
            let kept = kept.max(run.dataset.meta.interval * 2);
            let truth = world.truth()?;
            let alarms = truth.incidents.iter().filter_map(|i| i.alarm.as_ref()).map(|a| a.time);
            alarms.min().map(|first| Without::Past(first - kept))
        }
    }
}
