//! `windtunnel check FILE...`: all problems of scenarios, policies and datasets at once.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit_code;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::scenario::{Problem, Sort, check_any};

/// What to check.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Scenario files, policy files or dataset directories.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Prints one line for each good file; fails with every problem of the others.
///
/// # Errors
/// If any file has a problem.
pub(super) fn run(args: &Check, terminal: Terminal) -> Result<u8, Failure> {
    let mut problems = Vec::new();
    for file in &args.files {
        match check_any(file) {
            Ok((sort, warnings)) => {
                terminal.print(&verdict(file, sort, warnings.len()))?;
                warnings.iter().for_each(|warning: &Problem| terminal.note(&warning.to_string()));
            }
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() { Ok(exit_code::DONE) } else { Err(Failure::Problems(problems)) }
}

fn verdict(file: &Path, sort: Sort, warnings: usize) -> String {
    let file = file.display();
    match warnings {
        0 => format!("{file}: {sort} is good"),
        1 => format!("{file}: {sort} is good, with 1 warning"),
        many => format!("{file}: {sort} is good, with {many} warnings"),
    }
}
