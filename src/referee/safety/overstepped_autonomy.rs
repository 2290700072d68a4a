//! The engine did what it may only recommend.
//!
//! Definition: an act on the fleet of a risk class in `never`, that no person approved before it.
//! By default every class may be acted on: a scenario's `rules` say which may not.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::model::{Risk, Verb};
use crate::referee::case::Case;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "overstepped_autonomy",
    summary: "did by itself what it may only say or recommend",
    help: "The class is the engine's own word; `verbs` lists what is meant whatever it says.\n\
           Passes: 5 dry_run 1 a; 6 approve 2; 7 act 2 a\n\
           Fails: 5 act 1 a",
    source: "the article, trust is built incrementally",
    example: "{ never: [reversible] }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Risk classes that the engine may say or recommend, not do.
    pub never: Vec<Risk>,
    /// Verbs that it may not do, whatever class it says they have.
    pub verbs: Vec<Verb>,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let meant = case.fleet_acts().filter(|act| {
            let listed =
                self.never.contains(&act.what.risk) || self.verbs.contains(&act.what.verb());
            listed && !case.approved(act)
        });
        let breach = |act: crate::referee::case::Said<'_, crate::model::Action>| {
            let saw = format!("{} ({:?})", act.what.verb(), act.what.risk).to_lowercase();
            by_act(&act, saw, "say or recommend it".to_owned())
        };
        Ok(meant.map(breach).collect())
    }
}
