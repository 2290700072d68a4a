//! What all pictures share: size, colours, text and a title.

use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, DrawingBackend, IntoFont, IntoTextStyle, RGBColor, Rectangle, ShapeStyle,
    Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Width and height in pixels.
pub(super) const SIZE: (u32, u32) = (1200, 675);

/// Okabe-Ito.
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const SKY: RGBColor = RGBColor(86, 180, 233);
pub(super) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(super) const RED: RGBColor = RGBColor(213, 94, 0);
pub(super) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(super) const PINK: RGBColor = RGBColor(204, 121, 167);
pub(super) const YELLOW: RGBColor = RGBColor(240, 228, 66);
pub(super) const GREY: RGBColor = RGBColor(139, 149, 161);
pub(super) const INK: RGBColor = RGBColor(28, 36, 48);
pub(super) const FAINT: RGBColor = RGBColor(92, 102, 114);

pub(super) type Area<B> = DrawingArea<B, Shift>;
pub(super) type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Text of a size and colour.
pub(super) fn font(size: i32, colour: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&colour)
}

/// Writes text with its anchor.
pub(super) fn write<B: DrawingBackend>(
    area: &Area<B>,
    text: &str,
    at: (i32, i32),
    (size, colour, h): (i32, RGBColor, HPos),
) -> Drawn
where
    B::ErrorType: 'static,
{
    let style = font(size, colour).into_text_style(area).pos(Pos::new(h, VPos::Center));
    area.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

/// A filled box.
pub(super) fn fill<B: DrawingBackend>(
    area: &Area<B>,
    from: (i32, i32),
    to: (i32, i32),
    style: impl Into<ShapeStyle>,
) -> Drawn
where
    B::ErrorType: 'static,
{
    area.draw(&Rectangle::new([from, to], style.into()))?;
    Ok(())
}

/// The title line and a fainter one below it.
pub(super) fn title<B: DrawingBackend>(area: &Area<B>, title: &str, below: &str) -> Drawn
where
    B::ErrorType: 'static,
{
    write(area, &crate::report::format::cut(title, 84), (30, 34), (25, INK, HPos::Left))?;
    write(area, &crate::report::format::cut(below, 130), (30, 64), (16, FAINT, HPos::Left))
}

/// A key of coloured squares with their names, from `at` to the right.
pub(super) fn legend<B: DrawingBackend>(
    area: &Area<B>,
    at: (i32, i32),
    names: &[(RGBColor, &str)],
) -> Drawn
where
    B::ErrorType: 'static,
{
    let (mut x, y) = at;
    for (colour, name) in names {
        fill(area, (x, y - 7), (x + 14, y + 7), colour.filled())?;
        write(area, name, (x + 22, y), (16, INK, HPos::Left))?;
        x += 22 + 10 * name.chars().count() as i32 + 30;
    }
    Ok(())
}
