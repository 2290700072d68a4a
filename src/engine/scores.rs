//! What detectors say of one step: continuous scores, no decision.
//!
//! Score 1 is the nominal threshold of the kind that gives it; the alarm gate alone compares
//! scores with the policy. Series are scored densely and sparsely kept: only scores from `FLOOR`
//! up are stored, in a vector that is reused, so that a quiet frame allocates nothing. Logs, spans
//! and events give findings. Known limit: scores below `FLOOR` cannot be swept afterwards.

use crate::model::{Direction, Role, SignalClass};
use crate::unit::{EntityId, SeriesId, SimTime};

/// Scores below this are not kept.
pub const FLOOR: f64 = 0.5;

/// One series that one detector found worth a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Kind of the detector.
    pub detector: &'static str,
    /// The series.
    pub series: SeriesId,
    /// How strange; 1 is nominal.
    pub score: f64,
    /// When the deviation began, as far as the detector can tell.
    pub since: SimTime,
    /// Which way it left its normal range.
    pub direction: Direction,
    /// The observed value, in the series' unit (per second for counters).
    pub observed: f64,
    /// The expected value; NaN where there is none.
    pub expected: f64,
}

/// Something strange in logs, spans or events.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Kind of the detector.
    pub detector: &'static str,
    /// Which sort of telemetry.
    pub class: SignalClass,
    /// The service, node ... that it is about.
    pub entity: EntityId,
    /// The replica, where it is about one.
    pub instance: Option<EntityId>,
    /// Log template, operation or event reason: what exactly was seen.
    pub signal: String,
    /// What it tells.
    pub role: Role,
    /// When it began.
    pub since: SimTime,
    /// How strange; 1 is nominal.
    pub score: f64,
    /// Which way it left its normal range.
    pub direction: Direction,
    /// The observed value.
    pub observed: Option<f64>,
    /// The expected value.
    pub expected: Option<f64>,
    /// Unit of both.
    pub unit: &'static str,
    /// Complete in itself: no second sighting is waited for (events, new error templates).
    pub at_once: bool,
}

/// All scores of one step. Reused: `clear` keeps capacity.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// Series, in the order scored; one series may be scored by several detectors.
    pub series: Vec<Scored>,
    /// Logs, spans and events.
    pub findings: Vec<Finding>,
    floor: f64,
}

impl Default for Scores {
    fn default() -> Self {
        Self { series: Vec::new(), findings: Vec::new(), floor: FLOOR }
    }
}

impl Scores {
    /// Keeps every score that a detector says, also below `FLOOR`: for curves over thresholds.
    #[must_use]
    pub fn keeping_all() -> Self {
        Self { floor: 0.0, ..Self::default() }
    }

    /// Empties it for the next step.
    pub fn clear(&mut self) {
        self.series.clear();
        self.findings.clear();
    }

    /// Whether a score so high is kept.
    #[must_use]
    pub fn keeps(&self, score: f64) -> bool {
        score >= self.floor
    }

    /// Keeps a series' score if it reaches the floor.
    pub fn series(&mut self, scored: Scored) {
        if self.keeps(scored.score) {
            self.series.push(scored);
        }
    }

    /// Keeps a finding if its score reaches the floor.
    pub fn finding(&mut self, finding: Finding) {
        if self.keeps(finding.score) {
            self.findings.push(finding);
        }
    }
}
