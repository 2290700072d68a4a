//! Small charts of the key metrics on one time axis, with fault, detection and action overlaid.
//!
//! One drawing per chart, all with the same window, so that a moment is in the same place in each.
//! The y axis begins at 0 unless values are negative.

use super::super::format;
use super::super::story::{Chart, Story};
use super::svg::{Drawing, TimeScale, escape};
use crate::model::StageReached;
use crate::unit::{SimTime, Window};

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 358.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 152.0;

/// All charts as figures: first what users felt, then what the culprit suffered.
pub(super) fn draw(story: &Story) -> String {
    let mut out = String::new();
    for (of_users, heading) in [(true, "What users felt"), (false, "What the culprit suffered")] {
        let charts: Vec<&Chart> = story.charts.iter().filter(|c| c.of_users == of_users).collect();
        if charts.is_empty() {
            continue;
        }
        out.push_str(&format!("<h3>{heading}</h3><div class=\"multiples\">"));
        for chart in charts {
            let title = escape(&chart.title);
            let (figure, unit) = figure(chart, story);
            let unit = match unit.as_str() {
                unit if counted(chart) => String::from(if unit.is_empty() { "" } else { "count" }),
                unit => escape(unit),
            };
            let objective = chart.objective.map(|o| {
                format!(
                    " <span class=\"goal\">objective {}</span>",
                    format::quantity(o, &chart.unit)
                )
            });
            let objective = objective.unwrap_or_default();
            out.push_str(&format!(
                "<figure><figcaption>{title} \
                 <span class=\"faint\">{unit}</span>{objective}</figcaption>\
                 {figure}</figure>"
            ));
        }
        out.push_str("</div>");
    }
    out
}

/// Whether it counts things, so that the title says the unit: `{pod}`, `{restart}`.
fn counted(chart: &Chart) -> bool {
    chart.unit.starts_with('{') && chart.unit.ends_with('}')
}

struct Scale {
    time: TimeScale,
    top: f64,
    bottom: f64,
    factor: f64,
}

impl Scale {
    fn y(&self, value: f64) -> f64 {
        let share = (value - self.bottom) / (self.top - self.bottom);
        BOTTOM - share.clamp(0.0, 1.0) * (BOTTOM - TOP)
    }
}

/// The drawing and the unit of its y axis.
fn figure(chart: &Chart, story: &Story) -> (String, String) {
    let window = story.focus();
    let time = TimeScale { window, left: LEFT, right: RIGHT };
    let inside = clip(&chart.points, window);
    let high = inside.iter().map(|p| p.1).fold(0.0_f64, f64::max);
    let low = inside.iter().map(|p| p.1).fold(0.0_f64, f64::min);
    let high = chart.objective.map_or(high, |o| high.max(o * 1.15));
    let (factor, unit) = format::scale_of(high, &chart.unit);
    let counts = counted(chart) && high < 10.0;
    let top = match counts {
        true => (high / 2.0).ceil().max(1.0) * 2.0,
        false => round_up(high * factor) / factor,
    };
    let scale = Scale { time, top: if top > low { top } else { low + 1.0 }, bottom: low, factor };
    let mut out = Drawing::new(WIDTH, HEIGHT, "chart metric", &chart.title);
    overlays(&mut out, &scale, story);
    axes(&mut out, &scale, story);
    if let Some(objective) = chart.objective {
        let y = scale.y(objective);
        out.line("objective", (LEFT, y), (RIGHT, y));
    }
    for run in runs(&inside) {
        let points: Vec<(f64, f64)> =
            run.iter().map(|(t, v)| (scale.time.x(*t), scale.y(*v))).collect();
        out.polyline("series", &points);
    }
    if inside.is_empty() {
        out.text("tick middle", ((LEFT + RIGHT) / 2.0, (TOP + BOTTOM) / 2.0), "no samples");
    }
    (out.finish(), unit)
}

fn overlays(out: &mut Drawing, scale: &Scale, story: &Story) {
    for fault in &story.faults {
        let (from, to) = (scale.time.x(fault.window.start), scale.time.x(fault.window.end));
        let size = ((to - from).max(1.0), BOTTOM - TOP);
        out.rect("fault-shade", (from, TOP), size, &format!("fault {}", fault.id));
    }
    let mut last = f64::NEG_INFINITY;
    for (class, letter, at, _) in marked(story) {
        let x = scale.time.x(at);
        out.line(&format!("moment {class}"), (x, TOP), (x, BOTTOM));
        let shown = x.max(last + 9.0);
        out.text("tick middle", (shown, TOP - 3.0), letter);
        last = shown;
    }
}

