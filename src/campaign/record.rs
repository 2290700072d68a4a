//! Scenarios run and written as a dataset, with their labels.
//!
//! In: checked scenarios, seeds, a place. Out: one case for each scenario and seed; a replay of it
//! shows an engine what this run showed. What the run's engine did to the fleet is in it, so that a
//! recording of an unattended incident wants a policy that does nothing.

use std::path::Path;

use super::CaseFailure;
use crate::scenario::{Checked, hash};
use crate::timeline::{
    CaseCounts, DatasetMeta, DatasetWriter, FORMAT_VERSION, Provenance, TimelineError,
};
use crate::trial::{self, Settings, Trial};
use crate::world::Taped;

/// One case that was written.
#[derive(Debug)]
pub struct Taking {
    /// Its name.
    pub case: String,
    /// How much it holds.
    pub counts: CaseCounts,
    /// The run.
    pub trial: Trial,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The dataset cannot be written.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// A scenario cannot be run.
    #[error("{}: {}", .0.name, .0.problems.join("; "))]
    Run(CaseFailure),
    /// The scenarios do not fit into one dataset.
    #[error("{0}")]
    Misfit(String),
}

/// Runs each scenario with each of its seeds and writes a dataset at `target`.
///
/// # Errors
/// If a scenario cannot be run or the dataset cannot be written; nothing is left then.
pub fn record(
    scenarios: &[Checked],
    seeds: impl Fn(&Checked) -> Vec<u64>,
    target: &Path,
    overwrite: bool,
    progress: &super::Progress<'_>,
) -> Result<Vec<Taking>, RecordError> {
    let meta = meta(scenarios, target)?;
    let dataset = if overwrite {
        DatasetWriter::replace(target, meta)?
    } else {
        DatasetWriter::create(target, meta)?
    };
    let mut takings = Vec::new();
    let total = scenarios.iter().map(|checked| seeds(checked).len()).sum();
    for checked in scenarios {
        let seeds = seeds(checked);
        for seed in &seeds {
            let name = match seeds.len() {
                1 => checked.file.name.clone(),
                _ => format!("{}-seed-{seed}", checked.file.name),
            };
            takings.push(take(checked, *seed, &name, &dataset)?);
            progress(takings.len(), total, &name);
        }
    }
    dataset.finish()?;
    Ok(takings)
}

fn take(
    checked: &Checked,
    seed: u64,
    name: &str,
    dataset: &DatasetWriter,
) -> Result<Taking, RecordError> {
    let failed = |problem: CaseFailure| RecordError::Run(problem);
    let mut world = super::scenario::world(checked, seed).map_err(failed)?;
    let mut engine = trial::build_engine(&checked.policy, seed)
        .map_err(|all| failed(CaseFailure::unusable(name, seed, &all)))?;
    let mut case = dataset.case(name, world.topology(), world.series())?;
    let (scenario, policy) = (&checked.file.name, &checked.policy.name);
    case.note(format!(
        "scenario {scenario}, seed {seed}, under policy {policy} ({})",
        hash(&checked.policy)
    ));
    let verdict_required = checked.policy.engine.is_none();
    let base = Settings::new(name, seed, super::scenario::mode(checked));
    let settings = Settings { verdict_required, ..base };
    let mut taped = Taped::new(&mut *world, case);
    let trial = trial::run(&mut taped, &mut *engine, &settings)
        .map_err(|error| failed(CaseFailure::of_trial(name, seed, &error)))?;
    let counts = taped.finish()?;
    Ok(Taking { case: name.to_owned(), counts, trial })
}

