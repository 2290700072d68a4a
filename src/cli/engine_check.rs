//! `windtunnel engine-check -- COMMAND...`: does an engine keep the protocol?

use clap::{Args, ValueEnum};
use comfy_table::{Table, presets};

use super::exit_code;
use super::failure::{Failure, count};
use super::format::Format;
use super::terminal::Terminal;
use crate::controllers::conformance::{Conformance, Kept, check};
use crate::model::{OutsideEngine, Stage};
use crate::unit::SimDuration;

/// What to check.
#[derive(Debug, Args)]
pub(super) struct EngineCheck {
    /// The stages that the engine supplies (default: the whole chain).
    #[arg(long, value_enum, value_delimiter = ',')]
    stages: Vec<StageName>,
    /// Longest wait for one answer.
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    timeout: SimDuration,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The engine's program and its arguments, run in this directory.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// A stage as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StageName {
    Detect,
    Diagnose,
    Remediate,
    Guard,
}

/// Plays the talk and prints one line a rule; exit code 1 if one was broken.
///
/// # Errors
/// If the command cannot be started.
pub(super) fn run(args: &EngineCheck, terminal: Terminal) -> Result<u8, Failure> {
    if args.timeout <= SimDuration::ZERO {
        return Err(Failure::usage("expected more than 0s for --timeout"));
    }
    let stages = args.stages.iter().map(|stage| match stage {
        StageName::Detect => Stage::Detect,
        StageName::Diagnose => Stage::Diagnose,
        StageName::Remediate => Stage::Remediate,
        StageName::Guard => Stage::Guard,
    });
    let spec = OutsideEngine {
        stages: stages.collect(),
        timeout: args.timeout,
        ..OutsideEngine::of_command(args.command.clone())
    };
    let found = check(&spec).map_err(|error| Failure::usage(error.to_string()))?;
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&found).expect("plain data serialises"),
        Format::Text => text(&found),
    };
    terminal.print(&text)?;
    Ok(if found.conforms { exit_code::DONE } else { exit_code::FAILED })
}

fn text(found: &Conformance) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    for rule in &found.rules {
        let (word, said) = match rule.verdict {
            Kept::Passed => ("pass", rule.found.clone()),
            Kept::Failed => ("FAIL", format!("expected {}; found {}", rule.expected, rule.found)),
            Kept::NotReached => ("-", rule.found.clone()),
        };
        table.add_row([word, rule.name.as_str(), &said]);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let broken = found.rules.iter().filter(|rule| rule.verdict == Kept::Failed).count();
    let name = found.engine.as_deref().unwrap_or("an engine that does not say its name");
    let end = match broken {
        0 => format!("keeps all {} rules", found.rules.len()),
        some => format!("breaks {} of {}", count(some, "rule"), found.rules.len()),
    };
    format!("{}\n{name}: {end}\n", lines.join("\n"))
}
