//! A dry run changed the fleet.
//!
//! Definition: there is a deed for an action that the engine declared a dry run, or that it never
//! carried out by its own account; where the rule demands a dry run, any deed of the engine. Needs
//! the world's record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "dry_run_leak",
    summary: "an action that was only to be said changed the fleet",
    help: "Compares the deeds with the acts in the journal.\n\
           Passes: fleet 20; 5 act 1 a; 6-60 deed 1 a 1; 70 dry_run 2 a\n\
           Fails: fleet 20; 5 dry_run 1 a; 6-60 deed 1 a 1",
    source: "design rule",
    example: "{ demanded: false }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// What is demanded.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The whole run must be dry: every deed of the engine is a leak.
    pub demanded: bool,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let mut found = Vec::new();
        for deed in engine_deeds(case)? {
            let act = case.acts.iter().find(|a| Some(a.what.id) == deed.action);
            if self.demanded || act.is_none_or(|a| a.what.dry_run) {
                let why = match act {
                    Some(_) => "a dry run",
                    None => "an action that was not taken",
                };
                let saw = format!("{} touched {} replicas", why, deed.replicas_touched);
                found.push(by_deed(deed, saw, "no change".to_owned()));
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
    fn a_deed_needs_an_act_that_is_no_dry_run() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().fleet(20);
        assert_eq!(check(base().act(5, 1, "a").deed(6, 60, 1, "a", 1)), 0);
        assert_eq!(check(base().dry_run(5, 1, "a").deed(6, 60, 1, "a", 1)), 1);
        assert_eq!(check(base().deed(6, 60, 1, "a", 1)), 1);
        assert_eq!(check(base().dry_run(5, 1, "a")), 0);
    }
}
