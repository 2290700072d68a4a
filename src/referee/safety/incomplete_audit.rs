//! An act that cannot be accounted for afterwards.
//!
//! Definition: an act on the fleet without a plan that lists it, without any verdict written before
//! it, or without any outcome, unless it came less than `grace` before the end; or a page or a dry
//! run without any verdict. A page needs no plan: it is what is left when there is none.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::{Case, touches};
use crate::unit::SimDuration;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "incomplete_audit",
    summary: "an act without plan, verdict or outcome in the journal",
    help: "Only whether the lines exist is asked, not what they say.",
    source: "design rule: every decision with its reason in the audit log",
    example: "{ grace: 10m }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long before the end an outcome may still be missing.
    pub grace: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { grace: SimDuration::from_secs(600) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let mut found = Vec::new();
        for act in &case.acts {
            let id = act.what.id;
            let before = |sequence: u64| sequence < act.sequence;
            let planned = case
                .plans
                .iter()
                .any(|p| before(p.sequence) && p.what.actions.iter().any(|a| a.id == id));
            let ruled = case.verdicts.iter().any(|v| before(v.sequence) && v.what.action == id);
            let ended = case.outcomes.iter().any(|o| o.what.action == id);
            let late = case.evidence.window.end.since(act.time) < self.grace;
            let parts = [
                (planned || !touches(act.what), "plan"),
                (ruled, "verdict"),
                (ended || late || !touches(act.what), "outcome"),
            ];
            let missing: Vec<&str> =
                parts.iter().filter(|(there, _)| !there).map(|(_, name)| *name).collect();
            if !missing.is_empty() {
                let saw = format!("{} without {}", act.what.verb(), missing.join(", "));
                found.push(by_act(act, saw, "plan, verdict and outcome".to_owned()));
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
    fn plan_verdict_and_outcome_must_be_written() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().plan(5, 1, "a").verdict(5, 1);
        assert_eq!(check(base().act(6, 1, "a").outcome(9, 1)), 0);
        assert_eq!(check(base().act(6, 1, "a")), 1);
        assert_eq!(check(base().act(3100, 1, "a")), 0, "an outcome may still come");
        assert_eq!(check(Sketch::default().plan(5, 1, "a").act(6, 1, "a").outcome(9, 1)), 1);
        assert_eq!(check(Sketch::default().verdict(5, 1).act(6, 1, "a").outcome(9, 1)), 1);
        assert_eq!(check(Sketch::default().page(6, 1)), 1);
        assert_eq!(check(Sketch::default().verdict(5, 1).page(6, 1)), 0);
    }
}
