//! Pictures for slides and tickets: SVG and PNG of one drawing, 1200 by 675 pixels.
//!
//! In: a `Story` or a `Summary`. Out: files. Text is set in DejaVu Sans, shipped inside the binary
//! (`assets/`, with its licence), so that PNGs render on a machine without fonts. Colours are those
//! of Okabe and Ito (2008). Known limit: an SVG names the font; a viewer without it takes another.

mod accuracy;
mod canvas;
mod flow;
mod panels;
mod reliability;
mod stages;
mod story;

use std::path::{Path, PathBuf};
use std::sync::Once;

use plotters::prelude::{BitMapBackend, DrawingBackend, IntoDrawingArea, SVGBackend};
use plotters::style::{FontStyle, register_font};

use self::canvas::{Area, Drawn, SIZE};
use super::ReportError;
use super::story::{Case, Story};
use super::summary::{self, Beside, Bin, Summary};
use crate::catalog::{self, Entry};
use crate::world::validation::shows::Show;
use crate::world::validation::{Point, StormSecond};

static FONT: &[u8] = include_bytes!("assets/DejaVuSans.ttf");
static REGISTER: Once = Once::new();

/// What the catalog says of it.
pub(super) const ENTRY: Entry<super::catalog::Build> = Entry {
    kind: "plots",
    summary: "the story, the time by stage, accuracy and reliability as SVG and PNG",
    help: "Each picture is 1200 by 675 pixels, once as SVG and once as PNG. Text needs no fonts of \
           the system. A picture with nothing to show is not drawn.",
    source: "Okabe and Ito, Color Universal Design (2008), for the palette",
    example: "plots",
    schema: catalog::schema_of::<()>,
    build: |material, dir| trial(dir, material.story),
};

/// One drawing, whatever it is drawn on.
enum Picture<'a> {
    Story(&'a Story),
    Stages(&'a Case, &'a str),
    Accuracy(&'a [Beside], &'a str),
    Reliability(&'a [Bin], &'a str),
    Latency(&'a [Point]),
    Storm(&'a [StormSecond]),
    Show(&'a Show),
}

/// Draws the pictures of one trial into `dir`.
///
/// # Errors
/// If a file cannot be written.
pub fn trial(dir: &Path, story: &Story) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = both(dir, "story", &Picture::Story(story))?;
    if let Some(case) = story.main_case().filter(|c| c.parts().len() > 1) {
        files.extend(both(dir, "stages", &Picture::Stages(case, &story.title))?);
    }
    Ok(files)
}

/// Draws the pictures of many cases into `dir`.
///
/// # Errors
/// If a file cannot be written.
pub fn dataset(dir: &Path, summary: &Summary) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = Vec::new();
    let measures = summary.accuracy();
    if !measures.is_empty() {
        files.extend(both(dir, "accuracy", &Picture::Accuracy(&measures, &summary.name))?);
    }
    let bins = summary::bins(&summary.aggregate);
    if !bins.is_empty() {
        files.extend(both(dir, "reliability", &Picture::Reliability(&bins, &summary.name))?);
    }
    Ok(files)
}

/// Draws how far the fleet's flow model is from the truth.
///
/// # Errors
/// If a file cannot be written.
pub fn flow_model(
    dir: &Path,
    points: &[Point],
    storm: &[StormSecond],
    shows: &[Show],
) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = both(dir, "latency-against-utilisation", &Picture::Latency(points))?;
    files.extend(both(dir, "retry-storm", &Picture::Storm(storm))?);
    for show in shows {
        files.extend(both(dir, show.file, &Picture::Show(show))?);
    }
    Ok(files)
}

/// One drawing as `name.svg` and `name.png`.
fn both(dir: &Path, name: &str, picture: &Picture<'_>) -> Result<Vec<PathBuf>, ReportError> {
    REGISTER.call_once(|| {
        let registered = register_font("sans-serif", FontStyle::Normal, FONT);
        assert!(registered.is_ok(), "the shipped font is a font");
    });
    let svg = dir.join(format!("{name}.svg"));
    let png = dir.join(format!("{name}.png"));
    let failed = |path: &Path, problem: Box<dyn std::error::Error>| ReportError::Draw {
        path: path.to_owned(),
        problem: problem.to_string(),
    };
    let drawn = picture.draw(&SVGBackend::new(&svg, SIZE).into_drawing_area());
    drawn.map_err(|e| failed(&svg, e))?;
    label(&svg, &picture.title())?;
    let drawn = picture.draw(&BitMapBackend::new(&png, SIZE).into_drawing_area());
    drawn.map_err(|e| failed(&png, e))?;
    Ok(vec![svg, png])
}

/// Gives an SVG a title and a role, for those who hear it read.
fn label(path: &Path, title: &str) -> Result<(), ReportError> {
    let drawn = std::fs::read_to_string(path).map_err(|e| ReportError::write(path, e))?;
    let title = super::html::escape(title);
    let named = match drawn.split_once('>') {
        Some((head, body)) if head.starts_with("<svg") => {
            format!("{head} role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>{body}")
        }
        _ => drawn,
    };
    super::write_text(path, &named)
}

impl Picture<'_> {
    fn title(&self) -> String {
        match self {
            Self::Story(story) => format!("{}: {}", story.title, story.headline.text),
            Self::Stages(_, title) => format!("{title}: time by stage"),
            Self::Accuracy(_, title) => format!("{title}: was the right thing blamed?"),
            Self::Reliability(_, title) => format!("{title}: can its confidence be believed?"),
            Self::Latency(_) => "latency against utilisation".to_owned(),
            Self::Storm(_) => "a retry storm outlives its trigger".to_owned(),
            Self::Show(show) => show.title.to_owned(),
        }
    }

    fn draw<B: DrawingBackend>(&self, area: &Area<B>) -> Drawn
    where
        B::ErrorType: 'static,
    {
        area.fill(&plotters::style::WHITE)?;
        match self {
            Self::Story(story) => story::draw(area, story),
            Self::Stages(case, title) => stages::draw(area, case, title),
            Self::Accuracy(measures, title) => accuracy::draw(area, measures, title),
            Self::Reliability(bins, title) => reliability::draw(area, bins, title),
            Self::Latency(points) => flow::latency(area, points),
            Self::Storm(seconds) => flow::storm(area, seconds),
            Self::Show(show) => panels::draw(area, show),
        }?;
        area.present()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_picture_is_drawn_twice_and_the_same_each_time() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let story = fixture::leak().story();
        let summary = Summary::read(&fixture::document());
        for dir in [one.path(), two.path()] {
            let mut files = trial(dir, &story).unwrap();
            files.extend(dataset(dir, &summary).unwrap());
            assert_eq!(files.len(), 8);
        }
        let svg = std::fs::read_to_string(one.path().join("story.svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("role=\"img\""), "{}", &svg[..200]);
        assert!(svg.contains("<title>0247-memory-leak: healed by"));
        for name in ["story.png", "stages.svg", "accuracy.png", "reliability.svg"] {
            let read = |dir: &Path| std::fs::read(dir.join(name)).unwrap();
            assert_eq!(read(one.path()), read(two.path()), "{name}");
            assert!(read(one.path()).len() > 2_000, "{name}");
        }
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = trial(Path::new("/proc/none"), &fixture::leak().story()).unwrap_err();
        assert!(error.to_string().contains("/proc/none/story.svg"), "{error}");
    }
}
