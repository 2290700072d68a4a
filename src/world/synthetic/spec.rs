//! A whole synthetic experiment as a file writes it: clock, fleet, load, faults, people.
//!
//! In: YAML or JSON; a scenario file's top-level keys are these fields. Out: plain data.
//! `SyntheticSpec::check` (check.rs) finds what does not fit together, all of it at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::unit::{SimDuration, SimTime, Window};
use crate::world::chaos::FaultSpec;
use crate::world::fleet::{ActuationSpec, FleetSpec, LoadSpec, ScrapeSpec};
use crate::world::people::PeopleSpec;

/// One experiment on a mock fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyntheticSpec {
    /// First instant, UTC.
    pub start: SimTime,
    /// How long it runs.
    pub duration: SimDuration,
    /// The services and what users were promised.
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
}

/// One thing in a spec that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{path}: {message}")]
pub struct FleetProblem {
    /// Where, as in `fleet.services.cart.calls[0].to`.
    pub path: String,
    /// What was found and what was expected.
    pub message: String,
}

impl SyntheticSpec {
    /// The stretch of time that it covers.
    #[must_use]
    pub fn window(&self) -> Window {
        Window { start: self.start, end: self.start + self.duration }
    }

    /// A fleet that nobody asks anything, for checks.
    #[must_use]
    pub fn quiet(fleet: FleetSpec, start: SimTime, duration: SimDuration) -> Self {
        Self {
            start,
            duration,
            fleet,
            load: LoadSpec::steady(0.0),
            scrape: ScrapeSpec::default(),
            faults: Vec::new(),
            people: PeopleSpec::default(),
            actuation: ActuationSpec::default(),
            event_budget: event_budget(),
        }
    }

    /// The service where requests enter.
    #[must_use]
    pub fn entry(&self) -> &str {
        self.load.entry.as_deref().unwrap_or(&self.fleet.objective.service)
    }
}

impl FleetProblem {
    /// A problem at `path`.
    #[must_use]
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

fn event_budget() -> u64 {
    1_000_000
}
