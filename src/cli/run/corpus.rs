//! `run DIRECTORY --twins`: every scenario below a directory, with its twins, as one table.
//!
//! In: a directory with scenario files (policies among them are passed over). Out: one row a
//! scenario: how users fared in each twin, minutes saved or caused, violations by kind, harm
//! classes. A scenario that cannot be read or run is a failure beside the others.

use std::path::Path;

use super::super::exit_code;
use super::super::failure::Failure;
use super::super::progress::Progress;
use super::super::terminal::Terminal;
use super::{Alarm, Format, Run};
use crate::campaign::overview::{self, Overview};
use crate::campaign::suite;
use crate::model::Policy;
use crate::report;
use crate::scenario::{Checked, yaml_below};

/// Whether a path is a directory with scenarios and no dataset.
pub(super) fn is_one(path: &Path) -> bool {
    path.is_dir()
        && !path.join("dataset.yaml").is_file()
        && !yaml_below(path, &mut Vec::new()).is_empty()
}

/// Runs every scenario with its twins.
pub(super) fn run(args: &Run, policy: Option<&Policy>, terminal: Terminal) -> Result<u8, Failure> {
    if !args.twins {
        let message = format!(
            "{} holds scenarios: give --twins for the table of all of them, or run one file",
            args.path.display()
        );
        return Err(Failure::usage(message));
    }
    args.refuse(args.case.is_some(), "--case", "datasets")?;
    args.refuse(args.alarm != Alarm::Detected, "--alarm", "datasets")?;
    args.refuse(args.seeds != 1, "--seeds", "single scenarios")?;
    args.refuse(args.out.is_some(), "--out", "single scenarios and datasets")?;
    let found = suite::find_all(std::slice::from_ref(&args.path), Path::new(""));
    let found = found.map_err(Failure::Problems)?.into_iter().map(|test| test.checked);
    let scenarios: Vec<Checked> = match policy {
        Some(policy) => found.map(|checked| checked.with_policy(policy.clone())).collect(),
        None => found.collect(),
    };
    let progress = Progress::new(terminal, "scenarios");
    let document = overview::run(&scenarios, args.seed, args.jobs, &|done, total, name| {
        progress.set(done, total, name);
    });
    progress.finish();
    let text = match args.format {
        Format::Json => json(&document),
        Format::Text => report::twins::corpus(&document),
    };
    terminal.print(&text)?;
    super::output::failures(&document.failures, terminal);
    Ok(match super::output::exit_code(&document.failures) {
        exit_code::DONE => exit_code::DONE,
        code => code,
    })
}

fn json(document: &Overview) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("plain data serialises");
    text.push('\n');
    text
}
