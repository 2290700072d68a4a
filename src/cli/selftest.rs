//! `windtunnel selftest`: the referee attacked by cheats, each guardrail taken out in turn, healthy
//! fleets.
//!
//! Prints a table; exit code 1 if a cheat got away, a mutant was not seen or a healthy fleet
//! of some size has more false alarms than the policy's budget.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use comfy_table::{Table, presets};

use super::exit_code;
use super::failure::Failure;
use super::progress::Progress;
use super::terminal::Terminal;
use crate::campaign::CaseFailure;
use crate::campaign::selftest::{
    self, CheatTable, MutationTable, PlantedRow, PlantedTable, QuietSettings, QuietTable,
};
use crate::catalog::{did_you_mean, nearest};
use crate::engine::guard;
use crate::scenario::{default_policy, load_policy};

/// What to test.
#[derive(Debug, Args)]
pub(super) struct Selftest {
    /// Cheating engines against the referee, guardrails taken out in turn, hunts for them, or
    /// healthy fleets of several sizes.
    what: What,
    /// With `hunt`: only this guardrail; may be given more than once.
    #[arg(long, value_name = "GUARDRAIL")]
    only: Vec<String>,
    /// With `hunt`: most trials of each hunt.
    #[arg(long, value_name = "TRIALS", default_value_t = 64)]
    budget: u64,
    /// With `hunt`: hunts for each guardrail and strategy, from seed 1 up.
    /// With `quiet`: runs of each size (default 1).
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    seeds: Option<u64>,
    /// With `quiet`: numbers of services.
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_values_t = [10, 40, 200],
          value_parser = clap::value_parser!(u32).range(1..=20_000))]
    services: Vec<u32>,
    /// With `quiet`: hours that each fleet is watched.
    #[arg(long, value_name = "HOURS", default_value_t = 24,
          value_parser = clap::value_parser!(u32).range(1..=744))]
    hours: u32,
    /// With `quiet`: the policy (default: the default policy).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Trials at the same time (default: one a processor). Shows in no result.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
}

/// Which self-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Engines that cheat, each with what the referee makes of it.
    Cheats,
    /// Each guardrail taken out: its invariant must fire, and only it.
    Mutations,
    /// Each guardrail taken out: after how many trials `hunt` finds it, guided and at random.
    Hunt,
    /// Healthy fleets of several sizes: false alarms and incidents a day against the budget.
    Quiet,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A Markdown table, for a person and for the docs.
    Text,
    /// One JSON document.
    Json,
}

/// Runs a self-test.
///
/// # Errors
/// If a trial cannot be run or standard output cannot be written.
pub(super) fn run(args: &Selftest, terminal: Terminal) -> Result<u8, Failure> {
    let broken = |failure: CaseFailure| Failure::Broken(failure.problems.join("; "));
    let progress = Progress::new(terminal, "trials");
    let said = |done: usize, total: usize, name: &str| progress.set(done, total, name);
    let (passed, text) = match args.what {
        What::Cheats => {
            let table = selftest::cheats(args.jobs, &said).map_err(broken)?;
            let text = if args.format == Format::Json { json(&table) } else { cheats(&table) };
            (table.passed, text)
        }
        What::Mutations => {
            let table = selftest::mutations(args.jobs, &said).map_err(broken)?;
            let text = if args.format == Format::Json { json(&table) } else { mutations(&table) };
            (table.passed, text)
        }
        What::Hunt => {
            known(&args.only)?;
            let table = selftest::planted(
                &args.only,
                args.budget,
                args.seeds.unwrap_or(5),
                args.jobs,
                &said,
            );
            let text = if args.format == Format::Json { json(&table) } else { planted(&table) };
            (table.passed, text)
        }
        What::Quiet => {
            let policy = match &args.policy {
                Some(file) => load_policy(file).map_err(Failure::Problems)?,
                None => default_policy(),
            };
            let (services, seeds) = (args.services.clone(), args.seeds.unwrap_or(1));
            let settings = QuietSettings { services, hours: args.hours, seeds, jobs: args.jobs };
            let table = selftest::quiet(&policy, &settings, &said).map_err(broken)?;
            let text = if args.format == Format::Json { json(&table) } else { quiet(&table) };
            (table.passed, text)
        }
    };
    progress.finish();
    terminal.print(&text)?;
    Ok(if passed { exit_code::DONE } else { exit_code::FAILED })
}

