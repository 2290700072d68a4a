//! The labels of a synthetic run, from what was injected and what happened then.
//!
//! In: the faults, when each began and ceased, what users saw. Out: one `TrueIncident` per fault
//! that is one. The window runs from the injection until the fleet no longer suffers from the
//! fault; users feel it from the first violated objective in it. Known limit: with two faults at
//! once, the first violation counts as the onset of both.

use crate::model::{Objective, SliSample, TrueIncident, Truth, WorldRecord};
use crate::unit::{SimDuration, SimTime, Window};
use crate::world::chaos::{Fault, FaultSpec, Grip, Onset};

/// How long after a fault ceased a detection still is about it: backlogs drain, windows are long.
const AFTERMATH: SimDuration = SimDuration::from_secs(300);

/// A fault and what became of it.
pub(super) struct Running {
    /// The fault.
    pub(super) fault: Box<dyn Fault>,
    /// Name of its incident.
    pub(super) id: String,
    /// When it was injected.
    pub(super) injected: Option<SimTime>,
    /// When it became an incident: at its injection, unless it waited to be set off.
    pub(super) began: Option<SimTime>,
    /// When the fleet no longer suffered from it.
    pub(super) ended: Option<SimTime>,
    /// How it comes on.
    pub(super) onset: Onset,
    /// Its strength as of the last second.
    pub(super) level: f64,
    /// What it put where.
    pub(super) grip: Grip,
    /// Whether a person is at work on it.
    pub(super) in_hand: bool,
}

impl Running {
    /// Whether it is not there, or the same from second to second.
    pub(super) fn is_still(&self) -> bool {
        let steady = self.began.is_some() && self.onset == Onset::Step && self.fault.is_still();
        !self.is_at_work() || steady
    }

    /// Whether it was injected and is not over.
    pub(super) fn is_at_work(&self) -> bool {
        self.injected.is_some() && self.ended.is_none()
    }

    /// The fault of a checked spec, not begun.
    pub(super) fn new(index: usize, spec: &FaultSpec) -> Self {
        let id = spec.id.clone().unwrap_or_else(|| format!("{}-{}", spec.spec.kind, index + 1));
        Self {
            fault: super::built(spec),
            id,
            injected: None,
            began: None,
            ended: None,
            onset: spec.onset,
            level: spec.onset.level(SimDuration::ZERO),
            grip: Grip::default(),
            in_hand: false,
        }
    }
}

/// The labels up to now.
pub(super) fn truth(faults: &[Running], record: &WorldRecord, end: SimTime) -> Truth {
    let incidents = faults.iter().filter_map(|fault| incident(fault, record, end)).collect();
    Truth { incidents, ignore: Vec::new() }
}

fn incident(running: &Running, record: &WorldRecord, end: SimTime) -> Option<TrueIncident> {
    let label = running.fault.label()?;
    let window = Window { start: running.began?, end: running.ended.unwrap_or(end) };
    let objective = record.objective.as_ref().expect("a synthetic world has an objective");
    let until = window.end + AFTERMATH;
    let felt = |s: &SliSample| s.time > window.start && s.time <= until && violates(s, objective);
    Some(TrueIncident {
        id: running.id.clone(),
        window,
        onset: record.sli.iter().find(felt).map(|sample| sample.time),
        root_causes: vec![label.root],
        cause: Some(label.cause),
        acceptable: label.acceptable,
        forbidden: label.forbidden,
        tolerance_before: SimDuration::ZERO,
        tolerance_after: AFTERMATH,
        alarm: None,
    })
}

/// Whether users got less than they were promised in this interval.
pub(super) fn violates(sample: &SliSample, objective: &Objective) -> bool {
    let bad = sample.failed > (1.0 - objective.availability) * sample.requests;
    bad || sample.latency_p99_s.is_some_and(|s| s > objective.latency_p99.secs_f64())
}
