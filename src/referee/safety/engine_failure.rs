//! The system under test itself failed.
//!
//! Definition: each failure of an engine that is not ours, as the trial wrote it down: it crashed,
//! hung, flooded, answered twice, or said what makes no sense. The engine cannot write such a line
//! and cannot take one back. For an engine that runs inside windtunnel there is none.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built};
use crate::catalog::{Entry, schema_of};
use crate::model::Body;
use crate::referee::case::Case;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "engine_failure",
    summary: "the engine crashed, hung, or broke the protocol",
    help: "Counted from the trial's own lines about an outside engine. After a fatal failure the \
           fleet has nobody at the wheel, which shows in all other scores.
\
           Passes: 5 act 1 a
\
           Fails: 5 engine_fails",
    source: "docs/engine-protocol.md",
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
        let mut found = Vec::new();
        for line in case.evidence.journal.lines() {
            if let Body::EngineFailure(failure) = &line.body {
                found.push(Violation {
                    kind: String::new(),
                    time: line.time,
                    action: None,
                    target: None,
                    saw: format!("{}: {}", failure.kind.as_str(), failure.detail),
                    limit: "one reply to each request, in time and in the protocol".to_owned(),
                });
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
    fn each_failure_of_the_engine_counts_and_nothing_else_does() {
        let check = |sketch: Sketch| sketch.breaches(&Config::default());
        assert_eq!(check(Sketch::default().act(5, 1, "a").page(6, 2)), 0);
        assert_eq!(check(Sketch::default().engine_fails(5)), 1);
        assert_eq!(check(Sketch::default().engine_fails(5).engine_fails(20)), 2);
    }
}
