//! Which other confidence floors would have led to the very same run.
//!
//! A floor matters only through the comparisons `confidence >= floor` that are made with it. In:
//! every comparison of a run, with its answer. Out: per cause the highest confidence that was
//! denied and the lowest that passed; every floor above the one and not above the other answers
//! all comparisons alike, so that the run would be the same to the last decision. Limit: texts that
//! quote the floor still differ; what is compared outside of a floor (a page's own belief) does not
//! depend on it.

use std::collections::BTreeMap;

use super::Cause;
use crate::unit::Ratio;

/// What a run's comparisons leave open, by cause.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Leeway {
    compared: BTreeMap<Cause, Bounds>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Bounds {
    denied: Option<Ratio>,
    passed: Option<Ratio>,
}

impl Leeway {
    /// A comparison was made.
    pub fn compared(&mut self, cause: Cause, confidence: Ratio, passed: bool) {
        let bounds = self.compared.entry(cause).or_default();
        if passed {
            bounds.passed = Some(bounds.passed.map_or(confidence, |p| least(p, confidence)));
        } else {
            bounds.denied = Some(bounds.denied.map_or(confidence, |d| most(d, confidence)));
        }
    }

    /// Whether the floors that `floor` gives would have answered every comparison alike.
    #[must_use]
    pub fn allows(&self, floor: impl Fn(Cause) -> Ratio) -> bool {
        self.compared.iter().all(|(cause, bounds)| {
            let floor = floor(*cause);
            bounds.denied.is_none_or(|d| d < floor) && bounds.passed.is_none_or(|p| p >= floor)
        })
    }

    /// Causes for which a floor was asked.
    pub fn causes(&self) -> impl Iterator<Item = Cause> + '_ {
        self.compared.keys().copied()
    }

    /// Takes in the comparisons of another.
    pub fn join(&mut self, other: &Self) {
        for (cause, bounds) in &other.compared {
            if let Some(denied) = bounds.denied {
                self.compared(*cause, denied, false);
            }
            if let Some(passed) = bounds.passed {
                self.compared(*cause, passed, true);
            }
        }
    }
}

fn least(a: Ratio, b: Ratio) -> Ratio {
    if a <= b { a } else { b }
}

fn most(a: Ratio, b: Ratio) -> Ratio {
    if a >= b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_between_the_denied_and_the_passed_answer_alike() {
        let mut leeway = Leeway::default();
        let at = |value: f64| Ratio::clamped(value);
        assert!(leeway.allows(|_| at(0.1)), "nothing compared, nothing bound");
        for (confidence, passed) in [(0.5, false), (0.7, false), (0.9, true), (0.96, true)] {
            leeway.compared(Cause::BadDeploy, at(confidence), passed);
        }
        for (floor, same) in [(0.6, false), (0.7, false), (0.71, true), (0.9, true), (0.91, false)]
        {
            assert_eq!(leeway.allows(|_| at(floor)), same, "{floor}");
        }
        let other = |cause| if cause == Cause::BadDeploy { at(0.8) } else { at(0.0) };
        assert!(leeway.allows(other));
        leeway.compared(Cause::Unknown, at(0.3), false);
        assert!(!leeway.allows(other));
    }
}
