//! The few SVG elements that the drawings need; every text is escaped here.
//!
//! Coordinates are user units of the view box. Colours come from CSS classes, so that light and
//! dark need one drawing.

use std::fmt::Write as _;

use crate::unit::{SimDuration, SimTime, Window};

/// A drawing under way.
pub(super) struct Drawing {
    body: String,
    width: f64,
    height: f64,
    class: &'static str,
    label: String,
}

/// Text that is safe inside markup and inside quoted attributes.
pub(in crate::report) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

impl Drawing {
    pub(super) fn new(width: f64, height: f64, class: &'static str, label: &str) -> Self {
        Self { body: String::new(), width, height, class, label: label.to_owned() }
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.raw(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    pub(super) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64), title: &str) {
        let ((x, y), (w, h)) = (at, size);
        let title = hover(title);
        self.raw(format_args!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{w:.1}\" \
             height=\"{h:.1}\" rx=\"3\">{title}</rect>"
        ));
    }

    pub(super) fn circle(&mut self, class: &str, at: (f64, f64), radius: f64, title: &str) {
        let ((x, y), title) = (at, hover(title));
        self.raw(format_args!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\">\
             {title}</circle>"
        ));
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), text: &str) {
        let ((x, y), text) = (at, escape(text));
        self.raw(format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
    }

    pub(super) fn path(&mut self, class: &str, data: &str) {
        self.raw(format_args!("<path class=\"{class}\" d=\"{data}\"/>"));
    }

    pub(super) fn polyline(&mut self, class: &str, points: &[(f64, f64)]) {
        let mut data = String::new();
        for (x, y) in points {
            let _ = write!(data, "{x:.1},{y:.1} ");
        }
        let data = data.trim_end();
        self.raw(format_args!("<polyline class=\"{class}\" points=\"{data}\"/>"));
    }

    /// Appends markup made by the methods above.
    fn raw(&mut self, markup: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.body, "{markup}");
    }

    pub(super) fn finish(self) -> String {
        let Self { body, width, height, class, label } = self;
        let label = escape(&label);
        format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" \
             aria-label=\"{label}\">\n<title>{label}</title>\n{body}</svg>"
        )
    }
}

fn hover(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!("<title>{}</title>", escape(title)) }
}

/// Time to x.
#[derive(Clone, Copy)]
pub(super) struct TimeScale {
    pub(super) window: Window,
    pub(super) left: f64,
    pub(super) right: f64,
}

impl TimeScale {
    /// The x of a time, kept inside.
    pub(super) fn x(&self, time: SimTime) -> f64 {
        let length = self.window.length().secs_f64().max(1e-9);
        let share = time.since(self.window.start).secs_f64() / length;
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// About `n` times at round distances from `origin`.
    pub(super) fn ticks(&self, origin: SimTime, n: i64) -> Vec<SimTime> {
        const STEPS: [i64; 15] =
            [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];
        let length = self.window.length().secs_f64();
        let fits = |s: &&i64| length / **s as f64 <= n as f64;
        let long = (length / n as f64 / 86_400.0).ceil() as i64 * 86_400;
        let step = SimDuration::from_secs(*STEPS.iter().find(fits).unwrap_or(&long.max(1)));
        let before = self.window.start.since(origin).nanos().div_euclid(step.nanos()) + 1;
        let times = (before..).map(|i| origin + step * i);
        let inside = times.take_while(|t| *t <= self.window.end);
        inside.take(2 * n as usize).collect()
    }
}
