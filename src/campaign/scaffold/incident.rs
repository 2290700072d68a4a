//! Which stretch is the incident, which is normal, whose fault it was, and how that is known.
//!
//! In: labels if there are any, else the tracks. Out: incidents with root and cause. Without labels
//! the incident begins where a symptom (errors, latency) of any service first deviates from the
//! first fifth of the recording, and the root is the deviating service none of whose callees
//! deviates too (the first of them in time): a guess, and named so.

use super::levels::{Aspect, Levels, Track, compare};
use super::{ScaffoldError, serving};
use crate::model::{Cause, Event, Verb};
use crate::timeline::CaseReader;
use crate::unit::{EntityId, Name, SimDuration, SimTime, Window};

/// How long before an unlabelled incident a change is a suspect.
const SUSPECT: SimDuration = SimDuration::from_secs(15 * 60);

/// What is known of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// From its begin to its end.
    pub window: Window,
    /// Whether it ended before the recording did.
    pub ended: bool,
    /// The service that is its root.
    pub root: Option<Name>,
    /// What kind it was, if a label says so.
    pub cause: Option<Cause>,
    /// Remedies that the label forbids.
    pub forbidden: Vec<Verb>,
    /// When users began to feel it, if known.
    pub onset: Option<SimTime>,
    /// How the root is known, for the comments; empty if it is labelled.
    pub guess: String,
}

/// The stretches of a case.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Nothing is wrong yet.
    pub(super) normal: Window,
    /// Something is.
    pub(super) during: Window,
    /// Labelled incidents, or the one that was found.
    pub(super) incidents: Vec<Incident>,
}

/// Finds the stretches.
pub(super) fn find(
    case: &CaseReader,
    tracks: &[Track],
    onset: Option<SimTime>,
) -> Result<Found, ScaffoldError> {
    let whole = case.window();
    if let Some(onset) = onset.filter(|onset| !whole.contains(*onset)) {
        return Err(ScaffoldError::Unfit(format!(
            "the recording runs from {} to {}, expected an onset within, found {onset}",
            whole.start, whole.end
        )));
    }
    let labelled: Option<Vec<Incident>> = case.truth().map(|truth| {
        let known = |incident: &crate::model::TrueIncident| Incident {
            window: incident.window,
            ended: incident.window.end + case.interval() < whole.end,
            root: incident.root_causes.iter().find_map(|name| service(case, name)),
            cause: incident.cause,
            forbidden: incident.forbidden.clone(),
            onset: incident.onset,
            guess: String::new(),
        };
        truth.incidents.iter().map(known).collect()
    });
    let incidents = match (labelled, onset) {
        (Some(labelled), None) => labelled,
        (_, Some(onset)) => vec![unknown(onset, whole)],
        (None, None) => {
            first_deviation(tracks, whole).map(|at| unknown(at, whole)).into_iter().collect()
        }
    };
    let first = incidents.iter().map(|incident| incident.window.start).min();
    let last = incidents.iter().map(|incident| incident.window.end).max();
    let (normal, during) = match (first, last) {
        (Some(first), Some(last)) if first > whole.start => {
            (Window { start: whole.start, end: first }, Window { start: first, end: last })
        }
        // Ill from the first sample on: what comes after the incident is the best that there is.
        (Some(first), Some(last)) if last < whole.end => {
            (Window { start: last, end: whole.end }, Window { start: first, end: last })
        }
        (Some(first), _) => {
            return Err(ScaffoldError::Unfit(format!(
                "the incident fills the whole recording (from {first}): nothing tells what is \
                 normal"
            )));
        }
        _ => (whole, Window { start: whole.end, end: whole.end }),
    };
    Ok(Found { normal, during, incidents })
}

fn service(case: &CaseReader, name: &str) -> Option<Name> {
    let map = case.topology();
    let id = map.find(name).ok()?;
    serving(case, id).map(|id| map.name(id).clone())
}

fn unknown(at: SimTime, whole: Window) -> Incident {
    Incident {
        window: Window { start: at, end: whole.end },
        ended: false,
        root: None,
        cause: None,
        forbidden: Vec::new(),
        onset: Some(at),
        guess: String::new(),
    }
}

/// The first lasting deviation of a symptom after the first fifth.
fn first_deviation(tracks: &[Track], whole: Window) -> Option<SimTime> {
    let quiet = whole.start + whole.length().scaled(0.2);
    let normal = Window { start: whole.start, end: quiet };
    let levels = compare(tracks, &normal, &Window { start: quiet, end: whole.end });
    let symptoms =
        levels.iter().filter(|((_, a), _)| matches!(a, Aspect::Errors | Aspect::Latency));
    symptoms.filter_map(|(_, level)| level.since).min()
}

/// Names the root of each incident whose label does not.
pub(super) fn name(
    found: Found,
    case: &CaseReader,
    levels: &Levels,
    events: &[Event],
) -> Vec<Incident> {
    let mut incidents = found.incidents;
    for incident in incidents.iter_mut().filter(|incident| incident.root.is_none()) {
        let changed = events.iter().rev().find(|event| {
            let before = incident.window.start.since(event.time);
            event.kind.is_change() && before >= SimDuration::ZERO && before <= SUSPECT
        });
        let changed = changed.and_then(|event| {
            let name = service(case, event.entity.as_ref()?)?;
            Some((name, event))
        });
        if let Some((name, event)) = changed {
            incident.guess = format!("the last change before it was {} of {name}", event.reason);
            incident.root = Some(name);
        } else if let Some((id, others)) = deepest(case, levels) {
            let name = case.topology().name(id).clone();
            incident.guess = format!("{name} deviates and none of its callees does{others}");
            incident.root = Some(name);
        }
    }
    incidents
}

/// The deviating service none of whose callees deviates; the first in time if there are several.
fn deepest(case: &CaseReader, levels: &Levels) -> Option<(EntityId, String)> {
    let map = case.topology();
    let since = |id: EntityId| {
        let mine = levels.range((id, Aspect::Traffic)..=(id, Aspect::Replicas));
        mine.filter(|((_, a), _)| *a != Aspect::Traffic).filter_map(|(_, l)| l.since).min()
    };
    let ill: Vec<(SimTime, EntityId)> = map
        .iter()
        .filter(|(id, _)| serving(case, *id) == Some(*id))
        .filter_map(|(id, _)| Some((since(id)?, id)))
        .collect();
    let ends = |id: EntityId| map.callees(id).all(|callee| since(callee).is_none());
    let mut deep: Vec<(SimTime, EntityId)> =
        ill.iter().copied().filter(|(_, id)| ends(*id)).collect();
    if deep.is_empty() {
        deep = ill;
    }
    deep.sort();
    let others: Vec<&str> =
        deep.iter().skip(1).take(3).map(|(_, id)| map.name(*id).as_str()).collect();
    let others =
        if others.is_empty() { String::new() } else { format!("; so do {}", others.join(", ")) };
    deep.first().map(|(_, id)| (*id, others))
}
