//! `windtunnel sweep show DIR`: means by setting, and which axes matter.

use std::ffi::OsString;

use clap::Args;
use comfy_table::{Table, presets};
use serde_json::{Value as Json, json};

use super::super::exit_code;
use super::super::failure::Failure;
use super::super::format::Format;
use super::super::terminal::Terminal;
use super::{failure, place};
use crate::campaign::sweep::output::{each_row, plan_in};
use crate::campaign::sweep::plan::Plan;
use crate::campaign::sweep::sensitivity::{Means, sensitivity, shown};
use crate::campaign::sweep::table::MEASURES;
use crate::catalog::{did_you_mean, nearest};

/// Which sweep, and what of it.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The folder or URL of a complete sweep.
    #[arg(value_name = "DIR|URL")]
    folder: OsString,
    /// Measures to show (default: all of them).
    #[arg(long, value_name = "NAME")]
    measure: Vec<String>,
    /// Settings to show at most.
    #[arg(long, value_name = "N", default_value_t = 60)]
    most: usize,
    /// What is printed on standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Prints the means.
pub(super) fn run(args: &Show, terminal: Terminal) -> Result<u8, Failure> {
    let wanted = measures(&args.measure)?;
    let place = place(&args.folder)?;
    let plan = plan_in(place.as_ref()).map_err(failure)?;
    let mut means = Means::new(&plan);
    each_row(&plan, place.as_ref(), |row| means.add(row)).map_err(failure)?;
    let text = match args.format {
        Format::Text => text(&plan, &means, &wanted, args.most),
        Format::Json => {
            let document = document(&plan, &means, &wanted);
            serde_json::to_string_pretty(&document).expect("plain data serialises")
        }
    };
    terminal.print(&text)?;
    Ok(exit_code::DONE)
}

fn measures(names: &[String]) -> Result<Vec<usize>, Failure> {
    if names.is_empty() {
        return Ok((0..MEASURES.len()).collect());
    }
    let known = || MEASURES.iter().map(|(name, _)| *name);
    let find = |name: &String| {
        known().position(|known| known == name).ok_or_else(|| {
            let hint = did_you_mean(nearest(name, known()));
            let all = known().collect::<Vec<_>>().join(", ");
            Failure::usage(format!("unknown measure {name:?}{hint} (there are {all})"))
        })
    };
    names.iter().map(find).collect()
}

fn text(plan: &Plan, means: &Means, wanted: &[usize], most: usize) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    let axes = plan.axes.iter().map(|axis| axis.name.clone());
    table.set_header(axes.chain(wanted.iter().map(|m| MEASURES[*m].0.to_owned())));
    for (place, setting) in plan.settings.iter().enumerate().take(most) {
        let value = |m: &usize| {
            means.mean(place, *m).0.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.3}"))
        };
        table.add_row(setting.iter().map(shown).chain(wanted.iter().map(value)));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let mut text = lines.join("\n") + "\n";
    if plan.settings.len() > most {
        text += &format!("{} more settings: --most shows them\n", plan.settings.len() - most);
    }
    if means.failed > 0 {
        text += &format!("{} trials could not be run and count nowhere\n", means.failed);
    }
    for measure in wanted {
        text += &knobs(plan, means, *measure);
    }
    text
}

fn knobs(plan: &Plan, means: &Means, measure: usize) -> String {
    let Some(found) = sensitivity(plan, means, measure) else { return String::new() };
    let mut text =
        format!("\nWhat moves {} (Sobol indices, 95 % intervals)\n", MEASURES[measure].0);
    let span = |s: Option<crate::stats::interval::Span>| {
        s.map_or_else(|| "–".to_owned(), |s| format!("{:.2} … {:.2}", s.low, s.high))
    };
    for (axis, knob) in plan.axes.iter().zip(found) {
        let (first, total) = (span(knob.first_span), span(knob.total_span));
        text += &format!(
            "  {:<40} alone {:>5.2} ({first})  in all {:>5.2} ({total})\n",
            axis.name, knob.first, knob.total
        );
    }
    text
}

fn document(plan: &Plan, means: &Means, wanted: &[usize]) -> Json {
    let setting = |(place, values): (usize, &Vec<Json>)| {
        let mut cells = serde_json::Map::new();
        for (axis, value) in plan.axes.iter().zip(values) {
            cells.insert(axis.name.clone(), value.clone());
        }
        for m in wanted {
            let (mean, n) = means.mean(place, *m);
            cells.insert(MEASURES[*m].0.to_owned(), json!({ "mean": mean, "n": n }));
        }
        Json::Object(cells)
    };
    let index = |m: &usize| {
        let knobs = sensitivity(plan, means, *m)?;
        let of = |(axis, i): (&crate::campaign::sweep::axis::Axis, &_)| {
            let i: &crate::stats::sensitivity::Indices = i;
            let ends = |s: Option<crate::stats::interval::Span>| s.map(|s| [s.low, s.high]);
            json!({
                "axis": axis.name,
                "first": i.first,
                "first_interval": ends(i.first_span),
                "total": i.total,
                "total_interval": ends(i.total_span),
            })
        };
        let all: Vec<Json> = plan.axes.iter().zip(&knobs).map(of).collect();
        Some((MEASURES[*m].0.to_owned(), Json::Array(all)))
    };
    let indices: serde_json::Map<String, Json> = wanted.iter().filter_map(index).collect();
    json!({
        "windtunnel": plan.windtunnel,
        "sweep": plan.digest(),
        "corpus": plan.corpus,
        "trials": plan.trials(),
        "failed": means.failed,
        "settings": plan.settings.iter().enumerate().map(setting).collect::<Vec<_>>(),
        "sensitivity": indices,
    })
}
