//! What users felt, panel over panel, with fault, first signal, action and recovery marked.

use plotters::prelude::{
    ChartBuilder, Color, DashedLineSeries, DrawingBackend, IntoFont, LineSeries, RGBColor,
    Rectangle, ShapeStyle,
};

use super::canvas::{
    Area, BLUE, Drawn, FAINT, GREEN, INK, ORANGE, RED, font, legend, title, write,
};
use crate::model::StageReached;
use crate::report::format;
use crate::report::story::{Chart, Story};
use crate::unit::{SimTime, Window};

/// The fault's shade as it looks on white.
const PALE: RGBColor = RGBColor(247, 217, 198);

/// Draws it.
pub(super) fn draw<B: DrawingBackend>(area: &Area<B>, story: &Story) -> Drawn
where
    B::ErrorType: 'static,
{
    let below = format!("{} ({})", story.title, story.headline.note);
    title(area, &story.headline.text, &below)?;
    let felt: Vec<&Chart> = story.charts.iter().filter(|c| c.of_users).take(2).collect();
    let charts = if felt.is_empty() { story.charts.iter().take(2).collect() } else { felt };
    let (panels, key) = area.margin(84, 0, 0, 0).split_vertically(540);
    let rows = panels.split_evenly((charts.len().max(1), 1));
    for (row, (panel, chart)) in rows.iter().zip(&charts).enumerate() {
        draw_panel(panel, story, chart, row + 1 == charts.len())?;
    }
    if charts.is_empty() {
        let centre = plotters::style::text_anchor::HPos::Center;
        write(&panels, "no series were kept for charts", (600, 240), (20, FAINT, centre))?;
    }
    let mut names = Vec::new();
    if !story.faults.is_empty() {
        names.push((PALE, "fault (truth)"));
    }
    names.extend(moments(story).into_iter().map(|(_, colour, name)| (colour, name)));
    if charts.iter().any(|c| c.objective.is_some()) {
        names.push((RED, "dashed: objective"));
    }
    legend(&key, (90, 24), &names)
}

fn draw_panel<B>(area: &Area<B>, story: &Story, chart: &Chart, last: bool) -> Drawn
where
    B: DrawingBackend,
    B::ErrorType: 'static,
{
    let window = story.focus();
    let minutes = |t: SimTime| t.since(story.origin).secs_f64() / 60.0;
    let shown = |p: &&(SimTime, f64)| window.start <= p.0 && p.0 <= window.end;
    let high = chart.points.iter().filter(shown).map(|p| p.1).fold(0.0_f64, f64::max);
    let high = chart.objective.map_or(high, |o| high.max(o));
    let (factor, unit) = format::scale_of(high, &chart.unit);
    let top = if high > 0.0 { high * factor * 1.12 } else { 1.0 };
    let mut plot = ChartBuilder::on(area)
        .margin_right(30)
        .margin_left(20)
        .margin_bottom(4)
        .caption(named(chart, &unit), ("sans-serif", 18).into_font().color(&INK))
        .x_label_area_size(if last { 48 } else { 28 })
        .y_label_area_size(64)
        .build_cartesian_2d(minutes(window.start)..minutes(window.end), 0.0..top)?;
    plot.configure_mesh()
        .light_line_style(ShapeStyle::from(&plotters::style::TRANSPARENT))
        .bold_line_style(INK.mix(0.12))
        .axis_style(INK.mix(0.4))
        .x_labels(12)
        .y_labels(5)
        .x_desc(if last { "minutes since the first fault or incident" } else { "" })
        .label_style(font(15, FAINT))
        .axis_desc_style(font(15, FAINT))
        .x_label_formatter(&|m| format::number(*m))
        .y_label_formatter(&|v| format::number(*v))
        .draw()?;
    let inside = |w: Window| [w.start.max(window.start), w.end.min(window.end)].map(minutes);
    for fault in &story.faults {
        let [from, to] = inside(fault.window);
        let shade = Rectangle::new([(from, 0.0), (to, top)], RED.mix(0.12).filled());
        plot.draw_series([shade])?;
    }
    let points = chart.points.iter().filter(shown).map(|(t, v)| (minutes(*t), v * factor));
    plot.draw_series(LineSeries::new(points, BLUE.stroke_width(2)))?;
    if let Some(objective) = chart.objective.map(|o| o * factor) {
        let line = [minutes(window.start), minutes(window.end)].map(|m| (m, objective));
        plot.draw_series(DashedLineSeries::new(line, 8, 5, RED.stroke_width(1)))?;
    }
    for (at, colour, _) in moments(story) {
        let line = [(minutes(at), 0.0), (minutes(at), top)];
        plot.draw_series(DashedLineSeries::new(line, 4, 3, colour.stroke_width(2)))?;
    }
    Ok(())
}

fn named(chart: &Chart, unit: &str) -> String {
    let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
    format!("{}{unit}", chart.title)
}

/// The moments inside the stretch shown, with colour and meaning.
fn moments(story: &Story) -> Vec<(SimTime, RGBColor, &'static str)> {
    let Some(case) = story.main_case() else { return Vec::new() };
    let touches = case.actions.iter().filter(|d| d.action.verb().touches_fleet());
    let acted = touches.filter_map(|d| d.acted).min();
    let all = [
        (case.at(StageReached::Detected), ORANGE, "first signal"),
        (acted, INK, "first action"),
        (case.at(StageReached::Recovered), GREEN, "users served again"),
    ];
    let focus = story.focus();
    let known = all.into_iter().filter_map(|(at, colour, name)| Some((at?, colour, name)));
    known.filter(|(at, ..)| focus.contains(*at)).collect()
}
