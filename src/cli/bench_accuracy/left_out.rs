//! `windtunnel bench-accuracy DIR --part left-out`: what is chosen elsewhere, measured here.

use std::path::Path;

use super::{BenchAccuracy, Format, Progress, Terminal, aligned, json, number, open, ranged, sets};
use crate::campaign::left_out::{LeftOut, Replays, candidates};
use crate::cli::failure::Failure;
use crate::model::Policy;

/// The table, or its rows as JSON.
///
/// # Errors
/// If a recording cannot be read, or there is one system only.
pub(super) fn measure(
    args: &BenchAccuracy,
    policy: &Policy,
    work: &Path,
    terminal: Terminal,
) -> Result<String, Failure> {
    let candidates = candidates(policy);
    let mut replays = Replays::default();
    for set in sets(args)? {
        let Some(dataset) = open(args, &set, work, terminal)? else { continue };
        let progress = Progress::new(terminal, "cases");
        let told = |done, total, name: &str| progress.set(done, total, name);
        let failures = replays.add(&dataset, &candidates, args.jobs, &told);
        progress.finish();
        if let Some(failure) = failures.first() {
            let why = failure.problems.join("; ");
            return Err(Failure::usage(format!("{set}/{}: {why}", failure.name)));
        }
    }
    let rows = replays.table(&candidates);
    if rows.is_empty() {
        let found = args.source.display();
        return Err(Failure::usage(format!("{found}: expected at least two systems")));
    }
    Ok(match args.format {
        Format::Json => json(&rows),
        Format::Text => table(&rows),
    })
}

fn table(rows: &[LeftOut]) -> String {
    let head = [
        "left out",
        "best on the others",
        "their AC@1",
        "n",
        "AC@1 here (95 %)",
        "as shipped",
        "hindsight",
        "ECE",
        "ECE mapped",
    ];
    let mut cells = vec![head.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(|row| {
        vec![
            row.system.clone(),
            row.chosen.clone(),
            number(Some(row.others)),
            row.cases.to_string(),
            ranged(Some(&row.ac_1)),
            number(row.shipped.value),
            number(Some(row.hindsight)),
            number(row.ece),
            number(row.ece_mapped),
        ]
    }));
    aligned(&cells)
}
