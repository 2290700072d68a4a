//! `windtunnel run PATH`: a scenario on the mock fleet, or the cases of a dataset.

mod corpus;
mod dataset;
pub(super) mod output;
mod scenario;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::terminal::Terminal;
use crate::scenario::{Sort, load_policy, recognise};
use crate::unit::SimDuration;

/// What to run and how.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// A scenario file, the directory of a dataset, or (with --twins) one with scenarios.
    path: PathBuf,
    /// Put another engine policy to the test.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Seed of all chance (default: the scenario's).
    #[arg(long)]
    seed: Option<u64>,
    /// Run this many seeds, from the first one up.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    seeds: u64,
    /// Trials at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// Of a dataset: only this case, with its report.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Directory of the report (default: reports/NAME).
    #[arg(long, value_name = "DIR", conflicts_with = "no_report")]
    out: Option<PathBuf>,
    /// Write no files.
    #[arg(long)]
    no_report: bool,
    /// Of a dataset: does the engine detect by itself, or is it told of the recording's alarm?
    #[arg(long, value_enum, default_value_t = Alarm::Detected)]
    alarm: Alarm,
    /// Also run the counterfactual twins on the same seed: no automation, probes only, threshold
    /// runbooks, an oracle, and the run without each action.
    #[arg(long)]
    twins: bool,
    /// How much later than labelled a reported alarm is told (negative: earlier; default 0s).
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    alarm_shift: Option<SimDuration>,
}

/// What `run` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person.
    Text,
    /// One JSON document; `windtunnel schema result` describes it.
    Json,
}

/// How an engine learns that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Alarm {
    /// It detects by itself.
    Detected,
    /// The benchmark's protocol tells it.
    Reported,
}

/// Runs whatever the path is.
///
/// # Errors
/// If a file cannot be used or the report cannot be written.
pub(super) fn run(args: &Run, terminal: Terminal) -> Result<u8, Failure> {
    let found = args.path.display();
    if args.seeds == 0 {
        return Err(Failure::usage("expected at least 1 for --seeds, found 0"));
    }
    let policy = args.policy.as_deref().map(load_policy).transpose().map_err(Failure::Problems)?;
    if corpus::is_one(&args.path) {
        return corpus::run(args, policy.as_ref(), terminal);
    }
    match recognise(&args.path).map_err(Failure::Problems)? {
        Sort::Scenario => scenario::run(args, policy, terminal),
        Sort::Dataset => dataset::run(args, policy, terminal),
        Sort::Fleet => Err(Failure::usage(format!(
            "expected a scenario or a dataset, found the fleet {found} (name it as `fleet` of a \
             scenario)"
        ))),
        Sort::Policy => Err(Failure::usage(format!(
            "expected a scenario or a dataset, found the policy {found} (use it with --policy)"
        ))),
    }
}

impl Run {
    /// Where the report goes; `None` if none is wanted.
    fn target(&self, name: &str) -> Option<PathBuf> {
        let default = || PathBuf::from("reports").join(name);
        (!self.no_report).then(|| self.out.clone().unwrap_or_else(default))
    }

    fn refuse(&self, given: bool, option: &str, of: &str) -> Result<(), Failure> {
        if given {
            return Err(Failure::usage(format!("{option} is for {of} only")));
        }
        Ok(())
    }
}
