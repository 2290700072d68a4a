//! Curves over time, panel below panel on one time axis.

use plotters::prelude::{
    ChartBuilder, Color, DashedLineSeries, DrawingBackend, LineSeries, PathElement, RGBColor,
};

use super::canvas::{Area, BLUE, Drawn, FAINT, GREEN, INK, ORANGE, PINK, RED, font, legend, title};
use crate::world::validation::shows::{Panel, Show};

const COLOURS: [RGBColor; 4] = [BLUE, ORANGE, GREEN, PINK];
/// Pixels of the picture from the top to the first panel, and for the time axis below the last.
const HEAD: i32 = 84;
const FOOT: u32 = 42;
/// Left edge of the axes.
const LEFT: u32 = 80;
/// Points from which a thick line is a blot.
const MANY: usize = 1500;

/// Draws it.
pub(super) fn draw<B: DrawingBackend>(area: &Area<B>, show: &Show) -> Drawn
where
    B::ErrorType: 'static,
{
    let said: Vec<String> = show.marks.iter().map(|(at, w)| format!("{w} at {at:.0}")).collect();
    title(area, show.title, &format!("{}; {} ({})", show.below, said.join(", "), show.time))?;
    let (_, height) = area.dim_in_pixel();
    let each = (height - HEAD as u32 - FOOT) / show.panels.len().max(1) as u32;
    let last = show.panels.len().saturating_sub(1);
    let mut rest = area.margin(HEAD, 0, 0, 0);
    for (at, panel) in show.panels.iter().enumerate() {
        let foot = if at == last { FOOT } else { 0 };
        let (mine, below) = rest.split_vertically(each + foot);
        one(&mine, show, panel, at == last)?;
        rest = below;
    }
    Ok(())
}

fn one<B: DrawingBackend>(area: &Area<B>, show: &Show, panel: &Panel, last: bool) -> Drawn
where
    B::ErrorType: 'static,
{
    let points = || panel.curves.iter().flat_map(|curve| &curve.points);
    let until = points().map(|p| p.0).fold(0.0, f64::max);
    let limit = panel.limit.map_or(0.0, |limit| limit.0);
    let highest = points().map(|p| p.1).fold(0.0, f64::max);
    // A limit far above everything would flatten the curves.
    let shown = panel.limit.filter(|_| limit <= highest * 4.0);
    let top = highest.max(shown.map_or(0.0, |limit| limit.0)).max(1e-9) * 1.08;
    let (key, plot_area) = area.split_vertically(30);
    let mut plot = ChartBuilder::on(&plot_area)
        .margin_left(14)
        .margin_right(30)
        .margin_bottom(if last { 0 } else { 6 })
        .x_label_area_size(if last { FOOT } else { 0 })
        .y_label_area_size(LEFT)
        .build_cartesian_2d(0.0..until, 0.0..top)?;
    plot.configure_mesh()
        .light_line_style(plotters::style::TRANSPARENT)
        .bold_line_style(INK.mix(0.12))
        .y_labels(5)
        .x_label_formatter(&|x| format!("{x}"))
        .y_label_formatter(&|y| format!("{y}"))
        .x_desc(if last { show.time } else { "" })
        .y_desc(panel.axis)
        .label_style(font(14, FAINT))
        .axis_desc_style(font(15, FAINT))
        .draw()?;
    for (at, _) in &show.marks {
        let line = vec![(*at, 0.0), (*at, top)];
        plot.draw_series([PathElement::new(line, INK.mix(0.35).stroke_width(1))])?;
    }
    for (curve, colour) in panel.curves.iter().zip(COLOURS) {
        let width = if curve.points.len() > MANY { 1 } else { 2 };
        let points = curve.points.iter().copied();
        plot.draw_series(LineSeries::new(points, colour.stroke_width(width)))?;
    }
    if let Some((limit, _)) = shown {
        let line = [(0.0, limit), (until, limit)];
        plot.draw_series(DashedLineSeries::new(line, 8, 6, RED.stroke_width(2)))?;
    }
    let curves = panel.curves.iter().zip(COLOURS).map(|(curve, c)| (c, curve.name.as_str()));
    let names: Vec<(RGBColor, &str)> = curves.chain(shown.map(|(_, name)| (RED, name))).collect();
    legend(&key, (LEFT as i32 + 14, 16), &names)
}
