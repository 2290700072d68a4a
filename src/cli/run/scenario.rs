//! `run` with a scenario file.

use super::super::exit_code;
use super::super::failure::Failure;
use super::super::progress::Progress;
use super::super::staging::Staging;
use super::super::terminal::Terminal;
use super::{Alarm, Run, output};
use crate::campaign::document::{SourceDocument, SourceKind};
use crate::campaign::{self, RunDocument, Setup, Twins};
use crate::model::Policy;
use crate::scenario::{Checked, hash, load_scenario};
use crate::timeline::Provenance;
use crate::trial::Trial;

/// Runs a scenario; the report is of the first seed.
pub(super) fn run(args: &Run, policy: Option<Policy>, terminal: Terminal) -> Result<u8, Failure> {
    args.refuse(args.case.is_some(), "--case", "datasets")?;
    args.refuse(args.alarm != Alarm::Detected, "--alarm", "datasets")?;
    args.refuse(args.alarm_shift.is_some(), "--alarm-shift", "datasets")?;
    let mut checked = load_scenario(&args.path).map_err(Failure::Problems)?;
    if let Some(policy) = policy {
        checked = checked.with_policy(policy);
    }
    let staging = args.target(&checked.file.name).map(|dir| Staging::begin(&dir)).transpose()?;
    let first = args.seed.unwrap_or(checked.file.seed);
    let seeds: Vec<u64> = (0..args.seeds).map(|n| first.wrapping_add(n)).collect();
    let policy = (&checked.policy.name, hash(&checked.policy));
    terminal.detail(&format!("policy {}, hash {}; seeds {seeds:?}", policy.0, policy.1));
    let progress = Progress::new(terminal, "seeds");
    let outcomes = campaign::run_scenario(&checked, &seeds, args.jobs, &|done, total, name| {
        progress.set(done, total, name);
    });
    progress.finish();
    if outcomes.trials.is_empty() {
        return Err(output::nothing_ran(&outcomes.failures));
    }
    let setup = Setup {
        source: SourceDocument {
            kind: SourceKind::Scenario,
            path: args.path.display().to_string(),
            provenance: Provenance::Synthetic,
        },
        policy: checked.policy.clone(),
        expect: checked.file.expect.clone(),
    };
    let mut document = RunDocument::new(&setup, &outcomes.trials, &outcomes.failures);
    if args.twins {
        document = document.with_twins(twins(args, &checked, &outcomes.trials, terminal)?);
    }
    let files = output::report(staging, &outcomes.trials[0], &document)?;
    output::print(args.format, &outcomes.trials, &document, &files, terminal)?;
    output::failures(&outcomes.failures, terminal);
    Ok(match output::exit_code(&outcomes.failures) {
        exit_code::DONE if !document.met() => exit_code::FAILED,
        code => code,
    })
}

/// The twins of every trial; that one of them cannot be run is a fault of ours.
fn twins(
    args: &Run,
    checked: &Checked,
    trials: &[Trial],
    terminal: Terminal,
) -> Result<Vec<Twins>, Failure> {
    let progress = Progress::new(terminal, "twins");
    let twins = campaign::run_twins(checked, trials, args.jobs, &|done, total, name| {
        progress.set(done, total, name);
    });
    progress.finish();
    twins.map_err(|failure| Failure::Broken(failure.problems.join("; ")))
}
