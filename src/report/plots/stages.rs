//! Where the time went: one row a stage, one after the other on a common axis.

use plotters::prelude::{Color, DrawingBackend, PathElement, RGBColor};
use plotters::style::text_anchor::HPos;

use super::canvas::{
    Area, BLUE, Drawn, FAINT, GREEN, GREY, INK, ORANGE, PINK, RED, SKY, YELLOW, fill, title, write,
};
use crate::model::StageReached;
use crate::report::format;
use crate::report::story::{Case, stage_name};
use crate::unit::SimTime;

const COLOURS: [RGBColor; 8] = [BLUE, SKY, PINK, ORANGE, YELLOW, RED, GREEN, GREY];
const LEFT: f64 = 190.0;
const RIGHT: f64 = 1060.0;

/// Draws it.
pub(super) fn draw<B: DrawingBackend>(area: &Area<B>, case: &Case, name: &str) -> Drawn
where
    B::ErrorType: 'static,
{
    let parts = case.parts();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Ok(()) };
    let total = last.0.since(first.0);
    let below = format!(
        "{}, from {} at {} to {}: {} in all",
        case.id,
        stage_name(first.1),
        format::clock(first.0),
        stage_name(last.1),
        format::short(total)
    );
    title(area, &format!("{name}: time by stage"), &below)?;
    let secs = total.secs_f64().max(1e-9);
    let x = |t: SimTime| (LEFT + t.since(first.0).secs_f64() / secs * (RIGHT - LEFT)) as i32;
    let rows = parts.len() as i32 - 1;
    let height = (500 / rows.max(1)).min(110);
    for quarter in 0..=4 {
        let at = LEFT + f64::from(quarter) / 4.0 * (RIGHT - LEFT);
        let line = [(at as i32, 96), (at as i32, 96 + rows * height)];
        area.draw(&PathElement::new(line.to_vec(), INK.mix(0.15)))?;
        let label = format::short(total.scaled(f64::from(quarter) / 4.0));
        let y = 96 + rows * height + 18;
        write(area, &format!("+{label}"), (at as i32, y), (15, FAINT, HPos::Center))?;
    }
    for (row, pair) in parts.windows(2).enumerate() {
        let [from, to] = pair else { continue };
        let y = 96 + row as i32 * height;
        let (a, b) = (x(from.0), x(to.0).max(x(from.0) + 3));
        let colour = COLOURS[row % COLOURS.len()];
        fill(area, (a, y + 8), (b, y + height - 8), colour.filled())?;
        let middle = y + height / 2;
        write(area, stage_name(to.1), (LEFT as i32 - 16, middle), (18, INK, HPos::Right))?;
        let took = format::short(to.0.since(from.0));
        write(area, &took, (b + 10, middle), (18, INK, HPos::Left))?;
    }
    let y = 96 + rows * height + 50;
    let since = match first.1 {
        StageReached::Onset => "time since users began to feel it".to_owned(),
        stage => format!("time since {}", stage_name(stage)),
    };
    write(area, &since, (625, y), (16, FAINT, HPos::Center))
}
