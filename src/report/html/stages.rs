//! Where the time went: one bar from onset to recovery, cut at the stages, and its table.
//!
//! Stages are put in the order of their times (the engine may verify before users are served, or
//! after); a stage that was not reached has no part and is absent in the table.

use minijinja::{Value, context};

use super::super::format;
use super::super::story::{Case, stage_name};
use super::svg::Drawing;
use crate::model::StageReached;
use crate::unit::{SimDuration, SimTime};

const WIDTH: f64 = 1180.0;

/// The bar.
pub(super) fn draw(case: &Case) -> String {
    let reached = case.parts();
    let (Some((first, _)), Some((last, _))) = (reached.first(), reached.last()) else {
        return String::new();
    };
    let total = last.since(*first).secs_f64();
    if total <= 0.0 {
        return String::new();
    }
    let mut out = Drawing::new(WIDTH, 84.0, "chart stagebar", "time by stage");
    let x = |t: SimTime| 8.0 + t.since(*first).secs_f64() / total * (WIDTH - 16.0);
    for (i, pair) in reached.windows(2).enumerate() {
        let [(from, _), (to, stage)] = pair else { continue };
        let took = format::short(to.since(*from));
        let width = x(*to) - x(*from);
        let name = stage_name(*stage);
        let title = format!("to {name}: {took}");
        out.rect(&format!("part part{}", i % 8), (x(*from), 16.0), (width, 34.0), &title);
        if width > 84.0 {
            out.text("on-part middle", (x(*from) + width / 2.0, 31.0), &format!("→ {name}"));
            out.text("on-part middle", (x(*from) + width / 2.0, 45.0), &took);
        }
    }
    let begin = format!("{} {}", stage_name(reached[0].1), format::clock(*first));
    out.text("tick", (8.0, 68.0), &begin);
    if let Some(onset) = case.at(StageReached::Onset).filter(|o| first < o && o < last) {
        out.line("moment acted", (x(onset), 8.0), (x(onset), 56.0));
        let felt = format!("users begin to feel it {}", format::clock(onset));
        out.text("tick middle", (x(onset).clamp(260.0, WIDTH - 360.0), 68.0), &felt);
    }
    let name = reached.last().map(|(_, s)| stage_name(*s)).unwrap_or_default();
    let whole = format::short(last.since(*first));
    out.text(
        "tick end",
        (WIDTH - 8.0, 68.0),
        &format!("{name} {}, {whole} in all", format::clock(*last)),
    );
    out.finish()
}

/// The rows of the table.
pub(super) fn rows(case: &Case, origin: SimTime) -> Vec<Value> {
    let absent = || format::ABSENT.to_owned();
    let onset = case.stages.first().and_then(|s| s.at);
    let rows = case.stages.iter().map(|stage| {
        let since = |from: SimTime| -> Option<SimDuration> { Some(stage.at?.since(from)) };
        context! {
            name => stage_name(stage.stage),
            clock => stage.at.map_or_else(absent, format::clock),
            offset => stage.at.map_or_else(absent, |t| format::offset(t, origin)),
            took => format::short_or_absent(stage.took),
            total => format::short_or_absent(onset.and_then(since)),
        }
    });
    rows.collect()
}
