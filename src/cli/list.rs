//! `windtunnel list [KIND]`: every kind with one line.

use clap::Args;
use comfy_table::{Table, presets};

use super::exit_code;
use super::failure::Failure;
use super::shelves;
use super::terminal::Terminal;
use crate::catalog::{did_you_mean, nearest};
use crate::scenario::kinds::Shelf;

/// What to list.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only these: fault, detector, correlator, method, remedy, guardrail, measure, importer ...
    kind: Option<String>,
}

/// Prints the kinds.
///
/// # Errors
/// If there is no such sort of kinds.
pub(super) fn run(args: &List, terminal: Terminal) -> Result<u8, Failure> {
    let mut shelves = shelves::all();
    if let Some(kind) = &args.kind {
        let singular = kind.strip_suffix('s').unwrap_or(kind);
        let names: Vec<&str> = shelves.iter().map(|shelf| shelf.what).collect();
        if !names.contains(&singular) {
            let hint = did_you_mean(nearest(singular, names.iter().copied()));
            let all = names.join(", ");
            let message = format!("unknown sort of kinds {kind:?}{hint} (there are {all})");
            return Err(Failure::usage(message));
        }
        shelves.retain(|shelf| shelf.what == singular);
    }
    terminal.print(&render(&shelves))?;
    Ok(exit_code::DONE)
}

fn render(shelves: &[Shelf]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    for shelf in shelves {
        for kind in &shelf.kinds {
            table.add_row([shelf.what, kind.kind, kind.summary]);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
