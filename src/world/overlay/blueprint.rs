//! A mock fleet with the services, calls, rates and times of a recording.
//!
//! In: a recorded case and the stretch of it that serves as baseline. Out: a fleet, its load, its
//! clock. Rates and times are means over the stretch; what the recording does not say has the
//! fleet's usual values. Replicas are chosen so that workers are used to a third.
//!
//! Known limit: calls that would close a cycle are left out; the share of a caller's requests
//! that go to a callee is guessed from rates, for a service map does not tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::model::{EntityKind, Objective, Role, SeriesMeta, Topology};
use crate::timeline::{CaseReader, TimelineError};
use crate::unit::{EntityId, Name, Ratio, SimDuration, SimTime, Window};
use crate::world::fleet::{CallSpec, FleetSpec, LoadSpec, ScrapeSpec, ServiceSpec};

/// Share of the workers that are busy on a quiet day.
const BUSY: f64 = 0.33;
/// Least rate, requests per second, at which ratios say something.
const LEAST_RATE: f64 = 5.0;
/// Own work where the recording tells nothing, seconds.
const USUAL_WORK: f64 = 0.02;

/// A fleet made after a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Blueprint {
    /// First instant, whole seconds.
    pub start: SimTime,
    /// The services and a promise that the recording keeps.
    pub fleet: FleetSpec,
    /// What users ask.
    pub load: LoadSpec,
    /// Scrapes at the recording's interval and phase.
    pub scrape: ScrapeSpec,
}

/// Why a recording is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BlueprintError {
    /// It cannot be read.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
    /// It cannot be used.
    #[error("{0}")]
    Unfit(String),
}

/// What a stretch of a recording says of one service.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Level {
    /// Requests per second.
    pub rate: Option<f64>,
    /// Mean time per request, callees included, seconds.
    pub seconds: Option<f64>,
}

#[derive(Debug, Clone, Default)]
struct Means {
    rate: Mean,
    seconds: Mean,
}

#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    fn get(self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

impl Blueprint {
    /// Reads a case and makes the fleet; the baseline begins `skip` after its first instant.
    ///
    /// # Errors
    /// If the case cannot be read, is shorter than asked for, or is not healthy in the stretch.
    pub fn of(
        case: &Path,
        interval: SimDuration,
        skip: SimDuration,
        duration: SimDuration,
    ) -> Result<Self, Vec<BlueprintError>> {
        let all = |errors: Vec<TimelineError>| {
            errors.into_iter().map(BlueprintError::from).collect::<Vec<_>>()
        };
        let reader = CaseReader::open(case, interval).map_err(all)?;
        Self::draw(&reader, skip, duration).map_err(|error| vec![error])
    }

    fn draw(
        case: &CaseReader,
        skip: SimDuration,
        duration: SimDuration,
    ) -> Result<Self, BlueprintError> {
        let unfit = |message: String| Err(BlueprintError::Unfit(message));
        let (recorded, interval) = (case.window(), case.interval());
        let start = first_tick(case, recorded.start + skip)? - interval;
        let stretch = Window { start, end: start + duration };
        if stretch.end > recorded.end + interval {
            let left = recorded.end.since(stretch.start);
            return unfit(format!(
                "the scenario is longer than the dataset: expected at most {left} from {skip} on, \
                 found {duration}"
            ));
        }
        for incident in case.truth().iter().flat_map(|truth| &truth.incidents) {
            if incident.window.overlaps(&stretch) {
                return unfit(format!(
                    "the baseline is not healthy: incident {:?} runs from {} to {}, the scenario \
                     from {} to {}",
                    incident.id,
                    incident.window.start,
                    incident.window.end,
                    stretch.start,
                    stretch.end
                ));
            }
        }
        if start.nanos() % SimDuration::from_secs(1).nanos() != 0 {
            return unfit(format!("samples are not at whole seconds: the first is at {start}"));
        }
        let means = measure(case, &stretch)?;
        let level = |m: &Means| Level { rate: m.rate.get(), seconds: m.seconds.get() };
        let levels = means.iter().map(|(id, m)| (*id, level(m))).collect();
        let Some((fleet, rate)) = sketch(case.topology(), &levels) else {
            return unfit("the recording has no service".to_owned());
        };
        let scrape = ScrapeSpec { interval, ..ScrapeSpec::default() };
        let load = LoadSpec {
            entry: None,
            rate,
            daily_amplitude: Ratio::ZERO,
            ..serde_json::from_value(serde_json::json!({ "rate": 1.0 }))
                .expect("a load needs a rate only")
        };
        Ok(Self { start, fleet, load, scrape })
    }
}

