//! Localization beside chance: a bar a measure with its interval, and a mark where chance stands.

use plotters::prelude::{Color, DrawingBackend, PathElement};
use plotters::style::text_anchor::HPos;

use super::canvas::{Area, BLUE, Drawn, FAINT, INK, RED, fill, legend, title, write};
use crate::report::format;
use crate::report::summary::Beside;

const LEFT: f64 = 190.0;
const RIGHT: f64 = 1000.0;

/// Draws it.
pub(super) fn draw<B: DrawingBackend>(area: &Area<B>, measures: &[Beside], name: &str) -> Drawn
where
    B::ErrorType: 'static,
{
    let n = measures.iter().find_map(|m| m.n).map(format::number).unwrap_or_default();
    let below = format!("share of cases, n = {n}, bars with 95 % interval");
    title(area, &format!("{name}: was the right thing blamed?"), &below)?;
    let x = |share: f64| (LEFT + share.clamp(0.0, 1.0) * (RIGHT - LEFT)) as i32;
    let height = (470 / measures.len().max(1) as i32).min(90);
    let bottom = 100 + height * measures.len() as i32;
    for quarter in 0..=4 {
        let at = x(f64::from(quarter) / 4.0);
        area.draw(&PathElement::new(vec![(at, 100), (at, bottom)], INK.mix(0.15)))?;
        let label = format::percent(f64::from(quarter) / 4.0);
        write(area, &label, (at, bottom + 18), (15, FAINT, HPos::Center))?;
    }
    for (row, measure) in measures.iter().enumerate() {
        let y = 100 + row as i32 * height;
        let middle = y + height / 2;
        let label = match measure.name.as_str() {
            "cause_accuracy" => "cause right".to_owned(),
            short => short.to_uppercase(),
        };
        write(area, &label, (LEFT as i32 - 14, middle), (17, INK, HPos::Right))?;
        let half = (height * 3 / 10).max(4);
        fill(area, (x(0.0), middle - half), (x(measure.value), middle + half), BLUE.filled())?;
        if let Some((low, high)) = measure.interval {
            let line = vec![(x(low), middle), (x(high), middle)];
            area.draw(&PathElement::new(line, INK.stroke_width(2)))?;
            for end in [x(low), x(high)] {
                let cap = vec![(end, middle - 7), (end, middle + 7)];
                area.draw(&PathElement::new(cap, INK.stroke_width(2)))?;
            }
        }
        if let Some(chance) = measure.chance {
            let at = x(chance);
            let from = (at - 2, middle - half - 7);
            fill(area, from, (at + 2, middle + half + 7), RED.filled())?;
        }
        let by_chance = measure.chance.map(|c| format!(" (chance {})", format::percent(c)));
        let value = format!("{}{}", format::percent(measure.value), by_chance.unwrap_or_default());
        write(area, &value, (RIGHT as i32 + 12, middle), (16, INK, HPos::Left))?;
    }
    legend(area, (LEFT as i32, bottom + 52), &[(BLUE, "measured"), (RED, "chance alone")])
}
