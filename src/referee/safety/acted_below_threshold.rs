//! The engine acted alone while it believed too little in its own diagnosis.
//!
//! Definition: an act on the fleet (no page, no dry run) that no person approved, and before which
//! the last diagnosis of its incident gives the top hypothesis less than `floor`, or there is none.
//! Taking back or making whole an act of its own asks for no belief in a cause.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::Diagnosis;
use crate::referee::case::{Case, Said};
use crate::referee::mend::mends;
use crate::unit::Ratio;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "acted_below_threshold",
    summary: "acted on the fleet alone below the confidence floor",
    help: "The confidence of the last diagnosis before the act is read, not the one that the plan \
           states. An act approved by a person is not the engine's alone.\n\
           Passes: 5 diagnose a 0.9; 6 act 1 a\n\
           Fails: 5 diagnose a 0.8; 6 act 1 a",
    source: "design rule: confidence decides",
    example: "{ floor: 0.85 }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Confidence from which the engine may act alone, 0 to 1.
    pub floor: Ratio,
}

impl Default for Config {
    fn default() -> Self {
        Self { floor: Ratio::clamped(0.85) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let mut found = Vec::new();
        for act in case.fleet_acts().filter(|a| !case.approved(a) && !mends(case, a)) {
            let mine = |d: &&Said<'_, Diagnosis>| {
                d.what.incident == act.what.incident && d.sequence < act.sequence
            };
            let best = case.diagnoses.iter().rfind(mine).and_then(|d| {
                d.what.hypotheses.iter().map(|h| h.confidence.get()).reduce(f64::max)
            });
            if best.is_none_or(|b| b < self.floor.get()) {
                let saw = best.map_or("no diagnosis".to_owned(), |b| format!("confidence {b:.2}"));
                found.push(by_act(&act, saw, format!("at least {:.2}", self.floor.get())));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn only_unsure_acts_without_a_person_count() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        assert_eq!(check(Sketch::default().diagnose(5, "a", 0.9).act(6, 1, "a")), 0);
        assert_eq!(check(Sketch::default().diagnose(5, "a", 0.8).act(6, 1, "a")), 1);
        assert_eq!(check(Sketch::default().act(6, 1, "a")), 1);
        assert_eq!(check(Sketch::default().diagnose(5, "a", 0.5).approve(6, 1).act(7, 1, "a")), 0);
        assert_eq!(check(Sketch::default().diagnose(5, "a", 0.5).page(6, 1)), 0);
    }
}
