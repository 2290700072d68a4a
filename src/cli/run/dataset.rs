//! `run` with a dataset.

use super::super::failure::Failure;
use super::super::progress::Progress;
use super::super::staging::Staging;
use super::super::terminal::Terminal;
use super::{Alarm, Run, output};
use crate::campaign::document::{SourceDocument, SourceKind};
use crate::campaign::{self, AlarmSource, DatasetRun, RunDocument, Setup};
use crate::catalog::{did_you_mean, nearest};
use crate::model::Policy;
use crate::scenario::{default_policy, of_timeline};
use crate::timeline::Dataset;

/// Replays the cases of a dataset, or one of them with its report.
pub(super) fn run(args: &Run, policy: Option<Policy>, terminal: Terminal) -> Result<u8, Failure> {
    args.refuse(args.seeds != 1, "--seeds", "scenarios")?;
    args.refuse(args.twins, "--twins", "scenarios")?;
    let shifted = args.alarm_shift.is_some() && args.alarm == Alarm::Detected;
    args.refuse(shifted, "--alarm-shift", "`--alarm reported`")?;
    let dataset = Dataset::open(&args.path).map_err(|all| Failure::Problems(of_timeline(&all)))?;
    if let Some(case) = &args.case {
        known(&dataset, case)?;
    }
    let name = match &args.case {
        Some(case) => format!("{}-{case}", dataset.meta.name),
        None => dataset.meta.name.clone(),
    };
    let staging = args.target(&file_name(&name)).map(|dir| Staging::begin(&dir)).transpose()?;
    let policy = policy.unwrap_or_else(default_policy);
    for note in &dataset.meta.notes {
        terminal.detail(&format!("{}: {note}", dataset.meta.name));
    }
    let progress = Progress::new(terminal, "cases");
    let run = DatasetRun {
        dataset: &dataset,
        policy: &policy,
        case: args.case.as_deref(),
        seed: args.seed.unwrap_or(1),
        jobs: args.jobs,
        alarm: match args.alarm {
            Alarm::Detected => AlarmSource::Detected,
            Alarm::Reported => AlarmSource::Reported(args.alarm_shift.unwrap_or_default()),
        },
    };
    let outcomes = campaign::run_dataset(&run, &|done, total, name| {
        progress.set(done, total, name);
    });
    progress.finish();
    if outcomes.trials.is_empty() {
        return Err(output::nothing_ran(&outcomes.failures));
    }
    let setup = Setup {
        source: SourceDocument {
            kind: SourceKind::Dataset,
            path: args.path.display().to_string(),
            provenance: dataset.meta.provenance,
        },
        policy: policy.clone(),
        expect: Vec::new(),
    };
    let document = RunDocument::new(&setup, &outcomes.trials, &outcomes.failures);
    let files = if args.case.is_some() {
        output::report(staging, &outcomes.trials[0], &document)?
    } else {
        output::tables(staging, &document)?
    };
    output::print(args.format, &outcomes.trials, &document, &files, terminal)?;
    output::failures(&outcomes.failures, terminal);
    Ok(output::exit_code(&outcomes.failures))
}

fn known(dataset: &Dataset, case: &str) -> Result<(), Failure> {
    if dataset.cases().iter().any(|name| name == case) {
        return Ok(());
    }
    let names = || dataset.cases().iter().map(String::as_str);
    let (near, count) = (nearest(case, names()), dataset.cases().len());
    let hint = did_you_mean(near);
    let known: Vec<&str> = names().take(if near.is_some() { 0 } else { 3 }).collect();
    let such = if known.is_empty() { "" } else { ", such as " };
    let known = known.join(", ");
    Err(Failure::usage(format!("unknown case {case:?}{hint} (of {count} here{such}{known})")))
}

/// Whatever a dataset is called, its report directory has a plain name.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(plain).collect();
    if name.starts_with('.') { format!("_{name}") } else { name }
}
