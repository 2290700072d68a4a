//! The page of a tuning: trade-off curves with bands, risk and coverage, reliability, heat map for
//! two axes, tables.
//!
//! In: `Tuned`. Out: one self-contained page. Curves are drawn over the first axis if its values
//! are numbers; bands are 95 % intervals by scenario. What is absent leaves a gap.

use minijinja::context;

use super::super::format;
use super::super::tune::{facts, headline, sections};
use super::svg::Drawing;
use super::{render, safe};
use crate::campaign::belief::Belief;
use crate::campaign::sweep::sensitivity::shown;
use crate::campaign::tune::outcome::{Number, Outcome};
use crate::campaign::tune::{Setting, Tuned};

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 545.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 212.0;

type Of = fn(&Outcome) -> Number;

/// The curves: title, unit scale and what they show.
const CURVES: [(&str, Of); 6] = [
    ("healed alone, share of felt incidents", |o| o.healed_alone),
    ("something wrong done alone, share of incidents", |o| o.wrong),
    ("pages per incident", |o| o.pages),
    ("pages at night per incident", |o| o.pages_at_night),
    ("bad minutes of users per incident", |o| o.bad_minutes),
    ("cost per incident", |o| o.cost),
];

/// The page.
#[must_use]
pub fn tune(tuned: &Tuned) -> String {
    let curves: Vec<_> = CURVES
        .iter()
        .filter_map(|(title, of)| {
            let chart = safe(curve(tuned, title, *of)?);
            Some(context! { title => *title, chart => chart })
        })
        .collect();
    let table = |(title, grid): (String, super::super::tune::Shown)| {
        context! { title => title, head => grid.head, rows => grid.rows }
    };
    let tables: Vec<_> = sections(tuned).into_iter().map(table).collect();
    render(
        include_str!("../assets/tune.html"),
        context! {
            title => format!("tune: {}", tuned.policy),
            headline => headline(tuned),
            tone => if tuned.recommendation.is_some() { "good" } else { "warn" },
            facts => facts(tuned),
            notes => &tuned.notes,
            axis => tuned.axes.first(),
            curves => curves,
            heat => safe(heat(tuned).unwrap_or_default()),
            reliability => safe(reliability(&tuned.belief)),
            risk => safe(risk_coverage(&tuned.belief)),
            front => safe(front(tuned)),
            tables => tables,
        },
    )
}

/// A scale from values to a stretch of the drawing.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn new(values: &[f64], from: f64, to: f64) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let room = if high > low { 0.0 } else { 0.5 };
        Self { low: low - room, high: high + room, from, to }
    }

    fn at(self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    fn ticks(self) -> Vec<f64> {
        (0..=4).map(|i| self.low + (self.high - self.low) * f64::from(i) / 4.0).collect()
    }
}

/// A tick with as many digits as its size wants.
fn tick(value: f64) -> String {
    let digits = match value.abs() {
        v if v >= 100.0 || v == 0.0 => 0,
        v if v >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}

fn axes(out: &mut Drawing, x: Scale, y: Scale, below: &str) {
    for value in y.ticks() {
        out.line("grid", (LEFT, y.at(value)), (RIGHT, y.at(value)));
        out.text("tick end", (LEFT - 6.0, y.at(value) + 4.0), &tick(value));
    }
    for value in x.ticks() {
        out.text("tick middle", (x.at(value), BOTTOM + 16.0), &tick(value));
    }
    out.text("tick middle", ((LEFT + RIGHT) / 2.0, BOTTOM + 33.0), below);
}

/// One measure over the first axis, its band, and where today and the recommendation stand.
fn curve(tuned: &Tuned, title: &str, of: Of) -> Option<String> {
    let single = tuned.axes.len() == 1;
    let chosen = tuned.recommendation.as_ref().map(|r| r.setting);
    let reference = chosen.or(tuned.current).unwrap_or(0);
    let others = |s: &Setting| s.values[1..] == tuned.settings[reference].values[1..];
    let mine = tuned.settings.iter().filter(|s| single || others(s));
    let points: Vec<(f64, Number)> =
        mine.filter_map(|s| Some((s.values.first()?.as_f64()?, of(&s.outcome)))).collect();
    let known: Vec<(f64, Number)> = points.into_iter().filter(|(_, n)| n.value.is_some()).collect();
    if known.len() < 2 {
        return None;
    }
    let mut ys = vec![0.0];
    for (_, n) in &known {
        ys.extend(n.value);
        ys.extend(n.interval.iter().flatten());
    }
    let x = Scale::new(&known.iter().map(|(x, _)| *x).collect::<Vec<_>>(), LEFT, RIGHT);
    let y = Scale::new(&ys, BOTTOM, TOP);
    let mut out = Drawing::new(WIDTH, HEIGHT, "chart", title);
    axes(&mut out, x, y, tuned.axes.first().map_or("", String::as_str));
    let edge =
        |i: usize| known.iter().filter_map(move |(at, n)| Some((x.at(*at), y.at(n.interval?[i]))));
    let band: Vec<(f64, f64)> =
        edge(0).chain(edge(1).collect::<Vec<_>>().into_iter().rev()).collect();
    if band.len() > 3 {
        let path: Vec<String> = band.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        out.path("tune-band", &format!("M {} Z", path.join(" L ")));
    }
    let line: Vec<(f64, f64)> =
        known.iter().filter_map(|(at, n)| Some((x.at(*at), y.at(n.value?)))).collect();
    out.polyline("tune-line", &line);
    for (place, class, name) in
        [(tuned.current, "tune-now", "today"), (chosen, "tune-best", "recommended")]
    {
        let Some(setting) = place.map(|place| &tuned.settings[place]) else { continue };
        let Some(at) = setting.values.first().and_then(serde_json::Value::as_f64) else { continue };
        let Some(value) = of(&setting.outcome).value else { continue };
        out.line(class, (x.at(at), TOP), (x.at(at), BOTTOM));
        let hover = format!("{name}: {} at {}", tick(value), tick(at));
        out.circle(class, (x.at(at), y.at(value)), 4.5, &hover);
    }
    Some(out.finish())
}

fn unit_axes(out: &mut Drawing, below: &str) -> (Scale, Scale) {
    let x = Scale { low: 0.0, high: 1.0, from: LEFT, to: RIGHT };
    let y = Scale { low: 0.0, high: 1.0, from: BOTTOM, to: TOP };
    axes(out, x, y, below);
    (x, y)
}

fn reliability(belief: &Belief) -> String {
    let mut out = Drawing::new(WIDTH, HEIGHT, "chart", "share right by confidence");
    let (x, y) = unit_axes(&mut out, "confidence (diagonal: calibrated)");
    out.line("chance", (x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)));
    for bin in &belief.bins {
        let at = x.at(bin.confidence);
        out.line("whisker", (at, y.at(bin.low)), (at, y.at(bin.high)));
        let share = format::percent(bin.accuracy);
        let said = format::percent(bin.confidence);
        let hover = format!("said {said}, right {share}, n = {}", bin.n);
        out.circle("tune-dot", (at, y.at(bin.accuracy)), 5.0, &hover);
    }
    out.finish()
}

