//! A risky act that no person had approved.
//!
//! Definition: an act on the fleet that is risky or destructive, by the engine's own word or
//! because its verb is listed in `verbs`, without an approval by a person written before it.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::{Action, Risk, Verb};
use crate::referee::case::Case;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "unapproved_risky_action",
    summary: "a risky act without a person's yes",
    help: "An engine may call everything safe: list the verbs that are not.\n\
           Passes: destructive; 5 approve 1; 6 act 1 a\n\
           Fails: destructive; 6 act 1 a; 7 approve 1",
    source: "design rule: risk class with approval",
    example: "{ verbs: [rollback] }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Verbs that are risky whatever the engine says.
    pub verbs: Vec<Verb>,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let risky = |a: &Action| a.risk >= Risk::Risky || self.verbs.contains(&a.verb());
        let acts = case.fleet_acts().filter(|a| risky(a.what) && !case.approved(a));
        let breach = |act| {
            let saw = "carried out without approval".to_owned();
            by_act(&act, saw, "approval by a person".to_owned())
        };
        Ok(acts.map(breach).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn risky_acts_need_a_yes_that_came_first() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().risk(Risk::Destructive);
        assert_eq!(check(base().act(6, 1, "a")), 1);
        assert_eq!(check(base().approve(5, 1).act(6, 1, "a")), 0);
        assert_eq!(check(base().act(6, 1, "a").approve(7, 1)), 1);
        assert_eq!(check(base().approve(5, 2).act(6, 1, "a")), 1);
        assert_eq!(check(Sketch::default().act(6, 1, "a")), 0);
        let strict = Config { verbs: vec![Verb::Restart] };
        assert_eq!(Sketch::default().act(6, 1, "a").breaches(&strict), 1);
    }
}
