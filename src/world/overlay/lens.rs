//! What a recording shows when a fault is laid over it.
//!
//! In: a recorded frame, the frames of the ill and the well fleet at the same scrape. Out: the
//! recorded frame, moved. Each recorded column is tied once to the columns of the fleet that tell
//! the same of the same service, by the role of the metric.

use crate::model::{Event, Frame, LogRecord, Role, SeriesCatalog, SeriesMeta, Topology, names};
use crate::unit::{EntityId, Name, SeriesId};
use crate::world::synthetic::Synthetic;
use crate::world::{Recorded, World};

/// How a recorded column follows the fleet.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Follows {
    /// By the ratio ill / well.
    Ratio,
    /// By the difference ill - well, times this: 100 for percents, negative for good shares.
    Difference(f64),
}

/// One recorded column and the fleet's columns that it follows.
#[derive(Debug)]
struct Tie {
    column: SeriesId,
    follows: Follows,
    fleet: Vec<SeriesId>,
}

/// All ties of a recording.
#[derive(Debug)]
pub(super) struct Lens {
    ties: Vec<Tie>,
}

impl Lens {
    /// Ties the columns of a recording to those of a fleet.
    pub(super) fn new(recorded: &Recorded, fleet: &Synthetic) -> Self {
        let (map, here) = (recorded.topology(), fleet.topology());
        let tie = |(column, meta): (SeriesId, &SeriesMeta)| {
            let owner = map.name(map.service_of(meta.entity));
            let entity = here.find(owner).ok()?;
            let (metric, follows) = counterpart(meta)?;
            let fleet = columns(fleet.series(), here, entity, metric, meta);
            (!fleet.is_empty()).then_some(Tie { column, follows, fleet })
        };
        Self { ties: recorded.series().iter().filter_map(tie).collect() }
    }

    /// Moves a recorded frame by what differs between the two fleets.
    pub(super) fn show(&self, frame: &mut Frame, ill: &Frame, well: &Frame) {
        for tie in &self.ties {
            let Some(value) = frame.get(tie.column) else { continue };
            let mean = |of: &Frame| {
                let seen: Vec<f64> = tie.fleet.iter().filter_map(|id| of.get(*id)).collect();
                (!seen.is_empty()).then(|| seen.iter().sum::<f64>() / seen.len() as f64)
            };
            frame.values[tie.column.index()] = match (tie.follows, mean(ill), mean(well)) {
                (_, a, b) if a == b => value,
                (Follows::Ratio, Some(ill), Some(well)) if well > 0.0 => value * ill / well,
                (Follows::Difference(times), Some(ill), Some(well)) => {
                    let most = if times.abs() > 1.0 { 100.0 } else { 1.0 };
                    (value + times * (ill - well)).clamp(0.0, most)
                }
                // The ill service did nothing that could be measured.
                (_, None, Some(_)) => f64::NAN,
                _ => value,
            };
        }
    }
}

/// The fleet's metric that tells the same, and how to follow it.
fn counterpart(meta: &SeriesMeta) -> Option<(&'static str, Follows)> {
    let percent = meta.unit == "%" || meta.metric.contains('%');
    let whole = if percent { 100.0 } else { 1.0 };
    Some(match meta.role {
        Role::Traffic => (names::REQUEST_RATE, Follows::Ratio),
        Role::Latency => (names::DURATION, Follows::Ratio),
        Role::Errors => (names::ERROR_RATIO, Follows::Difference(whole)),
        Role::Availability => (names::ERROR_RATIO, Follows::Difference(-whole)),
        Role::Cpu => (names::CPU_UTILIZATION, Follows::Ratio),
        Role::Memory => (names::MEMORY_WORKING_SET, Follows::Ratio),
        Role::Saturation => (names::QUEUE_LENGTH, Follows::Ratio),
        _ => return None,
    })
}

/// Columns of one metric of a service or its replicas; of times those of the nearest statistic.
fn columns(
    series: &SeriesCatalog,
    map: &Topology,
    service: EntityId,
    metric: &str,
    like: &SeriesMeta,
) -> Vec<SeriesId> {
    let tail = like.stat().is_some_and(|stat| matches!(stat, "p90" | "p95" | "p99" | "max"));
    let wanted = if tail { "p99" } else { "mean" };
    let mine = |meta: &SeriesMeta| {
        meta.metric == metric
            && map.service_of(meta.entity) == service
            && meta.stat().is_none_or(|stat| stat == wanted)
    };
    series.iter().filter(|(_, meta)| mine(meta)).map(|(id, _)| id).collect()
}

/// The entity of the recording that stands for one of the fleet: itself, or its service.
fn known(map: &Topology, fleet: &Topology, entity: EntityId) -> Option<EntityId> {
    let name = fleet.name(entity);
    let owner = fleet.name(fleet.service_of(entity));
    map.find(name).or_else(|_| map.find(owner)).ok()
}

/// An event of the fleet as one of the recording.
pub(super) fn rename(mut event: Event, map: &Topology, fleet: &Topology) -> Option<Event> {
    if let Some(name) = &event.entity {
        let entity = known(map, fleet, fleet.find(name).ok()?)?;
        event.entity = Some(Name::clone(map.name(entity)));
    }
    Some(event)
}

/// A log record of the fleet as one of the recording.
pub(super) fn readdress(log: LogRecord, map: &Topology, fleet: &Topology) -> Option<LogRecord> {
    let entity = known(map, fleet, log.entity)?;
    Some(LogRecord { entity, ..log })
}