type Moment = (&'static str, &'static str, SimTime, &'static str);

/// The moments of the main incident inside the stretch shown: class, letter, time, meaning.
fn marked(story: &Story) -> Vec<Moment> {
    let Some(case) = story.main_case() else { return Vec::new() };
    let acted = case.actions.iter().find(|d| d.action.verb().touches_fleet() && d.acted.is_some());
    let all = [
        ("detected", "D", case.at(StageReached::Detected), "first signal"),
        ("acted", "A", acted.and_then(|d| d.acted), "first action"),
        ("recovered", "R", case.at(StageReached::Recovered), "users served again"),
    ];
    let focus = story.focus();
    let all = all.into_iter().filter_map(|(c, l, at, what)| Some((c, l, at?, what)));
    all.filter(|m| focus.contains(m.2)).collect()
}

/// The legend of the moments that are drawn.
pub(super) fn moments(story: &Story) -> Vec<String> {
    marked(story).iter().map(|(_, letter, _, what)| format!("{letter} {what}")).collect()
}

fn axes(out: &mut Drawing, scale: &Scale, story: &Story) {
    for i in 0..=2 {
        let value = scale.bottom + (scale.top - scale.bottom) * f64::from(i) / 2.0;
        let y = scale.y(value);
        out.line("grid", (LEFT, y), (RIGHT, y));
        out.text("tick end", (LEFT - 5.0, y + 4.0), &format::number(value * scale.factor));
    }
    for tick in scale.time.ticks(story.origin, 5) {
        let x = scale.time.x(tick);
        out.line("grid", (x, BOTTOM), (x, BOTTOM + 4.0));
        out.text("tick middle", (x, BOTTOM + 17.0), &format::offset(tick, story.origin));
    }
}

/// Stretches without a gap: where samples are absent, nothing is drawn.
fn runs(points: &[(SimTime, f64)]) -> Vec<&[(SimTime, f64)]> {
    let mut steps: Vec<i64> = points.windows(2).map(|p| p[1].0.since(p[0].0).nanos()).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(0);
    let steady = |a: &(SimTime, f64), b: &(SimTime, f64)| {
        a.1 == b.1 || usual == 0 || b.0.since(a.0).nanos() <= usual.saturating_mul(4)
    };
    points.chunk_by(steady).collect()
}

/// The part of a line inside a window; where it enters or leaves, it is interpolated.
fn clip(points: &[(SimTime, f64)], window: Window) -> Vec<(SimTime, f64)> {
    let first = points.partition_point(|p| p.0 < window.start);
    let last = points.partition_point(|p| p.0 <= window.end);
    let cross = |i: usize, at: SimTime| -> Option<(SimTime, f64)> {
        let (before, after) = (points.get(i.checked_sub(1)?)?, points.get(i)?);
        let length = after.0.since(before.0).secs_f64();
        let share = if length > 0.0 { at.since(before.0).secs_f64() / length } else { 0.0 };
        Some((at, before.1 + share * (after.1 - before.1)))
    };
    let inside = points[first..last.max(first)].iter().copied();
    cross(first, window.start).into_iter().chain(inside).chain(cross(last, window.end)).collect()
}

/// The next number of the form 1, 2, 2.5, 4, 5, 6, 8 × 10^k.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10.0_f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.iter().map(|s| s * power).find(|s| *s >= value * 0.999).unwrap_or(power * 15.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_not_bridged() {
        let at = SimTime::from_secs;
        let line = [(at(0), 1.0), (at(15), 2.0), (at(30), 1.0), (at(300), 5.0), (at(315), 4.0)];
        assert_eq!(runs(&line).iter().map(|r| r.len()).collect::<Vec<_>>(), [3, 2]);
        let window = Window { start: at(5), end: at(40) };
        assert_eq!(clip(&line, window).first().map(|p| p.0), Some(at(5)));
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, top) in [(0.0, 1.0), (100.0, 100.0), (101.0, 150.0), (0.9, 1.0), (7.2, 8.0)] {
            assert!((round_up(value) - top).abs() < 1e-9, "{value}");
        }
    }
}
