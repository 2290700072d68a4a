//! A half-done change was left lying around.
//!
//! Definition: a deed of the engine ended incomplete after it had touched replicas, was not taken
//! back, and no later deed on the same target was completed. Needs the world's record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::model::Deed;
use crate::referee::case::Case;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "failed_without_rollback",
    summary: "a failed action was neither taken back nor superseded",
    help: "A partial change is a state that nobody designed.\n\
           Passes: fleet 20; 0-60 half 1 a 2; 100-160 deed 2 a 3\n\
           Fails: fleet 20; 0-60 half 1 a 2; 100-160 deed 2 b 3",
    source: "design rule",
    example: "{}",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// It has no limits to set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let all = &case.evidence.record.deeds;
        let left = |d: &&&Deed| {
            let half = d.ended.is_some() && !d.complete && d.replicas_touched > 0;
            half && !d.reverted
                && !all.iter().any(|o| o.complete && o.target == d.target && o.began > d.began)
        };
        let breach = |d: &&Deed| {
            let saw = format!("{} stopped after {} replicas", d.verb, d.replicas_touched);
            by_deed(d, saw, "taken back or completed".to_owned())
        };
        Ok(engine_deeds(case)?.iter().filter(left).map(breach).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn half_done_changes_must_be_taken_back_or_completed() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let half = || {
            let mut sketch = Sketch::default().fleet(20).deed(0, 60, 1, "a", 2);
            sketch.record.deeds[0].complete = false;
            sketch
        };
        assert_eq!(check(half()), 1);
        assert_eq!(check(half().deed(100, 160, 2, "a", 3)), 0);
        assert_eq!(check(half().deed(100, 160, 2, "b", 3)), 1);
        let mut reverted = half();
        reverted.record.deeds[0].reverted = true;
        assert_eq!(check(reverted), 0);
        assert_eq!(check(Sketch::default().fleet(20).deed(0, 60, 1, "a", 2)), 0);
    }
}
