//! What a raw confidence is worth: a monotone map to a probability, with where it came from.
//!
//! In: the engine's own belief in 0..=1. Out: the probability that entity and cause are right, in
//! the open interval 0..1, never falling where the belief rises. Three shapes: `isotonic` (Zadrozny
//! and Elkan, KDD 2002), `beta` (Kull, Silva Filho and Flach, AISTATS 2017) and `platt` (Platt,
//! 1999). Plain data; `windtunnel calibrate` fits it, the engine applies it in one place.

use serde::{Deserialize, Serialize};

/// A calibrated probability keeps this distance from 0 and 1.
const MARGIN: f64 = 0.001;

/// The shape of a map.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Straight lines between knots.
    Isotonic,
    /// `1 / (1 + exp(-(a ln p - b ln(1 - p) + c)))`, coefficients `[a, b, c]`.
    Beta,
    /// `1 / (1 + exp(-(a p + c)))`, coefficients `[a, c]`.
    Platt,
}

/// A fitted map and its provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The shape of the map.
    pub shape: Shape,
    /// Of `beta` and `platt`: their coefficients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coefficients: Vec<f64>,
    /// Of `isotonic`: pairs of raw confidence and probability, ascending in both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knots: Vec<[f64; 2]>,
    /// Digest of the corpus that it was fitted to.
    pub corpus: String,
    /// Answers that it was fitted to.
    pub answers: u64,
    /// Groups of scenario and fault that the answers came from.
    pub groups: u64,
    /// Version of windtunnel that fitted it.
    pub windtunnel: String,
}

impl Shape {
    /// All of them, simplest first.
    pub const ALL: [Self; 3] = [Self::Platt, Self::Beta, Self::Isotonic];

