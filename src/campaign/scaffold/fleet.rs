//! The fleet of a sketch: services, calls, load and times as recorded while nothing was wrong.
//!
//! In: the service map (calls from spans where it has none), levels, events. Out: a fleet that
//! `world::overlay` makes of rates and times, with the replicas, error shares, versions and
//! certificates that the recording tells, and for each service what was not told.

use std::collections::{BTreeMap, BTreeSet};

use super::levels::{Aspect, Levels};
use super::serving;
use crate::model::{EntityKind, Event, EventKind, Topology, names};
use crate::timeline::{CaseReader, TimelineError};
use crate::unit::{EntityId, Name, Ratio, SimDuration};
use crate::world::fleet::FleetSpec;
use crate::world::overlay::{self, Level};

/// Replicas that `world::overlay` gives to every service.
const GIVEN: u32 = 3;
/// Largest number of replicas that is believed.
const MOST: f64 = 200.0;

/// A fleet in the making.
#[derive(Debug, Clone)]
pub struct FleetSketch {
    /// The services.
    pub spec: FleetSpec,
    /// Requests per second at the entry.
    pub rate: f64,
    /// What the recording does not tell, by service.
    pub guessed: BTreeMap<String, Vec<&'static str>>,
    /// Where the calls come from.
    pub calls: &'static str,
}

/// The service map with its calls, and where they come from.
pub(super) fn calls(case: &CaseReader) -> Result<(Topology, &'static str), TimelineError> {
    let map = case.topology();
    if map.calls().next().is_some() {
        return Ok((map.clone(), "the recording's service map"));
    }
    // Children end before their parents: the owners of all spans first, then who calls whom.
    let mut owners: BTreeMap<(u128, u64), EntityId> = BTreeMap::new();
    let mut children: Vec<(u128, u64, EntityId)> = Vec::new();
    for span in case.spans()? {
        let span = span?;
        let Some(service) = serving(case, span.entity) else { continue };
        owners.insert((span.trace_id, span.span_id), service);
        if span.parent_span_id != 0 {
            children.push((span.trace_id, span.parent_span_id, service));
        }
    }
    let mut drawn = map.clone();
    let mut edges = BTreeSet::new();
    for (trace, parent, callee) in children {
        match owners.get(&(trace, parent)) {
            Some(caller) if *caller != callee => edges.insert((*caller, callee)),
            _ => false,
        };
    }
    let told = if edges.is_empty() {
        "nothing: neither map nor spans tell who calls whom"
    } else {
        "spans and their parents"
    };
    edges.into_iter().for_each(|(caller, callee)| drawn.call(caller, callee));
    Ok((drawn, told))
}

/// Sketches the fleet; `None` if there is no service.
pub(super) fn sketch(
    case: &CaseReader,
    (map, calls): &(Topology, &'static str),
    levels: &Levels,
    events: &[Event],
) -> Option<FleetSketch> {
    let normal = |id, aspect| levels.get(&(id, aspect)).map(|level| level.normal);
    let measured: BTreeMap<EntityId, Level> = map
        .iter()
        .map(|(id, _)| {
            let (rate, seconds) = (normal(id, Aspect::Traffic), normal(id, Aspect::Latency));
            (id, Level { rate, seconds: seconds.filter(|s| *s > 0.0) })
        })
        .collect();
    let (mut spec, rate) = overlay::sketch(map, &measured)?;
    spec.description = String::new();
    let certificates = certified(case);
    let mut guessed: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for (id, entity) in map.iter() {
        let Some(service) = spec.services.get_mut(entity.name.as_str()) else { continue };
        let missing = guessed.entry(entity.name.to_string()).or_default();
        for (what, known) in [
            ("traffic", measured[&id].rate.is_some()),
            ("latency", measured[&id].seconds.is_some()),
        ] {
            if !known {
                missing.push(what);
            }
        }
        match replicas(map, id, normal(id, Aspect::Replicas)) {
            Some(replicas) => {
                let share = f64::from(GIVEN) / f64::from(replicas);
                service.concurrency =
                    (f64::from(service.concurrency) * share).ceil().max(4.0) as u32;
                service.cpu_share = Ratio::clamped((service.cpu_share.get() / share).min(0.3));
                service.replicas = replicas;
            }
            None => missing.push("replicas"),
        }
        match normal(id, Aspect::Errors) {
            // A baseline that fails more than its promise allows is no baseline.
            Some(errors) => service.error_ratio = Ratio::clamped(errors.clamp(0.0, 0.005)),
            None => missing.push("errors"),
        }
        if !certificates.contains(&entity.name) {
            service.certificate_expires_in = None;
        }
        version(&entity.name, events, &mut service.version, &mut service.previous_version);
    }
    guessed.retain(|_, missing| !missing.is_empty());
    Some(FleetSketch { spec, rate, guessed, calls })
}

/// Replicas of a service: as it says, or as many as the map has.
fn replicas(map: &Topology, id: EntityId, said: Option<f64>) -> Option<u32> {
    let listed = map
        .iter()
        .filter(|(_, entity)| entity.kind == EntityKind::Replica && entity.parent == Some(id));
    let listed = listed.count() as f64;
    let said = said.filter(|n| (1.0..=MOST).contains(n)).map(f64::round);
    said.or((listed > 0.0).then_some(listed.min(MOST))).map(|n| n as u32)
}

/// Services whose certificate is watched.
fn certified(case: &CaseReader) -> BTreeSet<Name> {
    let watched = case.series().iter().filter(|(_, m)| m.metric == names::CERTIFICATE_TIME_LEFT);
    watched.map(|(_, meta)| case.topology().name(meta.entity).clone()).collect()
}

/// The versions before the first recorded deploy of a service.
fn version(name: &Name, events: &[Event], version: &mut String, previous: &mut Option<String>) {
    let deploy = events
        .iter()
        .find(|event| event.kind == EventKind::Deploy && event.entity.as_ref() == Some(name));
    if let Some(before) = deploy.and_then(|event| event.attributes.get("previous_version")) {
        version.clone_from(before);
        *previous = Some(format!("{before}-previous"));
    }
}

/// A certificate that expires in the sketch must be there.
pub(super) fn with_certificate(spec: &mut FleetSpec, service: &str) {
    if let Some(service) = spec.services.get_mut(service) {
        service.certificate_expires_in.get_or_insert(SimDuration::from_secs(30 * 86_400));
    }
}