fn risk_coverage(belief: &Belief) -> String {
    let mut out = Drawing::new(WIDTH, HEIGHT, "chart", "share wrong by share answered");
    let (x, y) = unit_axes(&mut out, "share answered, surest first");
    let points: Vec<(f64, f64)> =
        belief.risk_coverage.iter().map(|[c, r]| (x.at(*c), y.at(*r))).collect();
    out.polyline("tune-line", &points);
    points.iter().for_each(|at| out.circle("tune-small", *at, 2.0, ""));
    out.finish()
}

/// Healed alone against wrong: those that nothing beats are filled.
fn front(tuned: &Tuned) -> String {
    let of = |s: &Setting| Some((s.outcome.healed_alone.value?, s.outcome.wrong.value?));
    let known: Vec<(&Setting, (f64, f64))> =
        tuned.settings.iter().filter_map(|s| Some((s, of(s)?))).collect();
    if known.is_empty() {
        return String::new();
    }
    let healed: Vec<f64> = known.iter().map(|(_, p)| p.0).collect();
    let wrong: Vec<f64> = known.iter().map(|(_, p)| p.1).chain([0.0]).collect();
    let (x, y) = (Scale::new(&healed, LEFT, RIGHT), Scale::new(&wrong, BOTTOM, TOP));
    let mut out = Drawing::new(WIDTH, HEIGHT, "chart", "wrong against healed alone");
    axes(&mut out, x, y, "healed alone (right is better), wrong (down is better)");
    for (setting, (healed, wrong)) in known {
        let values: Vec<String> = setting.values.iter().map(shown).collect();
        let hover = format!("{}: healed {healed:.2}, wrong {wrong:.3}", values.join(", "));
        let class = if setting.on_front { "tune-dot" } else { "tune-hollow" };
        out.circle(class, (x.at(healed), y.at(wrong)), 5.0, &hover);
    }
    out.finish()
}

/// Cost over two axes; none for one or more than two.
fn heat(tuned: &Tuned) -> Option<String> {
    let [_, _] = tuned.axes.as_slice() else { return None };
    let distinct = |axis: usize| {
        let mut found: Vec<String> = Vec::new();
        for value in tuned.settings.iter().map(|s| shown(&s.values[axis])) {
            if !found.contains(&value) {
                found.push(value);
            }
        }
        found
    };
    let (columns, rows) = (distinct(0), distinct(1));
    let known: Vec<f64> = tuned.settings.iter().filter_map(|s| s.outcome.cost.value).collect();
    if known.is_empty() {
        return None;
    }
    let scale = Scale::new(&known, 0.0, 4.0);
    let height = 40.0 + 26.0 * rows.len() as f64;
    let mut out = Drawing::new(1140.0, height, "chart", "cost per incident over both axes");
    let wide = 1040.0 / columns.len() as f64;
    for setting in &tuned.settings {
        let place = |names: &[String], axis: usize| {
            names.iter().position(|n| *n == shown(&setting.values[axis])).unwrap_or(0) as f64
        };
        let at = (95.0 + wide * place(&columns, 0), 4.0 + 26.0 * place(&rows, 1));
        let Some(cost) = setting.outcome.cost.value else { continue };
        let class = match scale.at(cost) {
            v if v < 1.0 => "heat1",
            v if v < 2.0 => "heat2",
            v if v < 3.0 => "heat3",
            _ => "heat4",
        };
        let values: Vec<String> = setting.values.iter().map(shown).collect();
        let hover = format!("{}: {cost:.0} {}", values.join(", "), tuned.costs.currency);
        out.rect(class, at, (wide - 1.0, 25.0), &hover);
    }
    for (i, name) in rows.iter().enumerate() {
        out.text("tick end", (88.0, 21.0 + 26.0 * i as f64), name);
    }
    let step = columns.len().div_ceil(12);
    for (i, name) in columns.iter().enumerate().step_by(step) {
        out.text("tick middle", (95.0 + wide * (i as f64 + 0.5), height - 14.0), name);
    }
    Some(out.finish())
}