    /// Its name in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Isotonic => "isotonic",
            Self::Beta => "beta",
            Self::Platt => "platt",
        }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Calibration {
    /// The probability that a raw confidence stands for.
    #[must_use]
    pub fn apply(&self, raw: f64) -> f64 {
        let p = raw.clamp(MARGIN, 1.0 - MARGIN);
        let found = match (self.shape, self.coefficients.as_slice()) {
            (Shape::Platt, [a, c]) => logistic(a * raw + c),
            (Shape::Beta, [a, b, c]) => logistic(a * p.ln() - b * (1.0 - p).ln() + c),
            _ => between(&self.knots, raw),
        };
        found.clamp(MARGIN, 1.0 - MARGIN)
    }

    /// What is wrong with it, if anything: wrong number of coefficients, a map that falls.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        let found = self.coefficients.len();
        let wanted = match self.shape {
            Shape::Platt => 2,
            Shape::Beta => 3,
            Shape::Isotonic => 0,
        };
        let name = self.shape;
        if found != wanted {
            return Some(format!("expected {wanted} coefficients for {name}, found {found}"));
        }
        let slopes = self.coefficients.len().saturating_sub(1);
        if let Some(bad) = self.coefficients.iter().take(slopes).find(|slope| **slope < 0.0) {
            return Some(format!("expected slopes of at least 0 for {name}, found {bad}"));
        }
        if (self.shape == Shape::Isotonic) == self.knots.is_empty() {
            let wanted = if self.knots.is_empty() { "at least one knot" } else { "no knots" };
            return Some(format!("expected {wanted} for {name}, found {}", self.knots.len()));
        }
        let rises = |a: &[f64; 2], b: &[f64; 2]| a[0] < b[0] && a[1] <= b[1];
        let inside = |knot: &[f64; 2]| knot.iter().all(|v| (0.0..=1.0).contains(v));
        if !self.knots.is_sorted_by(rises) || !self.knots.iter().all(inside) {
            return Some("expected knots in 0..=1 that rise in both numbers".to_owned());
        }
        None
    }

    /// Beliefs of a ranking, best first: the best becomes its probability, the others keep their
    /// order and their proportion to it, and the sum stays at most 1.
    #[must_use]
    pub fn shares(&self, beliefs: Vec<f64>) -> Vec<f64> {
        let Some(raw) = beliefs.first().copied() else { return beliefs };
        let top = self.apply(raw);
        let rest: f64 = beliefs.iter().skip(1).sum();
        let by_rest = if rest > 0.0 { (1.0 - top) / rest } else { 0.0 };
        let by_top = if raw > 0.0 { top / raw } else { 0.0 };
        let factor = by_rest.min(by_top);
        let scaled = |(i, belief)| if i == 0 { top } else { belief * factor };
        beliefs.into_iter().enumerate().map(scaled).collect()
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Straight lines between knots, level outside of them.
fn between(knots: &[[f64; 2]], raw: f64) -> f64 {
    let after = knots.partition_point(|knot| knot[0] <= raw);
    match (after.checked_sub(1).and_then(|i| knots.get(i)), knots.get(after)) {
        (Some([x0, y0]), Some([x1, y1])) => y0 + (y1 - y0) * (raw - x0) / (x1 - x0),
        (Some([_, y]), None) | (None, Some([_, y])) => *y,
        (None, None) => raw,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn map(shape: Shape, coefficients: &[f64], knots: &[[f64; 2]]) -> Calibration {
        Calibration {
            shape,
            coefficients: coefficients.to_vec(),
            knots: knots.to_vec(),
            corpus: String::new(),
            answers: 0,
            groups: 0,
            windtunnel: String::new(),
        }
    }

    #[test]
    fn each_shape_maps_as_it_says() {
        let steps = map(Shape::Isotonic, &[], &[[0.2, 0.1], [0.6, 0.5], [0.8, 0.5]]);
        for (raw, expected) in [(0.0, 0.1), (0.2, 0.1), (0.4, 0.3), (0.7, 0.5), (1.0, 0.5)] {
            assert!((steps.apply(raw) - expected).abs() < 1e-12, "{raw}");
        }
        let same = map(Shape::Beta, &[1.0, 1.0, 0.0], &[]);
        assert!((same.apply(0.3) - 0.3).abs() < 1e-12);
        assert!((map(Shape::Platt, &[4.0, -2.0], &[]).apply(0.5) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn broken_maps_are_refused() {
        let check = |map: Calibration, part: &str| {
            let problem = map.problem().unwrap();
            assert!(problem.contains(part), "{problem}");
        };
        check(map(Shape::Beta, &[1.0], &[]), "expected 3 coefficients");
        check(map(Shape::Platt, &[-1.0, 0.0], &[]), "slopes");
        check(map(Shape::Isotonic, &[], &[]), "at least one knot");
        check(map(Shape::Isotonic, &[], &[[0.5, 0.6], [0.7, 0.5]]), "rise");
        assert_eq!(map(Shape::Isotonic, &[], &[[0.5, 0.5]]).problem(), None);
    }

    proptest! {
        #[test]
        fn it_never_falls_and_a_ranking_keeps_its_order(
            a in 0.0..5.0f64, b in 0.0..5.0f64, c in -3.0..3.0f64,
            x in 0.0..=1.0f64, y in 0.0..=1.0f64,
            rest in prop::collection::vec(0.0..0.1f64, 0..6),
        ) {
            for map in [map(Shape::Beta, &[a, b, c], &[]), map(Shape::Platt, &[a, c], &[])] {
                let (low, high) = (x.min(y), x.max(y));
                prop_assert!(map.apply(low) <= map.apply(high));
                let mut beliefs: Vec<f64> = rest.clone();
                beliefs.push(0.2 + 0.2 * x);
                beliefs.sort_by(|a, b| b.total_cmp(a));
                let shares = map.shares(beliefs.clone());
                prop_assert!(shares.iter().sum::<f64>() <= 1.0 + 1e-9);
                for (before, after) in beliefs.windows(2).zip(shares.windows(2)) {
                    prop_assert!((before[0] > before[1]) <= (after[0] > after[1]));
                }
            }
        }
    }
}
