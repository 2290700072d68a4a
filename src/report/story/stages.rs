//! The stages of an incident in their order, with the time that each took.
//!
//! In: stage times. Out: all nine stages; one that was not reached has no time. A stage took what
//! passed since the stage before it in order of time (the engine may verify before users are
//! served, or after). An onset after the first signal is no boundary: it is a moment of the world.

use super::StageTimes;
use crate::model::StageReached;
use crate::unit::{SimDuration, SimTime};

/// One stage of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Which.
    pub stage: StageReached,
    /// When it was reached.
    pub at: Option<SimTime>,
    /// Time since the stage that was reached before it, in order of time.
    pub took: Option<SimDuration>,
}

const STAGES: [StageReached; 9] = [
    StageReached::Onset,
    StageReached::Detected,
    StageReached::Correlated,
    StageReached::Diagnosed,
    StageReached::Decided,
    StageReached::Approved,
    StageReached::Applied,
    StageReached::Verified,
    StageReached::Recovered,
];

/// Name of a stage.
#[must_use]
pub const fn stage_name(stage: StageReached) -> &'static str {
    match stage {
        StageReached::Onset => "onset",
        StageReached::Detected => "detected",
        StageReached::Correlated => "correlated",
        StageReached::Diagnosed => "diagnosed",
        StageReached::Decided => "decided",
        StageReached::Approved => "approved",
        StageReached::Applied => "applied",
        StageReached::Verified => "verified",
        StageReached::Recovered => "recovered",
    }
}

/// All stages.
pub(super) fn stages(times: Option<&StageTimes>) -> Vec<Stage> {
    let at = |stage: StageReached| times.and_then(|t| t.get(&stage).copied());
    let mut reached: Vec<(SimTime, StageReached)> =
        STAGES.into_iter().filter_map(|s| Some((at(s)?, s))).collect();
    reached.sort();
    if reached.first().is_some_and(|(_, first)| *first != StageReached::Onset) {
        reached.retain(|(_, stage)| *stage != StageReached::Onset);
    }
    let took = |stage: StageReached| {
        let place = reached.iter().position(|(_, s)| *s == stage)?;
        Some(reached[place].0.since(reached.get(place.checked_sub(1)?)?.0))
    };
    STAGES.into_iter().map(|stage| Stage { stage, at: at(stage), took: took(stage) }).collect()
}