/// A fleet with the services and calls of a map and the levels of its services, and the rate at its
/// entry; `None` if there is no service. Every service has three replicas.
#[must_use]
pub fn sketch(map: &Topology, levels: &BTreeMap<EntityId, Level>) -> Option<(FleetSpec, f64)> {
    let calls = acyclic(map);
    let entry = entry(map, &calls)?;
    Some(fleet(map, &calls, levels, entry))
}

/// The first scrape at or after an instant.
fn first_tick(case: &CaseReader, from: SimTime) -> Result<SimTime, BlueprintError> {
    for sample in case.samples()? {
        let sample = sample?;
        if sample.time >= from {
            return Ok(sample.time);
        }
    }
    let message = format!("the dataset is shorter than `skip`: there is no sample from {from} on");
    Err(BlueprintError::Unfit(message))
}

/// Mean rates (per second) and times (seconds) of all services in a stretch.
fn measure(
    case: &CaseReader,
    stretch: &Window,
) -> Result<BTreeMap<EntityId, Means>, BlueprintError> {
    let map = case.topology();
    let mut means: BTreeMap<EntityId, Means> = BTreeMap::new();
    let per_interval = case.interval().secs_f64();
    for sample in case.samples()? {
        let sample = sample?;
        if !stretch.contains(sample.time) {
            continue;
        }
        let meta = case.series().get(sample.series);
        let of = means.entry(map.service_of(meta.entity)).or_default();
        match meta.role {
            Role::Traffic if meta.unit.ends_with("/s") => of.rate.add(sample.value),
            Role::Traffic => of.rate.add(sample.value / per_interval),
            Role::Latency if is_mean(meta) => of.seconds.add(sample.value * unit_seconds(meta)),
            _ => {}
        }
    }
    Ok(means)
}

fn is_mean(meta: &SeriesMeta) -> bool {
    meta.stat().is_none_or(|stat| matches!(stat, "mean" | "avg" | "p50"))
}

fn unit_seconds(meta: &SeriesMeta) -> f64 {
    match meta.unit.as_str() {
        "ms" => 1e-3,
        "us" => 1e-6,
        "ns" => 1e-9,
        _ => 1.0,
    }
}

/// Services and what is called, without calls that would close a cycle.
fn acyclic(map: &Topology) -> BTreeMap<EntityId, Vec<EntityId>> {
    let mut calls: BTreeMap<EntityId, Vec<EntityId>> = BTreeMap::new();
    for id in map.iter().filter(|(_, e)| serves(e.kind)).map(|(id, _)| id) {
        calls.insert(id, Vec::new());
    }
    for call in map.calls() {
        let (caller, callee) = (map.service_of(call.caller), map.service_of(call.callee));
        let both = calls.contains_key(&caller) && calls.contains_key(&callee);
        if both && caller != callee && !reaches(&calls, callee).contains(&caller) {
            let mine = calls.entry(caller).or_default();
            if !mine.contains(&callee) {
                mine.push(callee);
            }
        }
    }
    calls
}

const fn serves(kind: EntityKind) -> bool {
    matches!(kind, EntityKind::Service | EntityKind::External)
}

/// Everything that is reached from a service, itself included.
fn reaches(calls: &BTreeMap<EntityId, Vec<EntityId>>, from: EntityId) -> BTreeSet<EntityId> {
    let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
    while let Some(id) = next.pop() {
        for callee in calls.get(&id).into_iter().flatten() {
            if seen.insert(*callee) {
                next.push(*callee);
            }
        }
    }
    seen
}

