//! `windtunnel sweep`: any value of a policy or scenario as an axis, in parts, on any number of
//! machines.

mod design;
mod environment;
mod show;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use self::design::Design;
use super::exit_code;
use super::failure::{Failure, count};
use super::progress::Progress;
use super::terminal::Terminal;
use crate::campaign::sweep::output::{self, SweepError, Tally};
use crate::campaign::sweep::place::{Folder, Place, open};
use crate::campaign::sweep::plan::Plan;
use crate::campaign::sweep::shard::{Shard, merge};

/// What to sweep.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Sweep {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    design: Option<Design>,
    #[command(flatten)]
    how: How,
    /// Folder or URL of the sweep.
    #[arg(long, value_name = "DIR|URL", default_value = "sweeps/sweep")]
    out: OsString,
}

/// The steps of a sweep on many machines.
#[derive(Debug, Subcommand)]
enum Part {
    /// Write the manifest of a sweep: self-contained, to be carried to other machines.
    Plan {
        #[command(flatten)]
        design: Design,
        /// The manifest.
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Run a manifest, or one shard of it.
    Run {
        /// The manifest, or a folder or URL with one.
        manifest: OsString,
        #[command(flatten)]
        how: How,
        /// Folder of the shard, or a URL: s3://, gs:// or az:// with the feature `cloud`.
        #[arg(long, value_name = "DIR|URL")]
        out: OsString,
    },
    /// Put shards together: every one, once, of one version.
    Merge {
        /// The folders or URLs that shards were written to.
        #[arg(required = true, value_name = "DIR|URL")]
        folders: Vec<OsString>,
        /// Folder or URL of the whole sweep.
        #[arg(long, value_name = "DIR|URL")]
        out: OsString,
    },
    /// Show the means by setting, and for a Saltelli design which axes matter.
    Show(show::Show),
}

/// How trials are run.
#[derive(Debug, Args)]
struct How {
    /// Run shard I of N only, from 0 (default: what Slurm or Kubernetes says in the environment).
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Number of shards, where the environment tells the index only (Kubernetes).
    #[arg(long, value_name = "N", conflicts_with = "shard")]
    shards: Option<usize>,
    /// Keep the parts that are there and run the others.
    #[arg(long)]
    resume: bool,
    /// Trials at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
}

/// Plans, runs, merges or shows.
///
/// # Errors
/// If the axes or files cannot be used, or shards do not make one sweep.
pub(super) fn run(args: &Sweep, terminal: Terminal) -> Result<u8, Failure> {
    match (&args.part, &args.design) {
        (Some(Part::Plan { design, out }), _) => {
            let plan = design.plan()?;
            output::write_plan(out, &plan).map_err(failure)?;
            terminal.print(&format!("{}: {}\n", out.display(), told(&plan)))?;
            Ok(exit_code::DONE)
        }
        (Some(Part::Run { manifest, how, out }), _) => {
            let plan = plan(manifest)?;
            go(&plan, how, place(out)?.as_ref(), terminal)
        }
        (Some(Part::Merge { folders, out }), _) => {
            let places: Result<Vec<_>, _> = folders.iter().map(|name| place(name)).collect();
            let target = place(out)?;
            let parts = merge(&places?, target.as_ref()).map_err(failure)?;
            let parts = count(parts, "part");
            terminal.print(&format!("{}: whole, {parts}\n", target.path("").display()))?;
            Ok(exit_code::DONE)
        }
        (Some(Part::Show(args)), _) => show::run(args, terminal),
        (None, Some(design)) => {
            go(&design.plan()?, &args.how, place(&args.out)?.as_ref(), terminal)
        }
        (None, None) => Err(Failure::usage("expected a corpus, or one of plan, run, merge, show")),
    }
}

fn go(plan: &Plan, how: &How, place: &dyn Place, terminal: Terminal) -> Result<u8, Failure> {
    let shard = match how.shard {
        Some(shard) => shard,
        None => environment::shard(how.shards).map_err(Failure::Usage)?.unwrap_or(Shard::WHOLE),
    };
    if shard != Shard::WHOLE {
        terminal.note(&format!("shard {} of {}", shard.index, shard.count));
    }
    let progress = Progress::with_rate(terminal, "parts");
    let tally = output::run(plan, shard, place, how.resume, how.jobs, &|done, total, name| {
        progress.set(done, total, name);
    });
    progress.finish();
    let tally = tally.map_err(failure)?;
    let shown = place.path("");
    terminal.print(&summary(&tally, &shown))?;
    let whole = shard == Shard::WHOLE;
    if whole {
        terminal.note(&format!("next: windtunnel sweep show {}", shown.display()));
    }
    Ok(if tally.failed > 0 { exit_code::BAD_INPUT } else { exit_code::DONE })
}

fn summary(tally: &Tally, folder: &Path) -> String {
    let Tally { rows, ran, failed, kept } = tally;
    let mut text =
        format!("{}: {}, {ran} trials run for them", folder.display(), count(*rows, "row"));
    if *kept > 0 {
        text += &format!(", {} kept", count(*kept, "part"));
    }
    if *failed > 0 {
        text += &format!(", {failed} could not be run (column `problem`)");
    }
    text + "\n"
}

/// What a plan holds, in a line.
fn told(plan: &Plan) -> String {
    format!(
        "{}, {}, {} of each, {} in {}",
        count(plan.scenarios.len(), "scenario"),
        count(plan.settings.len(), "setting"),
        count(plan.seeds.count as usize, "seed"),
        count(plan.trials(), "trial"),
        count(plan.parts(), "part"),
    )
}

/// A folder or bucket.
fn place(name: &OsStr) -> Result<Box<dyn Place>, Failure> {
    // What is no text is no URL.
    let Some(text) = name.to_str() else { return Ok(Box::new(Folder(PathBuf::from(name)))) };
    open(text, &environment::settings()).map_err(Failure::usage)
}

/// A manifest: a file, or that of a folder or bucket.
fn plan(name: &OsStr) -> Result<Plan, Failure> {
    let path = Path::new(name);
    if path.is_file() {
        return output::read_plan(path).map_err(failure);
    }
    output::plan_in(place(name)?.as_ref()).map_err(failure)
}

/// Files and shards that cannot be used.
fn failure(error: SweepError) -> Failure {
    Failure::usage(error.to_string())
}
