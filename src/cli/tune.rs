//! `windtunnel tune CORPUS --policy P`: at which confidence may it act alone.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value as Json;

use super::calibrate::write_policy;
use super::exit_code;
use super::failure::{Failure, count};
use super::progress::Progress;
use super::staging::Staging;
use super::terminal::Terminal;
use crate::campaign::corpus::Corpus;
use crate::campaign::sweep::axis::{Axis, Values};
use crate::campaign::sweep::plan::{Plan, Sampling, Seeds};
use crate::campaign::sweep::row::Row;
use crate::campaign::sweep::run::Runner;
use crate::campaign::tune::costs::Costs;
use crate::campaign::tune::promise::Promise;
use crate::campaign::tune::transfer::transfer;
use crate::campaign::tune::{Brief, Tuned, tune};
use crate::model::Policy;
use crate::report;
use crate::scenario::edit::with_floors;
use crate::scenario::source::Source;
use crate::scenario::{load_policy, of_timeline};
use crate::timeline::Dataset;
use crate::unit::Ratio;

/// What to tune and by what to judge.
#[derive(Debug, Args)]
pub(super) struct Tune {
    /// Scenario files, or folders of them.
    #[arg(required = true)]
    corpus: Vec<PathBuf>,
    /// The policy to tune.
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A value to turn (default: confidence=0.5..0.99). Give it again for more axes.
    #[arg(long = "axis", value_name = "PATH=VALUES")]
    axes: Vec<String>,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seeds of every scenario.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    seeds: u64,
    /// Your prices (default: the built-in assumption, scenarios/policies/costs.yaml).
    #[arg(long, value_name = "FILE")]
    cost: Option<PathBuf>,
    /// A promise that the recommendation must keep, e.g. "wrong_action_rate<=0.05@95%".
    #[arg(long, value_name = "PROMISE")]
    guarantee: Option<Promise>,
    /// Share of the scenarios that the choice must not see, to check it on.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    hold_out: f64,
    /// A dataset on which current and recommended floors are replayed in open loop.
    #[arg(long, value_name = "DIR")]
    transfer: Vec<PathBuf>,
    /// Where the policy with the recommended floors goes.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Folder of the report.
    #[arg(long, value_name = "DIR", default_value = "reports/tune", conflicts_with = "no_report")]
    out: PathBuf,
    /// Write no report.
    #[arg(long)]
    no_report: bool,
    /// Run every setting from the start, to check the cheap way or to measure what it saves.
    #[arg(long)]
    naive: bool,
    /// Trials at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What `tune` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a person.
    Text,
    /// The same as Markdown, for a pull request.
    Markdown,
    /// One JSON document.
    Json,
}

/// Compares settings, recommends one, writes policy and report.
///
/// # Errors
/// If files, axes or prices cannot be used, or nothing can be recommended to write.
pub(super) fn run(args: &Tune, terminal: Terminal) -> Result<u8, Failure> {
    if !(0.0..=0.9).contains(&args.hold_out) {
        let found = args.hold_out;
        return Err(Failure::usage(format!("expected 0 to 0.9 for --hold-out, found {found}")));
    }
    let policy = load_policy(&args.policy).map_err(Failure::Problems)?;
    let costs = args.cost.as_deref().map(Costs::read).transpose().map_err(Failure::Problems)?;
    let datasets = args.transfer.iter().map(|folder| Dataset::open(folder));
    let datasets: Vec<Dataset> =
        datasets.collect::<Result<_, _>>().map_err(|all| Failure::Problems(of_timeline(&all)))?;
    let (plan, current) = plan(args, &policy)?;
    let staging = if args.no_report { None } else { Some(Staging::begin(&args.out)?) };
    let (rows, ran) = rows(&plan, args, terminal)?;
    let brief = Brief {
        plan: &plan,
        rows: &rows,
        ran,
        costs: &costs.clone().unwrap_or_else(Costs::built_in),
        built_in_costs: costs.is_none(),
        promise: args.guarantee.as_ref(),
        hold_out: args.hold_out,
        current,
    };
    let mut tuned = tune(&brief);
    let recommended = with_recommended(args, &policy, &tuned)?;
    for dataset in &datasets {
        let mut policies = vec![("current", &policy)];
        policies.extend(recommended.as_ref().map(|(_, policy)| ("recommended", policy)));
        for (floors, policy) in policies {
            tuned.transfer.push(transfer(dataset, policy, floors, args.jobs));
        }
    }
    write(args, recommended, terminal)?;
    let mut files = Vec::new();
    if let Some(staging) = staging {
        report::write_tune(staging.path(), &tuned, &plan, &rows)
            .map_err(|error| Failure::usage(error.to_string()))?;
        files.push(staging.finish()?);
    }
    let text = match args.format {
        Format::Text => report::tune_text(&tuned),
        Format::Markdown => report::tune_markdown(&tuned),
        Format::Json => serde_json::to_string_pretty(&tuned).expect("plain data serialises"),
    };
    terminal.print(&text)?;
    files.iter().for_each(|folder| terminal.note(&format!("Report: {}", folder.display())));
    Ok(if tuned.basis.failed > 0 { exit_code::BAD_INPUT } else { exit_code::DONE })
}

