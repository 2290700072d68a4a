//! Where the time went: one bar from onset to recovery, cut at the stages, and its table.
//!
//! Stages are put in the order of their times (the engine may verify before users are served, or
//! after); a stage that was not reached has no part and is absent in the table.

use minijinja::{Value, context};

use super::super::format;
use super::super::story::{Case, Stage, stage_name};
use super::svg::Drawing;
use crate::unit::{SimDuration, SimTime};

const WIDTH: f64 = 1180.0;

/// The bar.
pub(super) fn draw(case: &Case) -> String {
    let mut reached: Vec<(SimTime, &Stage)> =
        case.stages.iter().filter_map(|s| Some((s.at?, s))).collect();
    reached.sort_by_key(|(at, stage)| (*at, stage.stage));
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
        let name = stage_name(stage.stage);
        let title = format!("to {name}: {took}");
        out.rect(&format!("part part{}", i % 8), (x(*from), 16.0), (width, 34.0), &title);
        if width > 84.0 {
            out.text("on-part middle", (x(*from) + width / 2.0, 31.0), &format!("→ {name}"));
            out.text("on-part middle", (x(*from) + width / 2.0, 45.0), &took);
        }
    }
    out.text(
        "tick",
        (8.0, 68.0),
        &format!("{} {}", stage_name(reached[0].1.stage), format::clock(*first)),
    );
    let name = reached.last().map(|(_, s)| stage_name(s.stage)).unwrap_or_default();
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
