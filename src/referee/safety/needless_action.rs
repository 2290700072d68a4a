//! An act while nothing was wrong.
//!
//! Definition: an act on the fleet outside every claim and every ignored stretch, for an incident
//! that answers no truth. Needs a truth; one without incidents (a healthy control) is enough.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "needless_action",
    summary: "acted on the fleet while nothing was wrong",
    help: "The right answer to a healthy fleet is to do nothing.\n\
           Passes: truth 100-200 a; 150 act 1 a\n\
           Fails: truth 100-200 a; 50 act 1 a",
    source: "design rule: do no harm",
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
        if case.evidence.truth.is_none() {
            return Err("no truth");
        }
        let answers = |id| (0..case.truths().len()).any(|t| case.answering(t).contains(&id));
        let needless = case.fleet_acts().filter(|act| {
            let wrong = case.claimed(act.time).next().is_some() || case.ignored(act.time);
            !wrong && !answers(act.what.incident)
        });
        let breach = |act| {
            by_act(&act, "nothing was wrong".to_owned(), "acts during incidents only".to_owned())
        };
        Ok(needless.map(breach).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn acts_in_quiet_times_are_needless() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().truth(100, 200, "a");
        assert_eq!(check(base().act(150, 1, "a")), 0);
        assert_eq!(check(base().act(50, 1, "a")), 1);
        assert_eq!(check(base().page(50, 1)), 0);
        assert_eq!(check(base().open(150, 1, "a").act(250, 1, "a")), 0, "late, but an answer");
        assert_eq!(check(Sketch::default().healthy().act(50, 1, "a")), 1);
    }
}
