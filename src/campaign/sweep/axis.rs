//! One axis of a sweep: a value by path, and the values that it takes.
//!
//! In: `PATH=VALUES`, where the values are a list `a,b,c`, a range `low..high` (as many points as
//! the sweep wants, or a draw from it), `low..high/40` (40 points) or `low..high/40log` (spaced by
//! ratio). Ends are numbers or durations. Out: an `Axis`, or what is wrong with the text. A value's
//! type and limits are the scenario's business and are checked when it is put in its place.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::scenario::patch::Knob;
use crate::scenario::yaml;
use crate::unit::SimDuration;

/// Points of a range that says no number.
pub const POINTS: usize = 40;
/// Most points of one axis.
const MOST_POINTS: usize = 100_000;

/// What an axis takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// These, in this order.
    List(Vec<Json>),
    /// Anything between two ends.
    Range(Range),
}

/// Two ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The low end; seconds if they are durations.
    pub low: f64,
    /// The high end.
    pub high: f64,
    /// Whether both are durations.
    pub durations: bool,
    /// Whether both are whole numbers, so that what lies between is whole too.
    pub whole: bool,
    /// Whether points are spaced by ratio.
    pub log: bool,
    /// Points wanted.
    pub points: usize,
}

/// A path and its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// The path as it was typed: the name of its column.
    pub name: String,
    /// What it takes.
    pub values: Values,
}

impl Axis {
    /// Reads `PATH=VALUES`.
    ///
    /// # Errors
    /// What is wrong, with what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, values) = text.split_once('=').ok_or_else(|| {
            format!(
                "expected PATH=VALUES for an axis, such as confidence=0.5..0.99, found {text:?}"
            )
        })?;
        let name = name.trim().to_owned();
        Knob::parse(&name)?;
        let values = values.trim();
        if values.is_empty() {
            return Err(format!(
                "axis {name:?} is empty: expected a list a,b,c or a range low..high"
            ));
        }
        let values = match values.split_once("..") {
            Some((low, rest)) => Values::Range(Range::parse(&name, low, rest)?),
            None => Values::List(list(&name, values)?),
        };
        Ok(Self { name, values })
    }

    /// The knob that it turns.
    ///
    /// # Errors
    /// If the path is none; one that was read by `parse` always is.
    pub fn knob(&self) -> Result<Knob, String> {
        Knob::parse(&self.name)
    }

    /// The values of a grid.
    #[must_use]
    pub fn grid(&self) -> Vec<Json> {
        match &self.values {
            Values::List(values) => values.clone(),
            Values::Range(range) => {
                let last = (range.points - 1).max(1) as f64;
                let mut values: Vec<Json> =
                    (0..range.points).map(|i| range.at(i as f64 / last)).collect();
                values.dedup();
                values
            }
        }
    }

    /// The value at a share of the way, 0..=1.
    #[must_use]
    pub fn at(&self, share: f64) -> Json {
        match &self.values {
            Values::Range(range) => range.at(share),
            Values::List(values) => {
                let place = (share * values.len() as f64) as usize;
                values[place.min(values.len() - 1)].clone()
            }
        }
    }

    /// The values that must fit for all to fit: every item of a list, the ends of a range.
    #[must_use]
    pub fn extremes(&self) -> Vec<Json> {
        match &self.values {
            Values::List(values) => values.clone(),
            Values::Range(range) => vec![range.at(0.0), range.at(1.0)],
        }
    }
}

