//! `windtunnel record SCENARIO... DIR`: runs become a dataset, labels included.

use std::path::PathBuf;

use clap::Args;

use super::exit_code;
use super::failure::{Failure, count};
use super::progress::Progress;
use super::staging;
use super::terminal::Terminal;
use crate::campaign::record::{RecordError, Taking, record};
use crate::scenario::{load_policy, load_scenario};

/// What to record.
#[derive(Debug, Args)]
pub(super) struct Record {
    /// Scenario files, then the directory of the new dataset.
    #[arg(required = true, num_args = 2.., value_name = "SCENARIO... DIR")]
    paths: Vec<PathBuf>,
    /// Run under another policy, e.g. scenarios/policies/none.yaml for unattended incidents.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Seed of all chance (default: each scenario's).
    #[arg(long)]
    seed: Option<u64>,
    /// Record this many seeds of each scenario, from the first one up.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    seeds: u64,
    /// Replace a dataset that is there already.
    #[arg(long)]
    overwrite: bool,
}

/// Records and says what was written.
///
/// # Errors
/// If a scenario cannot be used or the dataset cannot be written.
pub(super) fn run(args: &Record, terminal: Terminal) -> Result<u8, Failure> {
    if args.seeds == 0 {
        return Err(Failure::usage("expected at least 1 for --seeds, found 0"));
    }
    let Some((target, files)) = args.paths.split_last() else {
        return Err(Failure::usage("expected scenario files and a directory"));
    };
    let policy = args.policy.as_deref().map(load_policy).transpose().map_err(Failure::Problems)?;
    let (mut scenarios, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match load_scenario(file) {
            Ok(checked) => scenarios.push(match &policy {
                Some(policy) => checked.with_policy(policy.clone()),
                None => checked,
            }),
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::Problems(problems));
    }
    let seeds = |checked: &crate::scenario::Checked| {
        let first = args.seed.unwrap_or(checked.file.seed);
        (0..args.seeds).map(|n| first.wrapping_add(n)).collect()
    };
    let guard = staging::watch(target);
    let progress = Progress::new(terminal, "cases");
    let told = |done: usize, total: usize, name: &str| progress.set(done, total, name);
    let taken = record(&scenarios, seeds, target, args.overwrite, &told);
    progress.finish();
    drop(guard);
    let takings = taken.map_err(|error: RecordError| Failure::usage(error.to_string()))?;
    for Taking { case, counts, trial } in &takings {
        let incidents = trial.truth.as_ref().map_or(0, |truth| truth.incidents.len());
        let labels = count(incidents, "labelled incident");
        terminal.print(&format!(
            "{}/{case}: {} samples, {} log records, {} spans, {} events, {labels}",
            target.display(),
            counts.samples,
            counts.logs,
            counts.spans,
            counts.events,
        ))?;
    }
    terminal.note(&format!("next: windtunnel run {}", target.display()));
    Ok(exit_code::DONE)
}