/// The plan, and the place of the setting that the policy has now.
fn plan(args: &Tune, policy: &Policy) -> Result<(Plan, Option<usize>), Failure> {
    let corpus = Corpus::read(&args.corpus, Some(policy)).map_err(Failure::Problems)?;
    let default = ["confidence=0.5..0.99".to_owned()];
    let texts = if args.axes.is_empty() { &default[..] } else { &args.axes };
    let mut problems = Vec::new();
    let (mut axes, mut now) = (Vec::new(), Vec::new());
    for text in texts {
        let with_now = Axis::parse(text).and_then(|axis| {
            let value = axis.knob()?.value(&corpus.scenarios[0])?;
            Ok((including(axis, value.as_ref()), value))
        });
        match with_now {
            Ok((axis, value)) => {
                axes.push(axis);
                now.push(value);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(Failure::usage(problems.join("\n       ")));
    }
    let seeds = Seeds { first: args.seed, count: args.seeds.max(1) };
    let plan = Plan::new(&corpus, axes, Sampling::Grid, seeds)
        .map_err(|all| Failure::usage(all.join("\n       ")))?;
    let same = |a: &Json, b: &Json| a == b || a.as_f64().is_some() && a.as_f64() == b.as_f64();
    let is_now = |setting: &&Vec<Json>| {
        setting.iter().zip(&now).all(|(v, now)| now.as_ref().is_some_and(|now| same(v, now)))
    };
    let current = plan.settings.iter().position(|setting| is_now(&setting));
    Ok((plan, current))
}

/// A range of numbers as a list with the value of today in its place, so that it can be compared.
fn including(axis: Axis, now: Option<&Json>) -> Axis {
    let (Values::Range(_), Some(value)) = (&axis.values, now.and_then(Json::as_f64)) else {
        return axis;
    };
    let mut values = axis.grid();
    let number = |v: &Json| v.as_f64().unwrap_or(f64::NAN);
    if let (Some(first), Some(last)) = (values.first().map(number), values.last().map(number))
        && first < value
        && value < last
    {
        let place = values.partition_point(|v| number(v) < value);
        if values.get(place).map(number) != Some(value) {
            values.insert(place, Json::from(value));
        }
    }
    Axis { values: Values::List(values), ..axis }
}

fn rows(plan: &Plan, args: &Tune, terminal: Terminal) -> Result<(Vec<Row>, usize), Failure> {
    let runner = Runner::new(plan, args.naive).map_err(Failure::Usage)?;
    let units: Vec<_> = (0..plan.units()).map(|place| plan.unit(place)).collect();
    let progress = Progress::with_rate(terminal, "incidents");
    let done = runner.units(&units, args.jobs, &|done, total, name| {
        progress.set(done, total, name);
    });
    progress.finish();
    let ran = done.iter().map(|unit| unit.ran).sum();
    let rows: Vec<Row> = done.into_iter().flat_map(|unit| unit.rows).collect();
    terminal.note(&format!("{}, {ran} run for them", count(rows.len(), "trial")));
    Ok((rows, ran))
}

/// The text of the policy with the recommended floors, and what it says.
fn with_recommended(
    args: &Tune,
    policy: &Policy,
    tuned: &Tuned,
) -> Result<Option<(String, Policy)>, Failure> {
    let Some((recommendation, floor)) =
        tuned.recommendation.as_ref().and_then(|r| Some((r, r.floor?)))
    else {
        return Ok(None);
    };
    let text = Source::read(&args.policy).map_err(|p| Failure::Problems(vec![*p]))?.text;
    let floors = recommendation.floors();
    let text = with_floors(&text, Ratio::clamped(floor), &floors).map_err(Failure::Usage)?;
    let mut expected = policy.clone();
    for spec in expected.guard.iter_mut().filter(|spec| spec.kind == "confidence_floor") {
        spec.params.insert("default".to_owned(), Json::from(floor));
        spec.params.remove("per_cause");
        if !floors.is_empty() {
            let all = floors.iter().map(|(c, f)| (c.to_string(), Json::from(f.get()))).collect();
            spec.params.insert("per_cause".to_owned(), Json::Object(all));
        }
    }
    Ok(Some((text, expected)))
}

fn write(
    args: &Tune,
    recommended: Option<(String, Policy)>,
    terminal: Terminal,
) -> Result<(), Failure> {
    let Some(output) = &args.output else { return Ok(()) };
    match recommended {
        Some((text, expected)) => {
            write_policy(output, &text, &expected)?;
            terminal.note(&format!("wrote {}", output.display()));
        }
        None => terminal.note(&format!(
            "{} was not written: no confidence floor can be recommended",
            output.display()
        )),
    }
    Ok(())
}
