//! What a recording says of each service: series by aspect, what is normal, what deviated.
//!
//! In: samples, and spans where metrics are silent. Out: tracks in one unit an aspect (requests/s,
//! shares, seconds), and for each service and aspect the level before and during the incident.
//! A point deviates if it lies `SCORE` robust deviations from the median of the normal stretch
//! (Leys et al., "Detecting outliers: use absolute deviation around the median", 2013), with a
//! floor on the spread so that a constant series is not hair-triggered; two in a row count.

use std::collections::BTreeMap;

use super::serving;
use crate::model::{Instrument, Role, SeriesMeta, SpanKind, SpanStatus};
use crate::stats::robust::{MAD_TO_SIGMA, mad, median};
use crate::timeline::{CaseReader, TimelineError};
use crate::unit::{EntityId, SimTime, Window};

/// Robust deviations from which a point is far out.
const SCORE: f64 = 6.0;
/// Points that are needed to say what is normal.
const LEAST: usize = 4;

/// What a series tells of its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aspect {
    /// Requests per second.
    Traffic,
    /// Share of requests that fail.
    Errors,
    /// Seconds per request.
    Latency,
    /// CPU in use, in the recording's unit.
    Cpu,
    /// Memory in use, in the recording's unit.
    Memory,
    /// Disk, in the recording's unit.
    Disk,
    /// Queues, connections, threads, in the recording's unit.
    Saturation,
    /// Restarts so far.
    Restarts,
    /// Replicas that are ready.
    Replicas,
}

/// One series of a service.
#[derive(Debug, Clone)]
pub(super) struct Track {
    /// Its service.
    pub(super) service: EntityId,
    /// What it tells.
    pub(super) aspect: Aspect,
    /// Whether it is the mean that a fleet is made of, and not a tail or one replica's.
    pub(super) plain: bool,
    /// Its points in time order.
    pub(super) points: Vec<(SimTime, f64)>,
}

/// The level of one aspect of one service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Level {
    /// Median of the normal stretch.
    pub(super) normal: f64,
    /// Median of the points of the incident; absent if there are none.
    pub(super) during: Option<f64>,
    /// When it first deviated, if it did.
    pub(super) since: Option<SimTime>,
    /// Robust deviations at its farthest.
    pub(super) score: f64,
}

impl Level {
    /// During / normal, if both are there and the first is above 0.
    pub(super) fn ratio(&self) -> Option<f64> {
        self.during.filter(|_| self.normal > 0.0).map(|during| during / self.normal)
    }
}

/// Levels by service and aspect; the plainest series of an aspect speaks for it.
pub(super) type Levels = BTreeMap<(EntityId, Aspect), Level>;

/// All tracks of a case.
pub(super) fn read(case: &CaseReader) -> Result<Vec<Track>, TimelineError> {
    let mut tracks: Vec<Option<Track>> = Vec::new();
    let mut scales: Vec<f64> = Vec::new();
    for (_, meta) in case.series().iter() {
        let service = serving(case, meta.entity);
        let known = service.and_then(|service| Some((service, aspect(meta)?)));
        let own = known.is_some_and(|(service, _)| service == meta.entity);
        let tail = meta.stat().is_some_and(|stat| !matches!(stat, "mean" | "avg" | "p50"));
        scales.push(scale(meta, case.interval().secs_f64()));
        tracks.push(known.map(|(service, aspect)| Track {
            service,
            aspect,
            plain: own && !tail,
            points: Vec::new(),
        }));
    }
    let mut last: BTreeMap<usize, (SimTime, f64)> = BTreeMap::new();
    for sample in case.samples()? {
        let sample = sample?;
        let index = sample.series.index();
        let Some(track) = &mut tracks[index] else { continue };
        let meta = case.series().get(sample.series);
        let mut value = sample.value;
        if meta.instrument == Instrument::Counter && track.aspect != Aspect::Restarts {
            // A running total tells by its steps; after a reset there is none.
            let before = last.insert(index, (sample.time, value));
            let Some((time, old)) = before.filter(|(_, old)| *old <= value) else { continue };
            value = (value - old) / sample.time.since(time).secs_f64().max(1e-9);
        }
        if meta.role == Role::Availability {
            value = 1.0 - value * scales[index];
        } else {
            value *= scales[index];
        }
        track.points.push((sample.time, value));
    }
    let mut tracks: Vec<Track> =
        tracks.into_iter().flatten().filter(|track| !track.points.is_empty()).collect();
    shares(&mut tracks, case);
    tracks.extend(from_spans(case, &tracks)?);
    Ok(tracks)
}

fn aspect(meta: &SeriesMeta) -> Option<Aspect> {
    // What a caller sees of a callee is neither's own level.
    if meta.labels.contains_key("callee") {
        return None;
    }
    Some(match meta.role {
        Role::Traffic => Aspect::Traffic,
        Role::Errors | Role::Availability => Aspect::Errors,
        Role::Latency => Aspect::Latency,
        Role::Cpu => Aspect::Cpu,
        Role::Memory => Aspect::Memory,
        Role::Disk => Aspect::Disk,
        Role::Saturation => Aspect::Saturation,
        Role::Restarts => Aspect::Restarts,
        Role::Replicas if !meta.metric.contains("desired") => Aspect::Replicas,
        _ => return None,
    })
}

/// Brings a value to its aspect's unit.
fn scale(meta: &SeriesMeta, interval: f64) -> f64 {
    match (meta.role, meta.unit.as_str()) {
        (Role::Latency, "ms") => 1e-3,
        (Role::Latency, "us") => 1e-6,
        (Role::Latency, "ns") => 1e-9,
        (Role::Errors | Role::Availability, "%") => 0.01,
        (Role::Traffic, unit) if !unit.ends_with("/s") && meta.instrument == Instrument::Gauge => {
            1.0 / interval
        }
        _ => 1.0,
    }
}

