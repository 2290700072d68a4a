//! What a scenario file says: an experiment on a mock fleet, and what is expected of it.
//!
//! Plain data, format version 1. The fleet's part has the same keys as `SyntheticSpec`; the policy
//! is a file (relative to the scenario) or stands in place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::baseline::BaselineSpec;
use super::expect::Expectation;
use crate::catalog::Spec;
use crate::model::Policy;
use crate::unit::{SimDuration, SimTime};
use crate::world::chaos::FaultSpec;
use crate::world::fleet::{ActuationSpec, FleetSpec, LoadSpec, ScrapeSpec};
use crate::world::people::PeopleSpec;
use crate::world::synthetic::SyntheticSpec;

/// Format version of scenario files.
pub(super) const VERSION: u32 = 1;

/// A scenario file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Format version; 1.
    pub version: u32,
    /// Its name, for reports; a directory of `reports/` is named after it.
    pub name: String,
    /// What happens, for a person.
    #[serde(default)]
    pub description: String,
    /// First instant, UTC.
    pub start: SimTime,
    /// How long it runs.
    pub duration: SimDuration,
    /// Seed of all chance; the same seed gives the same bytes (default 1).
    #[serde(default = "one")]
    pub seed: u64,
    /// A recording as the healthy baseline: it brings fleet, load, start and scrapes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineSpec>,
    /// The services and what users were promised: a fleet file, relative to this file, such a file
    /// with changes (`{ file: ..., set: ... }`), or a fleet in place.
    #[schemars(with = "super::fleet::FleetSource")]
    pub fleet: FleetSpec,
    /// What users ask.
    pub load: LoadSpec,
    /// How the fleet is watched.
    #[serde(default)]
    pub scrape: ScrapeSpec,
    /// What goes wrong, and when.
    #[serde(default)]
    pub faults: Vec<FaultSpec>,
    /// Who is on call.
    #[serde(default)]
    pub people: PeopleSpec,
    /// How well orders are carried out.
    #[serde(default)]
    pub actuation: ActuationSpec,
    /// Most control events of one run (default 1000000).
    #[serde(default = "event_budget")]
    pub event_budget: u64,
    /// The engine under test: a policy file, relative to this file, or a policy in place.
    pub policy: PolicySource,
    /// The referee's own limits where they differ from the defaults: freeze windows, protected
    /// targets, budgets ... (`windtunnel list invariants`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Spec>,
    /// What must hold at the end, or the run fails with exit code 1.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

/// Where a scenario's policy stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PolicySource {
    /// In a file, relative to the scenario.
    File(String),
    /// In place.
    Inline(Box<Policy>),
}

impl ScenarioFile {
    /// The part that the synthetic world reads.
    #[must_use]
    pub fn synthetic(&self) -> SyntheticSpec {
        SyntheticSpec {
            start: self.start,
            duration: self.duration,
            fleet: self.fleet.clone(),
            load: self.load.clone(),
            scrape: self.scrape.clone(),
            faults: self.faults.clone(),
            people: self.people.clone(),
            actuation: self.actuation.clone(),
            event_budget: self.event_budget,
        }
    }
}

fn one() -> u64 {
    1
}

fn event_budget() -> u64 {
    1_000_000
}
