//! The engine went on although nothing that it did helped.
//!
//! Definition: an act on the fleet, that no person approved, while users are unserved, after at
//! least `limit` deeds of the engine that ended within the `within` before it. Whatever the outcome
//! said counts: what matters is that users are still unserved. Needs the world's record.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_act, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::referee::recovery::is_bad;
use crate::unit::SimDuration;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "kept_acting_after_failures",
    summary: "went on acting after several deeds that did not help users",
    help: "Every outcome class counts, inconclusive ones too.\n\
           Passes: users 1000-2000; 1000-1060 deed 1 a 1; 1100 act 2 a\n\
           Fails: users 1000-2000; 1000-1060 deed 1 a 1; 1070-1090 deed 3 b 1; 1100 act 2 a",
    source: "the article, remediation circuit breakers",
    example: "{ limit: 2, within: 1h }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Deeds that may leave users unserved within the stretch.
    pub limit: u32,
    /// Length of the stretch.
    pub within: SimDuration,
}

impl Default for Config {
    fn default() -> Self {
        Self { limit: 6, within: SimDuration::from_secs(3600) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let deeds = engine_deeds(case)?;
        let record = case.evidence.record;
        let Some(objective) = &record.objective else {
            return Err("the world keeps no record of what users saw");
        };
        let mut found = Vec::new();
        for act in case.fleet_acts().filter(|act| !case.approved(act)) {
            let last = record.sli.iter().rfind(|s| s.time <= act.time);
            let unserved = last.is_some_and(|sli| is_bad(&sli, objective));
            let vain = deeds.iter().filter(|d| {
                let ended = d.ended.filter(|end| *end <= act.time);
                ended.is_some_and(|end| act.time.since(end) < self.within)
            });
            let vain = vain.count();
            if unserved && vain >= self.limit as usize {
                let saw = format!("users unserved after {vain} deeds");
                let limit = format!("fewer than {} within {}", self.limit, self.within);
                found.push(by_act(&act, saw, limit));
            }
        }
        Ok(found)
    }
}