/// Where users enter: nobody calls it and it reaches most.
fn entry(map: &Topology, calls: &BTreeMap<EntityId, Vec<EntityId>>) -> Option<EntityId> {
    let called: BTreeSet<EntityId> = calls.values().flatten().copied().collect();
    let root = |id: &&EntityId| !called.contains(*id);
    let reach = |id: &&EntityId| (reaches(calls, **id).len(), std::cmp::Reverse(map.name(**id)));
    calls.keys().filter(root).max_by_key(reach).or(calls.keys().next()).copied()
}

/// The fleet, and the rate at its entry.
fn fleet(
    map: &Topology,
    calls: &BTreeMap<EntityId, Vec<EntityId>>,
    levels: &BTreeMap<EntityId, Level>,
    entry: EntityId,
) -> (FleetSpec, f64) {
    let rate = |id: EntityId| levels.get(&id).and_then(|m| m.rate).filter(|rate| *rate > 0.0);
    let seconds = |id: EntityId| levels.get(&id).and_then(|m| m.seconds);
    let top = rate(entry).unwrap_or(LEAST_RATE);
    let lift = (LEAST_RATE / top).max(1.0);
    let share = |caller: EntityId, callee: EntityId| {
        let callers: f64 = calls
            .iter()
            .filter(|(_, callees)| callees.contains(&callee))
            .filter_map(|(id, _)| rate(*id))
            .sum();
        let known = rate(callee).zip(rate(caller)).filter(|_| callers > 0.0);
        known.map_or(1.0, |(callee, _)| (callee / callers).clamp(0.01, 10.0))
    };
    let mut services = BTreeMap::new();
    let mut latency_p99 = SimDuration::from_millis(300);
    for (id, callees) in calls {
        let below: f64 =
            callees.iter().map(|c| share(*id, *c) * seconds(*c).unwrap_or(USUAL_WORK)).sum();
        let total = seconds(*id).unwrap_or(USUAL_WORK + below).max(1e-4);
        let own = (total - below).max(total * 0.1).max(1e-4);
        let arrive = rate(*id).unwrap_or(top) * lift;
        let busy = arrive * (own + below);
        let concurrency = (busy / (3.0 * BUSY)).ceil().max(4.0) as u32;
        let call = |callee: &EntityId| CallSpec {
            to: map.name(*callee).to_string(),
            per_request: share(*id, *callee),
            timeout: SimDuration::from_secs_f64(
                (20.0 * seconds(*callee).unwrap_or(0.1)).clamp(1.0, 60.0),
            ),
            optional: false,
            ..serde_json::from_value(serde_json::json!({ "to": "" })).expect("a call needs a name")
        };
        let external = map.get(*id).kind == EntityKind::External;
        let spec = ServiceSpec {
            replicas: 3,
            concurrency,
            service_time: SimDuration::from_secs_f64(own),
            cpu_share: Ratio::clamped((BUSY / (arrive / 3.0 * own).max(1e-9)).min(0.3)),
            calls: callees.iter().map(call).collect(),
            version: "current".to_owned(),
            previous_version: Some("previous".to_owned()),
            certificate_expires_in: (!external).then(|| SimDuration::from_secs(30 * 86_400)),
            external,
            ..ServiceSpec::default()
        };
        services.insert(map.name(*id).to_string(), spec);
        if *id == entry {
            latency_p99 = latency_p99.max(SimDuration::from_secs_f64(12.0 * total));
        }
    }
    let objective = Objective {
        service: Name::clone(map.name(entry)),
        availability: 0.99,
        latency_p99,
        sustained: SimDuration::from_secs(120),
    };
    let fleet = serde_json::json!({ "objective": objective, "services": {} });
    let fleet: FleetSpec = serde_json::from_value(fleet).expect("a fleet needs these only");
    (FleetSpec { services, ..fleet }, top * lift)
}
