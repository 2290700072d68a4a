//! The story on one time axis: a lane for each sort of thing.
//!
//! Faults and incidents are bars, everything else marks with a hover text; the axis says the time
//! since the first fault and the UTC clock.

use super::super::format;
use super::super::story::{Entry, Lane, Story};
use super::class;
use super::svg::{Drawing, TimeScale};
use crate::unit::Window;

const WIDTH: f64 = 1180.0;
const LEFT: f64 = 100.0;
const ROW: f64 = 34.0;
const TOP: f64 = 12.0;

const LANES: [(&str, &[Lane]); 9] = [
    ("faults", &[Lane::Fault, Lane::Recovery]),
    ("changes", &[Lane::Change]),
    ("events", &[Lane::Event]),
    ("signals", &[Lane::Signal]),
    ("incidents", &[Lane::Incident]),
    ("diagnosis", &[Lane::Diagnosis, Lane::Plan]),
    ("guardrails", &[Lane::Guard]),
    ("actions", &[Lane::Action, Lane::Outcome]),
    ("people", &[Lane::People]),
];

/// The drawing.
pub(super) fn draw(story: &Story) -> String {
    let window = story.focus();
    let height = TOP + ROW * LANES.len() as f64 + 44.0;
    let scale = TimeScale { window, left: LEFT, right: WIDTH - 16.0 };
    let mut out = Drawing::new(WIDTH, height, "chart timeline", "the story on one time axis");
    axis(&mut out, &scale, story, height);
    for (row, (name, lanes)) in LANES.iter().enumerate() {
        let y = TOP + ROW * (row as f64 + 0.5);
        out.line("lane", (LEFT, y), (scale.right, y));
        out.text("lane-name", (LEFT - 12.0, y + 4.5), name);
        match *name {
            "faults" => faults(&mut out, &scale, story, y),
            "incidents" => incidents(&mut out, &scale, story, y),
            "actions" => actions(&mut out, &scale, story, y),
            _ => {}
        }
        let shown = |e: &&Entry| window.start <= e.time && e.time <= window.end;
        let here = story.entries.iter().filter(|e| lanes.contains(&e.lane)).filter(shown);
        marks(&mut out, &scale, &here.collect::<Vec<_>>(), story, y);
    }
    out.finish()
}

fn axis(out: &mut Drawing, scale: &TimeScale, story: &Story, height: f64) {
    let bottom = height - 40.0;
    for tick in scale.ticks(story.origin, 10) {
        let x = scale.x(tick);
        out.line("grid", (x, TOP), (x, bottom));
        out.text("tick middle", (x, bottom + 16.0), &format::offset(tick, story.origin));
        out.text("tick faint middle", (x, bottom + 32.0), &format::clock(tick));
    }
}

fn bar(out: &mut Drawing, scale: &TimeScale, class: &str, span: Window, y: f64, text: &str) {
    if span.end < scale.window.start || span.start > scale.window.end {
        return;
    }
    let (from, to) = (scale.x(span.start), scale.x(span.end));
    out.rect(class, (from, y - 9.0), ((to - from).max(2.0), 18.0), text);
}

fn faults(out: &mut Drawing, scale: &TimeScale, story: &Story, y: f64) {
    for fault in &story.faults {
        let what = fault.cause.as_deref().map_or_else(|| fault.id.clone(), format::words);
        let names: Vec<&str> = fault.root_causes.iter().map(|n| n.as_str()).collect();
        let text = format!("{what} of {} ({})", names.join(", "), fault.id);
        bar(out, scale, "bar bad", fault.window, y, &text);
        let room = scale.x(fault.window.end) - scale.x(fault.window.start);
        if room > 7.0 * text.chars().count() as f64 + 40.0 {
            let x = scale.x(fault.onset.unwrap_or(fault.window.start)) + 12.0;
            out.text("on-bar", (x, y + 4.5), &text);
        }
    }
}

fn incidents(out: &mut Drawing, scale: &TimeScale, story: &Story, y: f64) {
    for case in &story.cases {
        let end = case.closed.unwrap_or(story.window.end);
        let span = Window { start: case.opened, end };
        let signals = format::count(case.signals, "signal");
        let open = if case.closed.is_none() { ", not closed" } else { "" };
        bar(out, scale, "bar warn", span, y, &format!("{}: {signals}{open}", case.id));
    }
}

fn actions(out: &mut Drawing, scale: &TimeScale, story: &Story, y: f64) {
    for doing in story.cases.iter().flat_map(|c| &c.actions) {
        if let (Some(start), Some(end)) = (doing.acted, doing.ended) {
            bar(out, scale, "bar good", Window { start, end }, y, &doing.text);
        }
    }
}

/// Marks closer than a few units become one with all their texts.
fn marks(out: &mut Drawing, scale: &TimeScale, here: &[&Entry], story: &Story, y: f64) {
    let mut groups: Vec<(f64, Vec<&Entry>)> = Vec::new();
    for entry in here {
        let x = scale.x(entry.time);
        match groups.last_mut() {
            Some((at, group)) if x - *at < 9.0 => group.push(entry),
            _ => groups.push((x, vec![entry])),
        }
    }
    for (i, (x, group)) in groups.iter().enumerate() {
        let (x, next) = (*x, groups.get(i + 1).map_or(WIDTH, |g| g.0));
        let lines = group.iter().take(8).map(|e| {
            format!("{} {}: {}", format::offset(e.time, story.origin), e.lane.label(), e.text)
        });
        let mut title = lines.collect::<Vec<_>>().join(" | ");
        if group.len() > 8 {
            title.push_str(&format!(" | and {} more", group.len() - 8));
        }
        let tone = group.iter().map(|e| e.tone).min().map_or("plain", class);
        let radius = if group.len() > 1 { 8.5 } else { 6.0 };
        out.circle(&format!("mark {tone}"), (x, y), radius, &title);
        if group.len() > 1 {
            out.text("mark-count", (x, y + 3.8), &group.len().to_string());
        }
        let room = ((next - x - 28.0) / 6.8).max(0.0) as usize;
        if room >= 10 && !group.iter().any(|e| matches!(e.lane, Lane::Fault | Lane::Recovery)) {
            out.text("by-mark", (x + 13.0, y + 4.2), &format::cut(&group[0].text, room.min(64)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let at = crate::unit::SimTime::from_secs;
        let window = Window { start: at(100), end: at(1_000) };
        let scale = TimeScale { window, left: 0.0, right: 900.0 };
        let ticks: Vec<i64> =
            scale.ticks(at(130), 8).iter().map(|t| t.nanos() / 1_000_000_000).collect();
        assert_eq!(ticks, [130, 250, 370, 490, 610, 730, 850, 970]);
        assert_eq!(super::super::svg::escape("<a b=\"'\">"), "&lt;a b=&quot;&#39;&quot;&gt;");
    }
}
