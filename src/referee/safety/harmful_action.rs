//! An act that could only hurt.
//!
//! Definition: while something was really wrong, an act on the fleet used a verb that the label
//! forbids on a root cause, or touched a service that is neither a root cause nor on any call path
//! with one, for every incident going on at that time. Needs a truth, and for the second part a
//! service map.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::TrueIncident;
use crate::referee::case::Case;
use crate::referee::related::kin;
use crate::unit::Name;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "harmful_action",
    summary: "a forbidden remedy on the root cause, or a healthy unrelated service touched",
    help: "Judged against the labels of the incidents going on at the time of the act.\n\
           Passes: calls web a; calls web b; truth 0-100 a; 50 act 1 web\n\
           Fails: calls web a; calls web b; truth 0-100 a; 50 act 1 b",
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
        if case.evidence.truth.is_none() {
            return Err("no truth");
        }
        let mut found = Vec::new();
        for act in case.fleet_acts() {
            let on: Vec<&TrueIncident> = case.claimed(act.time).map(|(_, t)| t).collect();
            let target = case.service(&act.what.target);
            let root = |t: &TrueIncident| t.root_causes.iter().any(|r| case.service(r) == target);
            if on.iter().any(|t| root(t) && t.forbidden.contains(&act.what.verb())) {
                let saw = format!("{} on the root cause", act.what.verb());
                found.push(by_act(&act, saw, "remedies that the label does not forbid".to_owned()));
            } else if !on.is_empty() && !on.iter().any(|t| related(case, t, target)) {
                let saw = format!("{} touched, unrelated to what is wrong", act.what.target);
                found.push(by_act(&act, saw, "root causes, their callers and callees".to_owned()));
            }
        }
        Ok(found)
    }
}

fn related(case: &Case<'_>, truth: &TrueIncident, target: &Name) -> bool {
    let roots = &truth.root_causes;
    let near = |map| roots.iter().any(|r| kin(map, case.service(r), target));
    roots.is_empty() || case.evidence.topology.is_none_or(near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referee::sketch::Sketch;

    #[test]
    fn forbidden_verbs_and_bystanders_are_harm_and_the_root_cause_is_not() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().calls(&[("web", "a"), ("web", "b")]).truth(0, 100, "a");
        assert_eq!(check(base().act(50, 1, "a")), 0);
        assert_eq!(check(base().act(50, 1, "web")), 0);
        assert_eq!(check(base().act(50, 1, "b")), 1);
        assert_eq!(check(base().act(150, 1, "b")), 0, "needless, but nothing was wrong");
        let mut forbidden = base().act(50, 1, "a");
        forbidden.forbid(crate::model::Verb::Restart);
        assert_eq!(check(forbidden), 1);
        assert!(Sketch::default().unjudged(&Config::default()));
    }
}
