//! What a person types: one file per verb, arguments, exit codes.
//!
//! Results go to standard output and nothing else does; progress and errors go to standard error.
//! This is the only room that prints, asks the environment or ends the process.

mod bench_accuracy;
mod calibrate;
mod check;
mod compare;
mod completions;
mod coverage;
mod detect;
mod engine_check;
mod exit_code;
mod explain;
mod failure;
mod format;
mod generate;
mod hunt;
mod import;
mod list;
mod progress;
mod record;
mod run;
mod scaffold;
mod schema;
mod score;
mod selftest;
mod shelves;
mod staging;
mod sweep;
mod terminal;
mod test;
mod tune;
mod validate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};

use failure::Failure;
use terminal::Terminal;

/// An offline wind tunnel for self-healing infrastructure: blow recorded or synthetic incidents
/// at your detection, diagnosis, remediation and guardrails, and read off what they would have
/// done to you.
#[derive(Debug, Parser)]
#[command(name = "windtunnel", version, after_help = exit_code::help(), max_term_width = 100)]
struct Cli {
    /// Colour: auto, always or never (the NO_COLOR variable is honoured).
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
    /// Say nothing but results and errors: no progress, no notes, no warnings.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more on standard error: each finished trial, each file written.
    #[arg(long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run a scenario, or replay the cases of a dataset.
    Run(run::Run),
    /// Run every scenario that expects something; fail if one does not get it.
    Test(Box<test::Test>),
    /// What a change does to every scenario: two policies, or two stored results.
    Compare(compare::Compare),
    /// Search for a scenario in which the engine breaks a rule, and make it small.
    Hunt(hunt::Hunt),
    /// Score single series with one detector, row by row.
    Detect(detect::Detect),
    /// Write runs of scenarios as a dataset, labels included.
    Record(record::Record),
    /// Find at which confidence the engine may act alone, on your incidents and at your prices.
    Tune(tune::Tune),
    /// Find what the engine's raw confidence is worth, and write it into the policy.
    Calibrate(calibrate::Calibrate),
    /// Turn any value of a policy or scenario through its range, in parts, on many machines.
    Sweep(sweep::Sweep),
    /// Measure how accurate the engine is on recorded incidents: protocols, ablation, methods.
    BenchAccuracy(bench_accuracy::BenchAccuracy),
    /// Turn a foreign recording into a dataset.
    Import(import::Import),
    /// Turn a recorded incident into a scenario: fleet, timeline, fault, expectations.
    Scaffold(scaffold::Scaffold),
    /// List what there is: faults, detectors, remedies, guardrails ...
    List(list::List),
    /// Explain one kind: what it does, its parameters, an example.
    Explain(explain::Explain),
    /// Check scenarios, policies and datasets; print all problems at once.
    Check(check::Check),
    /// Table of fault families: which faults and scenarios cover them, and what the fleet showed.
    Coverage(coverage::Coverage),
    /// Test whether your own engine keeps the protocol.
    EngineCheck(engine_check::EngineCheck),
    /// Score ranked root causes that were produced elsewhere.
    Score(score::Score),
    /// Generate a mock fleet of any size.
    Generate(generate::Generate),
    /// Hold the fleet's flow model against a request-level simulation and closed forms.
    ValidateFleetModel(validate::Validate),
    /// Print completion code for a shell.
    Completions(completions::Completions),
    /// Print the JSON Schema of a file or document.
    Schema(schema::SchemaOf),
    /// Put the referee and the guardrails to the test: cheating engines, guardrails taken out.
    Selftest(selftest::Selftest),
}

/// Reads the arguments, does the work, says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help for a reader that went away is no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(exit_code::BAD_INPUT));
        }
    };
    let terminal = Terminal::new(cli.color, cli.quiet, cli.verbose);
    staging::remove_partial_on_interrupt(terminal);
    let work = AssertUnwindSafe(|| dispatch(&cli.verb, terminal));
    let code = match catch_unwind(work) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => {
            if failure.exit_code() != exit_code::DONE {
                terminal.error(&failure.to_string());
            }
            failure.exit_code()
        }
        Err(_) => {
            // The panic's own message has been printed by the standard hook.
            terminal.error("error: an internal invariant broke; this is a bug of windtunnel");
            exit_code::BROKEN
        }
    };
    ExitCode::from(code)
}

fn dispatch(verb: &Verb, terminal: Terminal) -> Result<u8, Failure> {
    match verb {
        Verb::Run(args) => run::run(args, terminal),
        Verb::Test(args) => test::run(args, terminal),
        Verb::Compare(args) => compare::run(args, terminal),
        Verb::Hunt(args) => hunt::run(args, terminal),
        Verb::Detect(args) => detect::run(args, terminal),
        Verb::Record(args) => record::run(args, terminal),
        Verb::Tune(args) => tune::run(args, terminal),
        Verb::Calibrate(args) => calibrate::run(args, terminal),
        Verb::Sweep(args) => sweep::run(args, terminal),
        Verb::BenchAccuracy(args) => bench_accuracy::run(args, terminal),
        Verb::Import(args) => import::run(args, terminal),
        Verb::Scaffold(args) => scaffold::run(args, terminal),
        Verb::List(args) => list::run(args, terminal),
        Verb::Explain(args) => explain::run(args, terminal),
        Verb::Check(args) => check::run(args, terminal),
        Verb::Coverage(args) => coverage::run(args, terminal),
        Verb::EngineCheck(args) => engine_check::run(args, terminal),
        Verb::Score(args) => score::run(args, terminal),
        Verb::Generate(args) => generate::run(args, terminal),
        Verb::ValidateFleetModel(args) => validate::run(args, terminal),
        Verb::Completions(args) => completions::run(args, terminal),
        Verb::Schema(args) => schema::run(args, terminal),
        Verb::Selftest(args) => selftest::run(args, terminal),
    }
}

/// The command line, for completions and the docs.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}
