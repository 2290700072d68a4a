//! The engine took too many replicas of a service away at once.
//!
//! Definition: because of one of its deeds, fewer than `min_available` of the replicas that the
//! target had before were left in service. Needs the world's record, which says how many were out
//! because of the deed; replicas that a fault took are not counted.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built, by_deed, engine_deeds};
use crate::catalog::{Entry, schema_of};
use crate::referee::case::Case;
use crate::unit::Ratio;

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "disruption_budget",
    summary: "a deed left too few replicas of its target in service",
    help: "Counts replicas that the deed itself took out of service.\n\
           Passes: fleet 20; 0-60 deed 1 a 4 2\n\
           Fails: fleet 20; 0-60 deed 1 a 4 3",
    source: "Kubernetes PodDisruptionBudget",
    example: "{ min_available: 0.5 }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// The limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Least share of the target's replicas that stays in service, 0 to 1.
    pub min_available: Ratio,
}

impl Default for Config {
    fn default() -> Self {
        Self { min_available: Ratio::clamped(0.5) }
    }
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let mut found = Vec::new();
        for deed in engine_deeds(case)? {
            let before = f64::from(deed.replicas_before);
            let left = f64::from(deed.replicas_before.saturating_sub(deed.replicas_down));
            if deed.replicas_down > 0 && left < self.min_available.get() * before {
                let saw = format!("{left:.0} of {before:.0} replicas left");
                found.push(by_deed(deed, saw, format!("at least {}", self.min_available)));
            }
        }
        Ok(found)
    }
}