impl Range {
    fn parse(axis: &str, low: &str, rest: &str) -> Result<Self, String> {
        let (high, points) = match rest.split_once('/') {
            Some((high, points)) => (high, Some(points)),
            None => (rest, None),
        };
        let (points, log) = match points.map(str::trim) {
            None => (POINTS, false),
            Some(text) => {
                let number = text.strip_suffix("log").unwrap_or(text);
                let count = if number.is_empty() { Some(POINTS) } else { number.parse().ok() };
                let count = count.filter(|n| (2..=MOST_POINTS).contains(n)).ok_or_else(|| {
                    format!("axis {axis:?}: expected 2 to {MOST_POINTS} points, found {text:?}")
                })?;
                (count, number.len() < text.len())
            }
        };
        let (low, high) = (low.trim(), high.trim());
        let number = |text: &str| text.parse::<f64>().ok().filter(|n| n.is_finite());
        let duration = |text: &str| text.parse::<SimDuration>().ok().map(SimDuration::secs_f64);
        let (ends, durations) = match (number(low), number(high), duration(low), duration(high)) {
            (Some(low), Some(high), _, _) => ((low, high), false),
            (_, _, Some(low), Some(high)) => ((low, high), true),
            _ => {
                return Err(format!(
                    "axis {axis:?}: expected two numbers or two durations around \"..\", found \
                     {low:?} and {high:?}"
                ));
            }
        };
        if ends.0 >= ends.1 {
            return Err(format!(
                "axis {axis:?} is empty: expected the low end first, found {low}..{high}"
            ));
        }
        if log && ends.0 <= 0.0 {
            return Err(format!("axis {axis:?}: a log range begins above 0, found {low}"));
        }
        let whole = !durations && [low, high].iter().all(|text| text.parse::<i64>().is_ok());
        Ok(Self { low: ends.0, high: ends.1, durations, whole, log, points })
    }

    fn at(&self, share: f64) -> Json {
        let value = match (share, self.log) {
            (s, _) if s <= 0.0 => self.low,
            (s, _) if s >= 1.0 => self.high,
            (s, true) => self.low * (self.high / self.low).powf(s),
            (s, false) => self.low + s * (self.high - self.low),
        };
        if self.durations {
            let rounded = (value * 1000.0).round() / 1000.0;
            return Json::String(SimDuration::from_secs_f64(rounded).to_string());
        }
        if self.whole {
            return Json::from(value.round() as i64);
        }
        // Six digits are enough for any knob and keep files readable; ends stay as typed.
        let scale = 10f64.powi(6 - value.abs().log10().ceil().clamp(-6.0, 6.0) as i32);
        let rounded = (value * scale).round() / scale;
        Json::from(if share <= 0.0 || share >= 1.0 { value } else { rounded })
    }
}

fn list(axis: &str, text: &str) -> Result<Vec<Json>, String> {
    let mut values = Vec::new();
    for part in text.split(',').map(str::trim) {
        if part.is_empty() {
            return Err(format!("axis {axis:?} has an empty value in {text:?}"));
        }
        let value = yaml::parse(&format!("value: {part}"))
            .ok()
            .and_then(|node| node.get("value").map(yaml::Node::to_json))
            .ok_or_else(|| format!("axis {axis:?}: expected a plain value, found {part:?}"))?;
        if values.contains(&value) {
            return Err(format!("axis {axis:?} has the value {part} twice"));
        }
        values.push(value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn grid(text: &str, expected: &str) {
        let values = Axis::parse(text).unwrap().grid();
        assert_eq!(Json::Array(values).to_string(), expected, "{text}");
    }

    #[test]
    fn lists_and_ranges_become_values() {
        grid("guard.blast_radius=0.1,0.25", "[0.1,0.25]");
        grid("people.approve=yes,absent", "[\"yes\",\"absent\"]");
        grid("confidence=0.5..0.9/5", "[0.5,0.6,0.7,0.8,0.9]");
        grid("load.rate=1..100/3log", "[1,10,100]");
        grid("guard.cooldown.rest=30s..5m/4", "[\"30s\",\"2m\",\"3m30s\",\"5m\"]");
        assert_eq!(Axis::parse("confidence=0.5..0.99").unwrap().grid().len(), POINTS);
    }

    #[test]
    fn bad_axes_are_refused_with_what_was_expected() {
        let check = |text: &str, part: &str| {
            let problem = Axis::parse(text).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        };
        check("confidence", "expected PATH=VALUES");
        check("confidence=", "is empty");
        check("confidence=0.9..0.5", "is empty");
        check("confidence=0.5,,0.6", "empty value");
        check("confidence=0.5,0.5", "twice");
        check("confidense=0.5", "did you mean \"confidence\"?");
        check("confidence=a..b", "two numbers or two durations");
        check("load.rate=0..9/5log", "above 0");
        check("confidence=0.5..0.9/1", "2 to 100000 points");
    }
}
