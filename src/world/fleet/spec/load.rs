//! What users ask of a mock fleet, as a scenario writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::unit::{Ratio, SimDuration};

/// What users ask of the fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadSpec {
    /// The service where requests enter (default: the objective's service).
    #[serde(default)]
    pub entry: Option<String>,
    /// Mean over a day, requests per second.
    pub rate: f64,
    /// How far the daily peak stands above the mean, as a share of it (default 0.3).
    #[serde(default = "daily_amplitude")]
    pub daily_amplitude: Ratio,
    /// Hour of the daily peak, UTC, 0..24 (default 14).
    #[serde(default = "peak_hour")]
    pub peak_hour: f64,
    /// Standard deviation / mean of the rate from minute to minute (default 0.03).
    #[serde(default = "noise_cv")]
    pub noise_cv: f64,
    /// How long a user waits before giving up, which counts as failed (default 10s).
    #[serde(default = "patience")]
    pub timeout: SimDuration,
    /// The rate on Saturdays and Sundays / the rate on other days (default 1).
    #[serde(default = "one")]
    pub weekend_factor: f64,
    /// Growth of the rate per week, as a share of it; may be negative (default 0).
    #[serde(default)]
    pub growth_per_week: f64,
    /// Sudden crowds on top of the daily shape (default none).
    #[serde(default)]
    pub flash_crowds: Vec<FlashCrowdSpec>,
    /// A closed workload instead of an open one: `rate` is then what these users would ask if they
    /// were answered at once, so that they ask less while they wait (default: open).
    #[serde(default)]
    pub closed: Option<ClosedSpec>,
}

/// Many users at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlashCrowdSpec {
    /// From the start of the scenario to its first user.
    pub at: SimDuration,
    /// The rate at its height / the rate without it.
    pub factor: f64,
    /// How long it takes to swell (default 1m).
    #[serde(default = "minute")]
    pub ramp: SimDuration,
    /// How long it stays at its height (default 10m).
    #[serde(default = "ten_minutes")]
    pub lasts: SimDuration,
    /// Time in which it falls to half, again and again, afterwards (default 5m).
    #[serde(default = "five_minutes")]
    pub half_life: SimDuration,
}

/// A fixed crowd of users, each of whom waits for an answer and thinks before asking again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedSpec {
    /// Mean time between an answer and the next request (default 5s).
    #[serde(default = "five_seconds")]
    pub think: SimDuration,
}

fn one() -> f64 {
    1.0
}

fn minute() -> SimDuration {
    SimDuration::from_secs(60)
}

fn five_minutes() -> SimDuration {
    SimDuration::from_secs(300)
}

fn ten_minutes() -> SimDuration {
    SimDuration::from_secs(600)
}

fn five_seconds() -> SimDuration {
    SimDuration::from_secs(5)
}

fn daily_amplitude() -> Ratio {
    Ratio::clamped(0.3)
}

fn peak_hour() -> f64 {
    14.0
}

fn noise_cv() -> f64 {
    0.03
}

fn patience() -> SimDuration {
    SimDuration::from_secs(10)
}
