//! The fleet was changed and nobody was told.
//!
//! Definition: an act on the fleet for which no message names the action, and after which none
//! names its incident, once its final outcome is known for longer than `grace`.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::unit::SimDuration;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "missing_notification",
    summary: "an act on the fleet without a message to the team",
    help: "Success must be told as well as failure.\n\
           Passes: 6 act 1 a; 9 outcome 1; 10 notify 1\n\
           Fails: 6 act 1 a; 9 outcome 1",
    source: "design rule: notification always, also on success",
    example: "{ grace: 5m }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How long after the final outcome the message may come.
    pub grace: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { grace: SimDuration::from_secs(300) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let end = case.evidence.window.end;
        let mut found = Vec::new();
        for act in case.fleet_acts() {
            let told = case.notifications.iter().any(|n| {
                n.what.action == Some(act.what.id)
                    || (n.what.incident == act.what.incident && n.sequence > act.sequence)
            });
            let over = case.final_outcome(act.what.id);
            if !told && over.is_some_and(|o| end.since(o.time) >= self.grace) {
                let saw = format!("{} without a message", act.what.verb());
                found.push(by_act(&act, saw, "one message per act".to_owned()));
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
    fn every_finished_act_is_told() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        let base = || Sketch::default().act(6, 1, "a").outcome(9, 1);
        assert_eq!(check(base()), 1);
        assert_eq!(check(base().notify(10, Some(1))), 0);
        assert_eq!(check(base().notify(10, None)), 0);
        assert_eq!(check(Sketch::default().notify(5, None).act(6, 1, "a").outcome(9, 1)), 1);
        assert_eq!(check(Sketch::default().page(6, 1)), 0, "a page is a message");
    }
}
