//! `windtunnel validate-fleet-model`: the flow model beside a request-level simulation.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::exit_code;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::report::plots::flow_model;
use crate::world::validation::{self, Point};

/// How to compare.
#[derive(Debug, Args)]
pub(super) struct Validate {
    /// Simulated seconds per point of the grid.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(60..=1_000_000))]
    seconds: u32,
    /// Seed of all chance.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the plots (default: none are drawn).
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Compares, prints the table and draws.
///
/// # Errors
/// If the plots or standard output cannot be written.
pub(super) fn run(args: &Validate, terminal: Terminal) -> Result<u8, Failure> {
    let points = validation::grid(args.seconds, args.seed);
    let storm = validation::storm(3, args.seed);
    terminal.print(&table(&points))?;
    if let Some(dir) = &args.output {
        let wrong = |e: String| Failure::usage(format!("{}: {e}", dir.display()));
        std::fs::create_dir_all(dir).map_err(|e| wrong(e.to_string()))?;
        let files = flow_model(dir, &points, &storm, &validation::shows::all(args.seed))
            .map_err(|e| wrong(e.to_string()))?;
        for file in files {
            terminal.note(&format!("wrote {}", file.display()));
        }
    }
    Ok(exit_code::DONE)
}

fn table(points: &[Point]) -> String {
    let mut text = format!(
        "{:<24}{:>8}{:>5}{:>6}{:>10}{:>10}{:>10}{:>9}{:>10}{:>10}{:>9}\n",
        "case",
        "workers",
        "cv",
        "load",
        "flow ms",
        "exact ms",
        "M/M/c ms",
        "error",
        "flow p99",
        "exact p99",
        "error"
    );
    let ms = |s: f64| format!("{:.1}", s * 1e3);
    let percent = |e: f64| format!("{:+.1}%", e * 100.0);
    for p in points {
        let (mean, p99) = p.errors();
        let erlang = p.erlang.map_or_else(|| "–".to_owned(), ms);
        let _ = writeln!(
            text,
            "{:<24}{:>8}{:>5}{:>6}{:>10}{:>10}{:>10}{:>9}{:>10}{:>10}{:>9}",
            p.case,
            p.workers,
            p.cv,
            p.utilisation,
            ms(p.flow.0),
            ms(p.exact.0),
            erlang,
            percent(mean),
            ms(p.flow.1),
            ms(p.exact.1),
            percent(p99)
        );
    }
    let below: Vec<&Point> = points.iter().filter(|p| p.utilisation < 0.9).collect();
    let most = |f: fn(&Point) -> f64| below.iter().map(|p| f(p).abs()).fold(0.0, f64::max);
    let _ = writeln!(
        text,
        "\nbelow 90 % load, n = {}: mean off by at most {:.1} %, p99 by at most {:.1} %",
        below.len(),
        100.0 * most(|p| p.errors().0),
        100.0 * most(|p| p.errors().1)
    );
    text
}
