//! Can its confidence be believed? Confidence against the share that was right, bin by bin.
//!
//! On the diagonal it can; below it is too sure of itself, above it too modest. Source: the
//! reliability diagram of Murphy and Winkler (1977).

use plotters::prelude::{
    ChartBuilder, Circle, Color, DashedLineSeries, DrawingBackend, LineSeries,
};
use plotters::style::text_anchor::HPos;

use super::canvas::{Area, BLUE, Drawn, FAINT, GREY, INK, font, legend, title, write};
use crate::report::format;
use crate::report::summary::Bin;

/// Draws it.
pub(super) fn draw<B: DrawingBackend>(area: &Area<B>, bins: &[Bin], name: &str) -> Drawn
where
    B::ErrorType: 'static,
{
    let n: f64 = bins.iter().map(|b| b.n).sum();
    let least = bins.iter().map(|b| b.n).fold(f64::INFINITY, f64::min);
    let most = bins.iter().map(|b| b.n).fold(0.0, f64::max);
    let below = format!(
        "{} answers in {} of {} to {}; below the diagonal: too sure of itself",
        format::number(n),
        format::count(bins.len(), "bin"),
        format::number(least),
        format::number(most)
    );
    title(area, &format!("{name}: can its confidence be believed?"), &below)?;
    let (plot_area, key) = area.margin(84, 0, 0, 0).split_vertically(540);
    let square = plot_area.margin(0, 0, 290, 290);
    let mut plot = ChartBuilder::on(&square)
        .margin_top(10)
        .margin_right(20)
        .x_label_area_size(52)
        .y_label_area_size(72)
        .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    plot.configure_mesh()
        .light_line_style(plotters::style::TRANSPARENT)
        .bold_line_style(INK.mix(0.12))
        .x_labels(6)
        .y_labels(6)
        .x_desc("confidence")
        .y_desc("share that was right")
        .label_style(font(15, FAINT))
        .axis_desc_style(font(16, FAINT))
        .x_label_formatter(&|v| format::percent(*v))
        .y_label_formatter(&|v| format::percent(*v))
        .draw()?;
    let diagonal = [(0.0, 0.0), (1.0, 1.0)];
    plot.draw_series(DashedLineSeries::new(diagonal, 8, 6, GREY.stroke_width(2)))?;
    let points: Vec<(f64, f64)> = bins.iter().map(|b| (b.confidence, b.accuracy)).collect();
    plot.draw_series(LineSeries::new(points.iter().copied(), BLUE.stroke_width(2)))?;
    for (point, bin) in points.iter().zip(bins) {
        let radius = 5.0 + 9.0 * (bin.n / n.max(1.0)).sqrt();
        plot.draw_series([Circle::new(*point, radius as i32, BLUE.mix(0.8).filled())])?;
        let near = |other: &&(f64, f64)| (other.0 - point.0).abs() < 0.16;
        if points.iter().filter(near).count() == 1 {
            let (x, y) = plot.backend_coord(point);
            let size = format!("n = {}", format::number(bin.n));
            write(area, &size, (x + 18, y - 14), (14, FAINT, HPos::Left))?;
        }
    }
    legend(&key, (360, 24), &[(BLUE, "measured, by bin"), (GREY, "as sure as right")])
}
