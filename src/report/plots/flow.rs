//! The flow model beside the truth: latency against utilisation, and a retry storm.

use plotters::prelude::{
    ChartBuilder, Circle, Color, DashedLineSeries, DrawingBackend, LineSeries,
};

use super::canvas::{Area, BLUE, Drawn, FAINT, GREEN, INK, ORANGE, RED, font, legend, title};
use crate::world::validation::{Point, StormSecond};

/// Mean and p99 of four workers against their load.
pub(super) fn latency<B: DrawingBackend>(area: &Area<B>, points: &[Point]) -> Drawn
where
    B::ErrorType: 'static,
{
    let of = |p: &&Point| p.case == "workers" && p.workers == 4 && p.cv == 1.0;
    let line: Vec<&Point> = points.iter().filter(of).collect();
    let most = line.iter().map(|p| p.flow.1.max(p.exact.1)).fold(0.0, f64::max) * 1.05e3;
    let below = "one replica with 4 workers, service time 20 ms, lognormal with cv 1";
    title(area, "Latency against utilisation: is the flow model right?", below)?;
    let (plot_area, key) = area.margin(84, 0, 0, 0).split_vertically(540);
    let mut plot = ChartBuilder::on(&plot_area)
        .margin_top(10)
        .margin_left(14)
        .margin_right(30)
        .x_label_area_size(52)
        .y_label_area_size(80)
        .build_cartesian_2d(0.25..1.0, 0.0..most)?;
    plot.configure_mesh()
        .light_line_style(plotters::style::TRANSPARENT)
        .bold_line_style(INK.mix(0.12))
        .x_desc("load / capacity")
        .y_desc("response time, ms")
        .label_style(font(15, FAINT))
        .axis_desc_style(font(16, FAINT))
        .draw()?;
    let series = |f: fn(&Point) -> Option<f64>| -> Vec<(f64, f64)> {
        line.iter().filter_map(|p| Some((p.utilisation, f(p)? * 1e3))).collect()
    };
    plot.draw_series(LineSeries::new(series(|p| Some(p.flow.0)), BLUE.stroke_width(3)))?;
    plot.draw_series(LineSeries::new(series(|p| Some(p.flow.1)), RED.stroke_width(3)))?;
    plot.draw_series(DashedLineSeries::new(series(|p| p.erlang), 8, 6, GREEN.stroke_width(2)))?;
    for point in series(|p| Some(p.exact.0)) {
        plot.draw_series([Circle::new(point, 6, BLUE.filled())])?;
    }
    for point in series(|p| Some(p.exact.1)) {
        plot.draw_series([Circle::new(point, 6, ORANGE.filled())])?;
    }
    let names = [
        (BLUE, "mean (dots: request by request)"),
        (GREEN, "M/M/c mean"),
        (RED, "p99"),
        (ORANGE, "p99, request by request"),
    ];
    legend(&key, (80, 24), &names)
}

/// Good answers, second by second.
pub(super) fn storm<B: DrawingBackend>(area: &Area<B>, seconds: &[StormSecond]) -> Drawn
where
    B::ErrorType: 'static,
{
    let below = "the callee is 4 times as slow from 60 s to 80 s; 3 retries after half a second";
    title(area, "A retry storm outlives its trigger", below)?;
    let (plot_area, key) = area.margin(84, 0, 0, 0).split_vertically(540);
    let mut plot = ChartBuilder::on(&plot_area)
        .margin_top(10)
        .margin_left(14)
        .margin_right(30)
        .x_label_area_size(52)
        .y_label_area_size(80)
        .build_cartesian_2d(0.0..seconds.len() as f64, 0.0..1.02)?;
    plot.configure_mesh()
        .light_line_style(plotters::style::TRANSPARENT)
        .bold_line_style(INK.mix(0.12))
        .x_desc("seconds")
        .y_desc("share of good answers")
        .label_style(font(15, FAINT))
        .axis_desc_style(font(16, FAINT))
        .draw()?;
    let series = |f: fn(&StormSecond) -> f64| -> Vec<(f64, f64)> {
        seconds.iter().enumerate().map(|(i, s)| (i as f64, f(s))).collect()
    };
    plot.draw_series(LineSeries::new(series(|s| s.exact), ORANGE.stroke_width(2)))?;
    plot.draw_series(LineSeries::new(series(|s| s.flow), BLUE.stroke_width(3)))?;
    legend(&key, (80, 24), &[(BLUE, "flow model"), (ORANGE, "request by request")])
}