/// Failed requests that are counted and not a share become a share of the requests.
fn shares(tracks: &mut [Track], case: &CaseReader) {
    let counted = |track: &Track| {
        track.aspect == Aspect::Errors && track.points.iter().any(|(_, value)| *value > 1.0)
    };
    let rates: BTreeMap<EntityId, f64> = tracks
        .iter()
        .filter(|track| track.aspect == Aspect::Traffic && track.plain)
        .filter_map(|track| {
            let mut values: Vec<f64> = track.points.iter().map(|(_, value)| *value).collect();
            Some((track.service, median(&mut values)?))
        })
        .collect();
    let interval = case.interval().secs_f64();
    for track in tracks.iter_mut().filter(|track| counted(track)) {
        let all = rates.get(&track.service).map_or(f64::NAN, |rate| rate * interval);
        track.points.iter_mut().for_each(|(_, value)| *value = (*value / all).min(1.0));
        track.points.retain(|(_, value)| value.is_finite());
    }
}

/// Requests, failures and times of services whose metrics say nothing of them, a point a scrape.
fn from_spans(case: &CaseReader, known: &[Track]) -> Result<Vec<Track>, TimelineError> {
    #[derive(Default)]
    struct Bin {
        count: f64,
        failed: f64,
        seconds: f64,
    }
    let step = case.interval().nanos().max(1);
    let mut bins: BTreeMap<EntityId, BTreeMap<i64, Bin>> = BTreeMap::new();
    for span in case.spans()? {
        let span = span?;
        let takes =
            matches!(span.kind, SpanKind::Server | SpanKind::Consumer) || span.parent_span_id == 0;
        let Some(service) = serving(case, span.entity).filter(|_| takes) else { continue };
        let at = span.end().nanos().div_euclid(step);
        let bin = bins.entry(service).or_default().entry(at).or_default();
        bin.count += 1.0;
        bin.failed += f64::from(u8::from(span.status == SpanStatus::Error));
        bin.seconds += span.duration.secs_f64();
    }
    let mut tracks = Vec::new();
    let interval = case.interval().secs_f64();
    type Show = fn(&Bin, f64) -> f64;
    let shown: [(Aspect, Show); 3] = [
        (Aspect::Traffic, |bin, interval| bin.count / interval),
        (Aspect::Errors, |bin, _| bin.failed / bin.count),
        (Aspect::Latency, |bin, _| bin.seconds / bin.count),
    ];
    for (service, bins) in bins {
        for (aspect, value) in shown {
            if known.iter().any(|t| t.service == service && t.aspect == aspect) {
                continue;
            }
            let point = |(at, bin): (&i64, &Bin)| {
                (SimTime::from_nanos(at.saturating_mul(step)), value(bin, interval))
            };
            let points = bins.iter().map(point).collect();
            tracks.push(Track { service, aspect, plain: true, points });
        }
    }
    Ok(tracks)
}

/// The level of each aspect of each service before and during a stretch.
pub(super) fn compare(tracks: &[Track], normal: &Window, during: &Window) -> Levels {
    let mut levels = Levels::new();
    let mut order: Vec<&Track> = tracks.iter().collect();
    order.sort_by_key(|track| !track.plain);
    for track in order {
        let Some(level) = level(track, normal, during) else { continue };
        let key = (track.service, track.aspect);
        match levels.get_mut(&key) {
            None => {
                levels.insert(key, level);
            }
            // One replica or the tail may show first what the mean shows later or not at all.
            Some(known) => {
                known.since = known.since.into_iter().chain(level.since).min();
                known.score = known.score.max(level.score);
            }
        }
    }
    levels
}

fn level(track: &Track, normal: &Window, during: &Window) -> Option<Level> {
    let within = |window: &Window| -> Vec<f64> {
        let inside = track.points.iter().filter(|(time, _)| window.contains(*time));
        inside.map(|(_, value)| *value).collect()
    };
    let mut before = within(normal);
    if before.len() < LEAST {
        return None;
    }
    let centre = median(&mut before)?;
    let spread = (mad(&mut before, centre)? * MAD_TO_SIGMA).max(floor(track.aspect, centre));
    let score = |value: f64| (value - centre).abs() / spread;
    let points: Vec<(SimTime, f64)> =
        track.points.iter().filter(|(time, _)| during.contains(*time)).copied().collect();
    let far = |(_, value): &(SimTime, f64)| score(*value) >= SCORE;
    let twice = points.windows(2).find(|pair| pair.iter().all(far)).map(|pair| pair[0].0);
    let farthest = points.iter().map(|(_, value)| score(*value)).fold(0.0, f64::max);
    // The level while it deviated; a short dip in a long stretch is not averaged away.
    let mut bad: Vec<f64> =
        points.iter().filter(|p| twice.is_none() || far(p)).map(|(_, value)| *value).collect();
    Some(Level { normal: centre, during: median(&mut bad), since: twice, score: farthest })
}

/// Least spread that is believed.
fn floor(aspect: Aspect, centre: f64) -> f64 {
    let size = centre.abs();
    match aspect {
        Aspect::Errors => 0.003,
        Aspect::Latency => (0.08 * size).max(1e-4),
        Aspect::Traffic => 0.08 * size + 0.05,
        Aspect::Cpu | Aspect::Memory | Aspect::Disk => 0.04 * size + 1e-6,
        Aspect::Saturation => 0.1 * size + 0.2,
        Aspect::Restarts | Aspect::Replicas => 0.1,
    }
}
