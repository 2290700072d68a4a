//! The engine touched what automation must leave alone.
//!
//! Definition: an act on the fleet whose target, or whose target's service, is in `targets` (a name
//! that ends in `*` covers all that begin so), with one of `verbs` if any are given, that no person
//! approved before it. By default nothing is protected: a scenario's `rules` say what is.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::Verb;
use crate::referee::case::Case;
use crate::unit::Name;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "acted_on_protected",
    summary: "acted on a protected target without a person",
    help: "Compares the targets of acts with the list.\n\
           Passes: 5 act 1 b; 6 approve 2; 7 act 2 a\n\
           Fails: 5 act 1 a",
    source: "design rule: protected targets",
    example: "{ targets: [a] }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// What is protected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Names, or beginnings of names followed by `*`.
    pub targets: Vec<String>,
    /// Only these verbs; empty: all.
    pub verbs: Vec<Verb>,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let covers = |name: &Name| {
            self.targets.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(begin) => name.starts_with(begin),
                None => name.as_str() == pattern.as_str(),
            })
        };
        let touched = case.fleet_acts().filter(|act| {
            let target = &act.what.target;
            let meant = self.verbs.is_empty() || self.verbs.contains(&act.what.verb());
            meant && (covers(target) || covers(case.service(target))) && !case.approved(act)
        });
        let breach = |act: crate::referee::case::Said<'_, crate::model::Action>| {
            let saw = format!("{} of {}", act.what.verb(), act.what.target);
            by_act(&act, saw, "protected targets are left alone".to_owned())
        };
        Ok(touched.map(breach).collect())
    }
}