fn meta(scenarios: &[Checked], target: &Path) -> Result<DatasetMeta, RecordError> {
    let Some(first) = scenarios.first() else {
        return Err(RecordError::Misfit("expected at least one scenario".to_owned()));
    };
    let interval = first.spec.scrape.interval;
    for other in scenarios {
        if other.spec.scrape.interval != interval {
            let found = other.spec.scrape.interval;
            return Err(RecordError::Misfit(format!(
                "{}: scrapes every {found}, {} every {interval}: one dataset has one interval",
                other.path.display(),
                first.path.display()
            )));
        }
    }
    let name = target.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok(DatasetMeta {
        format_version: FORMAT_VERSION,
        name,
        origin: format!("windtunnel {} record", env!("CARGO_PKG_VERSION")),
        licence: "that of windtunnel (MIT or Apache-2.0)".to_owned(),
        interval,
        provenance: Provenance::Synthetic,
        notes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::campaign::{AlarmSource, DatasetRun, run_dataset};
    use crate::model::Decision;
    use crate::scenario::load_scenario;
    use crate::timeline::Dataset;
    use crate::unit::{SimDuration, SimTime};

    fn scenario(name: &str) -> Checked {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
        load_scenario(&file).map_err(|all| format!("{all:?}")).unwrap()
    }

    /// What was raised up to `until`: the signal, and the scrape at which it was known.
    fn raised(trial: &Trial, until: SimTime) -> BTreeSet<(String, String, SimTime)> {
        let scrape = |time: SimTime| {
            let step = SimDuration::from_secs(15).nanos();
            SimTime::from_nanos((time.nanos() + step - 1).div_euclid(step) * step)
        };
        let decisions = trial.journal.decisions().filter(|(time, _)| *time <= until);
        decisions
            .filter_map(|(_, decision)| match decision {
                Decision::Anomaly(a) => Some((
                    a.detector.clone(),
                    format!("{} {}", a.entity, a.signal),
                    scrape(a.raised),
                )),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_recording_replays_to_the_same_detections() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("taped");
        let checked = scenario("0247-memory-leak.yaml");
        let seeds = |checked: &Checked| vec![checked.file.seed];
        let takings =
            record(std::slice::from_ref(&checked), seeds, &target, false, &|_, _, _| {}).unwrap();
        assert!(Dataset::check(&target).is_empty(), "{:?}", Dataset::check(&target));
        let live = &takings[0].trial;
        let dataset = Dataset::open(&target).unwrap();
        let run = DatasetRun {
            dataset: &dataset,
            policy: &checked.policy,
            case: None,
            seed: checked.file.seed,
            jobs: 1,
            alarm: AlarmSource::Detected,
            withheld: crate::campaign::accuracy::Withheld::Nothing,
        };
        let played = run_dataset(&run, &|_, _, _| {});
        let replay = &played.trials[0];
        assert_eq!(live.truth, replay.truth);
        let acted = live.journal.decisions().find(|(_, d)| matches!(d, Decision::Act(_)));
        let until = acted.expect("the engine acts").0;
        let (first, second) = (raised(live, until), raised(replay, until));
        assert!(!first.is_empty());
        assert_eq!(first, second, "detections up to the first action");
        // From then on the live engine knows what it did; what it sees is still the same.
        let end = live.window.end;
        let signals = |trial: &Trial| -> BTreeSet<String> {
            raised(trial, end).into_iter().map(|(_, signal, _)| signal).collect()
        };
        let (all, again) = (signals(live), signals(replay));
        let common = all.intersection(&again).count();
        assert!(common * 10 >= all.len() * 9, "{common} of {}: {all:?} {again:?}", all.len());
    }

    #[test]
    fn a_dataset_has_one_interval_and_at_least_one_scenario() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("taped");
        let mut other = scenario("traps/innocent-deploy.yaml");
        other.spec.scrape.interval = SimDuration::from_secs(30);
        let both = [scenario("0247-memory-leak.yaml"), other];
        let error = record(&both, |_| vec![1], &target, false, &|_, _, _| {}).unwrap_err();
        assert!(error.to_string().contains("one dataset has one interval"), "{error}");
        let error = record(&[], |_| vec![1], &target, false, &|_, _, _| {}).unwrap_err();
        assert!(error.to_string().contains("at least one scenario"), "{error}");
        assert!(!target.exists());
    }
}
