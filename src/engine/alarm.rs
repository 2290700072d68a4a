//! The alarm gate: scores in, `Decision::Anomaly` and `Decision::Resolved` out.
//!
//! The one place where detection thresholds are applied. A signal is abnormal from
//! `policy.threshold`; it alarms when it has been abnormal for `policy.pending` or through two
//! further scrapes, whichever comes first; at once from `policy.immediate` or when a finding is
//! complete in itself. It is over when it stayed under `HYSTERESIS` x threshold for
//! `policy.resolve_after`. One active anomaly per signal, whichever detectors scored it.

use crate::engine::detect::Scores;
use crate::model::{AlarmPolicy, Anomaly, Decision, StepInput};

/// Active and pending alarms.
#[derive(Debug, Clone)]
pub struct Gate {
    policy: AlarmPolicy,
    active: Vec<Anomaly>,
}

impl Gate {
    /// A gate with nothing active.
    #[must_use]
    pub fn new(policy: &AlarmPolicy) -> Self {
        Self { policy: policy.clone(), active: Vec::new() }
    }

    /// Takes in the scores of one step; call it at every step, also without scores.
    pub fn step(&mut self, input: &StepInput<'_>, scores: &Scores, out: &mut Vec<Decision>) {
        let _ = (input, scores, out, &self.policy);
    }

    /// Anomalies that were raised and are not over, in the order raised.
    pub fn active(&self) -> impl Iterator<Item = &Anomaly> {
        self.active.iter()
    }
}
