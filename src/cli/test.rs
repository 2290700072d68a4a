//! `windtunnel test [PATHS]`: every scenario that expects something is a test.

mod files;
mod last;
mod meta;
mod tell;

pub(super) use files::write_whole;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use super::exit_code;
use super::failure::{Failure, count};
use super::terminal::Terminal;
use crate::campaign::golden;
use crate::campaign::suite::{self, Filter, Found, Limits, Outcome, Partition, Runner, Status};
use crate::scenario::load_policy;
use crate::unit::SimDuration;

/// What to test and how.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// Scenario files, or folders of them (default: scenarios).
    paths: Vec<PathBuf>,
    /// Only tests that fit, e.g. `leak & !fault:innocent_deploy`; docs/testing.md has the grammar.
    #[arg(short = 'E', long = "filter", value_name = "FILTER")]
    filter: Option<String>,
    /// Put another engine policy to the test in every scenario.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Say which tests there are, run none.
    #[arg(long)]
    list: bool,
    /// Stop at the first failure.
    #[arg(long)]
    fail_fast: bool,
    /// Only the tests that did not pass last time.
    #[arg(long)]
    rerun_failed: bool,
    /// A share of the tests for one machine: hash:1/4 or count:1/4.
    #[arg(long, value_name = "KIND:M/N")]
    partition: Option<Partition>,
    /// Tests at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// Most wall time of a trial.
    #[arg(long, value_name = "DURATION", default_value = "2m")]
    timeout: SimDuration,
    /// Most control events of a trial (default: the scenario's event_budget).
    #[arg(long, value_name = "N")]
    max_events: Option<u64>,
    /// Hold changes against each scenario that must not change the diagnosis: all times shifted,
    /// services renamed, series permuted, traffic scaled, a service added, scrapes doubled.
    #[arg(long, conflicts_with_all = ["bless", "junit", "markdown"])]
    metamorphic: bool,
    /// Seeds of each metamorphic relation.
    #[arg(long, value_name = "COUNT", default_value_t = 3, requires = "metamorphic")]
    seeds: u64,
    /// Accept what is new as golden; makes goldens for the tests that are run.
    #[arg(long)]
    bless: bool,
    /// Do not compare with goldens.
    #[arg(long, conflicts_with = "bless")]
    no_golden: bool,
    /// Where goldens are kept that do not stand beside their scenario.
    #[arg(long, value_name = "DIR", default_value = "reports/golden")]
    goldens: PathBuf,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write a JUnit report.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Write a Markdown report, for a pull request or a job summary.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Annotate failures for GitHub Actions, on standard error.
    #[arg(long)]
    github: bool,
    /// Directory of the reports of failed tests, and of what --rerun-failed reads.
    #[arg(long, value_name = "DIR", default_value = "reports/test")]
    out: PathBuf,
    /// Write no reports; --rerun-failed will not know of this run.
    #[arg(long)]
    no_report: bool,
}

/// What `test` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person.
    Text,
    /// One JSON object a line: started, each test, finished.
    Json,
}

/// Runs the tests.
///
/// # Errors
/// If a file cannot be used or something cannot be written.
pub(super) fn run(args: &Test, terminal: Terminal) -> Result<u8, Failure> {
    let tests = chosen(args, terminal)?;
    if args.list {
        let ids: Vec<&str> = tests.iter().map(|test| test.id.as_str()).collect();
        terminal.print(&ids.join("\n"))?;
        return Ok(exit_code::DONE);
    }
    if args.metamorphic {
        return meta::run(args, &tests, terminal);
    }
    files::prove_writable(args)?;
    let begun = now();
    let patience = Duration::from_nanos(args.timeout.nanos().unsigned_abs());
    let clock = move || -> Box<dyn Fn() -> bool> {
        let begun = now();
        Box::new(move || begun.elapsed() > patience)
    };
    let runner = Runner {
        jobs: args.jobs,
        fail_fast: args.fail_fast,
        limits: Limits { events: args.max_events, clock: Some(&clock) },
        golden: golden::Mode { compare: !args.no_golden, bless: args.bless, folder: &args.goldens },
    };
    let teller = tell::Teller::new(args, terminal);
    teller.begin(tests.len())?;
    let outcomes = suite::run(&tests, &runner, &|test, outcome| teller.tell(test, outcome));
    teller.end(&outcomes)?;
    let told = teller.into_told();
    files::write(args, &told, terminal)?;
    let took = begun.elapsed().as_secs_f64();
    terminal.note(&format!("took {took:.1} s"));
    Ok(code(&outcomes))
}

/// The tests that are to be run, in order.
fn chosen(args: &Test, terminal: Terminal) -> Result<Vec<suite::Test>, Failure> {
    let filter = args.filter.as_deref().map(Filter::read).transpose();
    let filter = filter.map_err(|error| Failure::usage(error.to_string()))?;
    let policy = args.policy.as_deref().map(load_policy).transpose().map_err(Failure::Problems)?;
    let default = [PathBuf::from("scenarios")];
    let paths = if args.paths.is_empty() { &default[..] } else { &args.paths[..] };
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        let message = format!("there is no file or folder {}", missing.display());
        return Err(Failure::usage(message));
    }
    let Found { mut tests, silent, .. } =
        suite::find(paths, policy.as_ref(), &args.goldens).map_err(Failure::Problems)?;
    if !silent.is_empty() {
        let scenarios = count(silent.len(), "scenario");
        terminal.note(&format!("left out: {scenarios} without expectations or golden"));
        silent.iter().for_each(|id| terminal.detail(&format!("  {id}")));
    }
    if let Some(filter) = &filter {
        tests.retain(|test| filter.fits(test));
    }
    if args.rerun_failed {
        let failed = last::read(&args.out)?;
        tests.retain(|test| failed.contains(&test.id));
    }
    if tests.is_empty() {
        if args.rerun_failed {
            return Err(Failure::usage("nothing failed last time among these tests"));
        }
        return Err(Failure::usage("no test fits (`windtunnel test --list` says which there are)"));
    }
    if let Some(partition) = &args.partition {
        let mut index = 0;
        tests.retain(|test| {
            index += 1;
            partition.holds(index - 1, &test.id)
        });
    }
    Ok(tests)
}

fn code(outcomes: &[Outcome]) -> u8 {
    let any = |status| outcomes.iter().any(|outcome| outcome.status == status);
    if any(Status::Broken) {
        exit_code::BROKEN
    } else if any(Status::Unusable) {
        exit_code::BAD_INPUT
    } else if any(Status::Failed) || any(Status::TimedOut) {
        exit_code::FAILED
    } else {
        exit_code::DONE
    }
}

#[expect(clippy::disallowed_methods, reason = "the wall time is told, and ends what hangs")]
fn now() -> Instant {
    Instant::now()
}