fn known(only: &[String]) -> Result<(), Failure> {
    let names = || guard::catalog::ALL.iter().map(|entry| entry.kind);
    let Some(unknown) = only.iter().find(|name| names().all(|known| known != *name)) else {
        return Ok(());
    };
    let hint = did_you_mean(nearest(unknown, names()));
    Err(Failure::usage(format!("unknown guardrail {unknown:?}{hint}")))
}

fn json(table: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(table).expect("plain data serialises");
    text.push('\n');
    text
}

fn rendered(head: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(head);
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    format!("{table}\n")
}

fn kinds(all: &std::collections::BTreeMap<String, u64>) -> String {
    let each: Vec<String> = all.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    if each.is_empty() { "none".to_owned() } else { each.join(", ") }
}

fn cheats(table: &CheatTable) -> String {
    let head = [
        "engine",
        "recovered",
        "bad minutes saved",
        "root cause named",
        "false alarms",
        "pages",
        "acts",
        "violations",
        "deserves",
        "got it",
    ];
    let rows = table.rows.iter().map(|row| {
        vec![
            row.engine.clone(),
            format!("{} of {}", row.recovered, row.felt),
            format!("{:+.1}", row.saved_minutes),
            row.named.map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0)),
            row.false_alarms.to_string(),
            row.pages.to_string(),
            row.acts.to_string(),
            kinds(&row.violations),
            row.deserves.clone(),
            if row.caught { "yes" } else { "NO" }.to_owned(),
        ]
    });
    let scenarios = table.scenarios.join(", ");
    format!("{}Scenarios: {scenarios} (built in).\n", rendered(&head, rows.collect()))
}

fn mutations(table: &MutationTable) -> String {
    let head = ["taken out", "its invariant", "violations with it", "without it", "only it"];
    let rows = table.rows.iter().map(|row| {
        vec![
            row.mutant.clone(),
            row.invariant.clone(),
            kinds(&row.whole),
            kinds(&row.broken),
            if row.passed { "yes" } else { "NO" }.to_owned(),
        ]
    });
    rendered(&head, rows.collect())
}

fn quiet(table: &QuietTable) -> String {
    let head = ["services", "series", "alarms a day", "incidents a day", "holds", "what alarmed"];
    let a_day = |count: u64| format!("{:.1} ({count})", count as f64 * 24.0 / table.hours);
    let rows = table.rows.iter().map(|row| {
        let by: Vec<String> =
            row.by.iter().take(4).map(|(what, count)| format!("{what} {count}")).collect();
        vec![
            row.services.to_string(),
            row.series.to_string(),
            a_day(row.alarms),
            a_day(row.incidents),
            if row.passed { "yes" } else { "NO" }.to_owned(),
            if by.is_empty() { "–".to_owned() } else { by.join(", ") },
        ]
    });
    let budget = table.budget.map_or("no budget".to_owned(), |b| format!("budget {b} a day"));
    let hours = table.hours;
    format!("{}{budget}; each size watched for {hours} hours.\n", rendered(&head, rows.collect()))
}

fn planted(table: &PlantedTable) -> String {
    let head = ["taken out", "broken rule", "guided: median (each)", "random: median (each)"];
    let shown = |trials: &[Option<u64>]| {
        let one = |n: &Option<u64>| n.map_or(format!(">{}", table.budget), |n| n.to_string());
        let each: Vec<String> = trials.iter().map(one).collect();
        format!("{} ({})", one(&PlantedRow::median(trials)), each.join(", "))
    };
    let rows = table.rows.iter().map(|row| {
        vec![row.taken_out.clone(), row.rule.clone(), shown(&row.guided), shown(&row.random)]
    });
    let (budget, seeds) = (table.budget, table.seeds);
    format!(
        "{}Trials until found, at most {budget}, {seeds} seeds.\n",
        rendered(&head, rows.collect())
    )
}
