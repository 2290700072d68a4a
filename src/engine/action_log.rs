//! What the engine has done: every action given to the world, whatever came of it.
//!
//! In: actions as they are given, outcomes and the engine's own judgement as they arrive. Out:
//! counts, touched replicas within a window, and what did not heal. An action counts from the
//! instant it was given, also when it failed, half-applied or nobody knows. Limit: entries older
//! than a day are forgotten.

use std::collections::BTreeMap;

use super::fleet_size::FleetSize;
use crate::model::{Action, Operation, OutcomeStatus, Verb};
use crate::unit::{ActionId, IncidentId, Name, SimDuration, SimTime};

/// How long an action is remembered.
const KEPT: SimDuration = SimDuration::from_secs(86_400);

/// One action that was given to the world.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The action.
    pub id: ActionId,
    /// Its incident.
    pub incident: IncidentId,
    /// When it was given.
    pub time: SimTime,
    /// When its final outcome came; absent while it is under way.
    pub ended: Option<SimTime>,
    /// What was done.
    pub verb: Verb,
    /// To which entity.
    pub target: Name,
    /// Replicas replaced or changed.
    pub disturbed: u32,
    /// Replicas added.
    pub added: u32,
    /// What it adds to the bill, in replicas; larger replicas count by their growth.
    pub paid: f64,
    /// Its final outcome; absent while it is under way.
    pub status: Option<OutcomeStatus>,
    /// Whether the incident's signals ended after it; absent until that is judged.
    pub healed: Option<bool>,
}

impl Given {
    /// Whether it is known not to have healed: whatever is not a success counts, and an outcome
    /// that did not come within `overdue` is none.
    #[must_use]
    pub fn did_not_heal(&self, now: SimTime, overdue: SimDuration) -> bool {
        match (self.status, self.healed) {
            (_, Some(healed)) => !healed,
            (None, None) => now.since(self.time) >= overdue,
            (Some(OutcomeStatus::Started | OutcomeStatus::Applied), None) => false,
            (Some(_), None) => true,
        }
    }
}

/// All actions of the last day.
#[derive(Debug, Clone, Default)]
pub struct ActionLog {
    given: Vec<Given>,
}

impl ActionLog {
    /// Records an action at the instant it is given.
    pub fn record(&mut self, now: SimTime, action: &Action, fleet: &FleetSize) {
        assert!(self.given.last().is_none_or(|last| last.time <= now), "time never goes back");
        assert!(!action.dry_run, "a dry run is never given to the world");
        self.given.retain(|given| now.since(given.time) <= KEPT);
        let (disturbed, added) = touched(action, fleet);
        self.given.push(Given {
            id: action.id,
            incident: action.incident,
            time: now,
            ended: None,
            verb: action.verb(),
            target: action.target.clone(),
            disturbed,
            added,
            paid: match action.operation {
                Operation::ScaleUp { factor } => f64::from(disturbed) * (factor - 1.0).max(0.0),
                _ => f64::from(added),
            },
            status: None,
            healed: None,
        });
    }

    /// Notes that an action is over, and how.
    pub fn end(&mut self, id: ActionId, at: SimTime, status: OutcomeStatus) {
        if let Some(given) = self.given.iter_mut().find(|given| given.id == id) {
            (given.ended, given.status) = (Some(at), Some(status));
        }
    }

    /// Notes whether the signals ended after an action.
    pub fn judged(&mut self, id: ActionId, healed: bool) {
        if let Some(given) = self.given.iter_mut().find(|given| given.id == id) {
            given.healed = Some(healed);
        }
    }

    /// Actions given within `window` before `now`, oldest first.
    pub fn within(&self, now: SimTime, window: SimDuration) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(move |given| now.since(given.time) < window)
    }

    /// All that are remembered, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Given> {
        self.given.iter()
    }

    /// Replicas of each target touched within the window: replicas disturbed twice count once,
    /// added ones on top.
    #[must_use]
    pub fn touched(&self, now: SimTime, window: SimDuration) -> BTreeMap<Name, (u32, u32)> {
        let mut touched: BTreeMap<Name, (u32, u32)> = BTreeMap::new();
        for given in self.within(now, window).filter(|given| given.verb.touches_fleet()) {
            let (disturbed, added) = touched.entry(given.target.clone()).or_default();
            *disturbed = (*disturbed).max(given.disturbed);
            *added = added.saturating_add(given.added);
        }
        touched
    }
}

/// Replicas that an action disturbs and adds. Removing replicas disturbs them.
#[must_use]
pub fn touched(action: &Action, fleet: &FleetSize) -> (u32, u32) {
    let size = fleet.service(&action.target).replicas;
    match action.operation {
        Operation::PageOnCall { .. } => (0, 0),
        // No replica is taken out of service by these.
        Operation::ShedLoad { .. }
        | Operation::ShiftTraffic { .. }
        | Operation::DisableFlag { .. }
        | Operation::CleanDisk => (0, 0),
        Operation::ScaleOut { replicas } | Operation::ScaleIn { replicas } => {
            (size.saturating_sub(replicas), replicas.saturating_sub(size))
        }
        _ => (size, 0),
    }
}

/// Replicas of the target that an action takes away at the same time: a rolling change a quarter,
/// rounded down, as Kubernetes does by default; what removes replicas, all of those.
#[must_use]
pub fn taken_at_a_time(action: &Action, fleet: &FleetSize) -> u32 {
    let wanted = fleet.service(&action.target).replicas;
    match action.operation {
        Operation::Rollback { .. } | Operation::ScaleUp { .. } | Operation::Restart => wanted / 4,
        Operation::ScaleOut { replicas } | Operation::ScaleIn { replicas } => {
            wanted.saturating_sub(replicas)
        }
        _ => 0,
    }
}
