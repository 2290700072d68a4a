//! `windtunnel calibrate CORPUS --policy P -o P2`: what the raw confidence is worth.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit_code;
use super::failure::Failure;
use super::format::Format;
use super::progress::Progress;
use super::run::Alarm;
use super::terminal::Terminal;
use crate::campaign::belief::Sample;
use crate::campaign::calibrate::{Calibrated, answers, answers_of, calibrate};
use crate::campaign::corpus::Corpus;
use crate::campaign::sweep::plan::Seeds;
use crate::campaign::whole_file::WholeFile;
use crate::campaign::{self, AlarmSource, DatasetRun};
use crate::model::Policy;
use crate::report;
use crate::scenario::edit::with_calibration;
use crate::scenario::source::Source;
use crate::scenario::{load_policy, of_timeline};
use crate::timeline::Dataset;

/// What to calibrate on.
#[derive(Debug, Args)]
pub(super) struct Calibrate {
    /// Scenario files, folders of them, or datasets.
    #[arg(required = true)]
    corpus: Vec<PathBuf>,
    /// The policy whose confidence is calibrated; one that it has already is left out of the fit.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Where the policy with its calibration goes (default: nowhere, only the measures are shown).
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seeds of every scenario.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    seeds: u64,
    /// Of datasets: does the engine detect by itself, or is it told of the recording's alarm?
    #[arg(long, value_enum, default_value_t = Alarm::Detected)]
    alarm: Alarm,
    /// Trials at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Fits, measures on answers that the fit did not see, and writes the policy.
///
/// # Errors
/// If files cannot be used, or there are too few groups to hold any out.
pub(super) fn run(args: &Calibrate, terminal: Terminal) -> Result<u8, Failure> {
    let mut policy = load_policy(&args.policy).map_err(Failure::Problems)?;
    policy.calibration = None;
    let (samples, digest) = samples(args, &policy, terminal)?;
    let found = calibrate(&samples, &digest).map_err(Failure::Usage)?;
    if let Some(output) = &args.output {
        let expected = Policy { calibration: Some(found.calibration.clone()), ..policy };
        let text = Source::read(&args.policy).map_err(|p| Failure::Problems(vec![*p]))?.text;
        write_policy(output, &with_calibration(&text, &found.calibration), &expected)?;
        terminal.note(&format!("wrote {}", output.display()));
    }
    let text = match args.format {
        Format::Text => report::calibration_text(&found),
        Format::Json => json(&found),
    };
    terminal.print(&text)?;
    Ok(exit_code::DONE)
}

/// Writes a policy's text after reading it back: what was meant, and nothing half-written.
pub(super) fn write_policy(file: &Path, text: &str, expected: &Policy) -> Result<(), Failure> {
    let cannot =
        |error: std::io::Error| Failure::usage(format!("cannot write {}: {error}", file.display()));
    let whole = WholeFile::begin(file).map_err(cannot)?;
    whole.write(text).map_err(cannot)?;
    let back = load_policy(whole.path());
    if back.as_ref() != Ok(expected) {
        let why = back.err().map(|all| all.iter().map(|p| format!("\n{p}")).collect::<String>());
        let why = why.unwrap_or_else(|| " it says something else".to_owned());
        return Err(Failure::Broken(format!("the policy that was to be written is wrong:{why}")));
    }
    whole.finish().map_err(cannot)
}

fn samples(
    args: &Calibrate,
    policy: &Policy,
    terminal: Terminal,
) -> Result<(Vec<Sample>, String), Failure> {
    let (datasets, files): (Vec<PathBuf>, Vec<PathBuf>) =
        args.corpus.iter().cloned().partition(|path| path.join("dataset.yaml").exists());
    let mut samples = Vec::new();
    let mut digests = Vec::new();
    if !files.is_empty() {
        let corpus = Corpus::read(&files, Some(policy)).map_err(Failure::Problems)?;
        let progress = Progress::with_rate(terminal, "trials");
        let seeds = Seeds { first: args.seed, count: args.seeds.max(1) };
        let found = answers(&corpus, seeds, args.jobs, &|done, total, name| {
            progress.set(done, total, name);
        });
        progress.finish();
        samples.extend(found.map_err(|all| Failure::usage(all.join("\n")))?);
        digests.push(corpus.digest());
    }
    for folder in &datasets {
        let dataset = Dataset::open(folder).map_err(|all| Failure::Problems(of_timeline(&all)))?;
        let alarm = match args.alarm {
            Alarm::Detected => AlarmSource::Detected,
            Alarm::Reported => AlarmSource::Reported(crate::unit::SimDuration::ZERO),
        };
        let run = DatasetRun {
            dataset: &dataset,
            policy,
            case: None,
            seed: 1,
            jobs: args.jobs,
            alarm,
            withheld: crate::campaign::accuracy::Withheld::Nothing,
        };
        let progress = Progress::new(terminal, "cases");
        let found = campaign::run_dataset(&run, &|done, total, name| {
            progress.set(done, total, name);
        });
        progress.finish();
        samples.extend(answers_of(&found.trials));
        digests.push(dataset.meta.name.clone());
    }
    Ok((samples, digests.join("+")))
}

fn json(found: &Calibrated) -> String {
    serde_json::to_string_pretty(found).expect("plain data serialises") + "\n"
}
