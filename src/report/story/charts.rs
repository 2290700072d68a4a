//! The few metrics worth a look: what users felt at the entry, and what the culprit suffered.
//!
//! In: recorded tracks and the record's SLIs. Out: up to nine charts, each at most `POINTS` points
//! (lowest and highest of each bucket are kept, so that no spike is lost). Units as recorded. Known
//! limit: one series per chart (of replicas, the highest at each time); of several with the same
//! role the highest quantile is taken.

use std::collections::BTreeMap;

use super::{Case, Fault, Told, culprit};
use crate::model::{EntityKind, Objective, Role};
use crate::unit::{Name, SimTime};

/// Most points of a chart.
const POINTS: usize = 480;

/// One recorded series.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackView {
    /// The service, node ... measured.
    pub entity: Name,
    /// Metric name.
    pub metric: String,
    /// Statistic label (`p99`), empty if none.
    pub stat: String,
    /// Unit, UCUM.
    pub unit: String,
    /// What it tells.
    pub role: Role,
    /// Values in time order.
    pub points: Vec<(SimTime, f64)>,
}

/// One chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows, e.g. "gateway latency p99".
    pub title: String,
    /// Unit, UCUM.
    pub unit: String,
    /// Values in time order.
    pub points: Vec<(SimTime, f64)>,
    /// The line that must not be crossed.
    pub objective: Option<f64>,
    /// Whether it is what users feel (else what the culprit suffers).
    pub of_users: bool,
    /// What it tells.
    pub role: Role,
}

/// The charts of a trial.
pub(super) fn charts(told: &Told<'_>, faults: &[Fault], cases: &[Case]) -> Vec<Chart> {
    let entry = told.record.objective.as_ref().map(|o| o.service.clone()).or_else(|| entry(told));
    let mut charts = sli(told);
    let have = |charts: &[Chart], role: Role| charts.iter().any(|c| c.role == role && c.of_users);
    if let Some(entry) = &entry {
        for role in [Role::Latency, Role::Errors, Role::Availability, Role::Traffic] {
            let covered = role == Role::Availability && have(&charts, Role::Errors);
            if !have(&charts, role) && !covered {
                charts.extend(pick(told, entry, role, true));
            }
        }
    }
    if let Some(culprit) = culprit(faults, cases) {
        let mut roles = vec![Role::Memory, Role::Cpu, Role::Restarts, Role::Replicas];
        if entry.as_ref() != Some(&culprit) {
            roles.extend([Role::Latency, Role::Errors]);
        }
        charts.extend(roles.into_iter().filter_map(|role| pick(told, &culprit, role, false)));
        if !charts.iter().any(|c| c.role == Role::Replicas) {
            charts.extend(replicas(told, &culprit));
        }
    }
    charts
}

/// The service that nobody calls and that calls most.
fn entry(told: &Told<'_>) -> Option<Name> {
    let map = told.topology;
    let services = map.iter().filter(|(_, e)| e.kind == EntityKind::Service);
    let roots = services.filter(|(id, _)| !map.has_callers(*id));
    let ranked = roots.map(|(id, _)| (map.callees(id).count(), std::cmp::Reverse(id)));
    ranked.max().map(|(_, id)| map.name(id.0).clone())
}

fn sli(told: &Told<'_>) -> Vec<Chart> {
    let samples = &told.record.sli;
    let objective = told.record.objective.as_ref();
    if samples.is_empty() {
        return Vec::new();
    }
    let name = objective.map_or("users", |o| o.service.as_str());
    let secs = told.record.interval.secs_f64();
    let latency = samples.iter().filter_map(|s| Some((s.time, s.latency_p99_s?)));
    let served = samples.iter().filter(|s| s.requests > 0.0);
    let errors = served.map(|s| (s.time, s.failed / s.requests));
    let mut charts = vec![
        user_chart(format!("{name} latency p99"), "s", Role::Latency, latency),
        user_chart(format!("{name} error ratio"), "1", Role::Errors, errors),
    ];
    charts[0].objective = objective.map(|o: &Objective| o.latency_p99.secs_f64());
    charts[1].objective = objective.map(|o| 1.0 - o.availability);
    if secs > 0.0 {
        let rate = samples.iter().map(|s| (s.time, s.requests / secs));
        charts.push(user_chart(format!("{name} traffic"), "{request}/s", Role::Traffic, rate));
    }
    charts
}

fn user_chart(
    title: String,
    unit: &str,
    role: Role,
    points: impl Iterator<Item = (SimTime, f64)> + Clone,
) -> Chart {
    let (points, unit) = (thin(points), unit.to_owned());
    Chart { title, unit, points, objective: None, of_users: true, role }
}

fn replicas(told: &Told<'_>, service: &Name) -> Option<Chart> {
    let mine = told.record.replicas.iter().filter(|r| r.service == *service);
    let mut points: Vec<(SimTime, f64)> = Vec::new();
    for count in mine {
        if let Some((_, before)) = points.last().copied() {
            points.push((count.time, before));
        }
        points.push((count.time, f64::from(count.ready)));
    }
    let last = points.last().map(|(_, ready)| (told.window.end, *ready))?;
    points.push(last);
    Some(Chart {
        title: format!("{service} ready replicas"),
        unit: "{pod}".to_owned(),
        points: thin(points.iter().copied()),
        objective: None,
        of_users: false,
        role: Role::Replicas,
    })
}

fn pick(told: &Told<'_>, entity: &Name, role: Role, of_users: bool) -> Option<Chart> {
    let best = |tracks: Vec<&TrackView>| -> Option<TrackView> {
        let filled = tracks.into_iter().filter(|t| t.role == role && t.points.len() > 1);
        filled.max_by_key(|t| (quality(t), std::cmp::Reverse(&t.metric))).cloned()
    };
    let own = told.tracks.iter().filter(|t| t.entity == *entity).collect();
    let (track, of) = match best(own) {
        Some(track) => (track, ""),
        None => {
            let replicas = replica_tracks(told, entity);
            let model = best(replicas.clone())?;
            (worst_of(&model, &replicas), ", worst replica")
        }
    };
    let stat = if track.stat.is_empty() { String::new() } else { format!(" {}", track.stat) };
    Some(Chart {
        title: format!("{entity} {}{stat}{of}", word(&track)),
        unit: track.unit.clone(),
        points: thin(track.points.iter().copied()),
        objective: None,
        of_users,
        role,
    })
}

/// Tracks of the replicas of a service.
fn replica_tracks<'t>(told: &'t Told<'_>, service: &Name) -> Vec<&'t TrackView> {
    let map = told.topology;
    let Ok(id) = map.find(service) else { return Vec::new() };
    let of_service =
        |t: &&TrackView| map.find(&t.entity).is_ok_and(|e| e != id && map.service_of(e) == id);
    told.tracks.iter().filter(of_service).collect()
}

/// The highest value at each time over all tracks that are like `model`.
fn worst_of(model: &TrackView, tracks: &[&TrackView]) -> TrackView {
    let like = |t: &&&TrackView| t.metric == model.metric && t.stat == model.stat;
    let mut worst: BTreeMap<SimTime, f64> = BTreeMap::new();
    for (time, value) in tracks.iter().filter(like).flat_map(|t| &t.points) {
        let highest = worst.entry(*time).or_insert(f64::NEG_INFINITY);
        *highest = highest.max(*value);
    }
    TrackView { points: worst.into_iter().collect(), ..model.clone() }
}

/// Of several series with one role: the tail, the share of a limit, no single callee.
fn quality(track: &TrackView) -> u8 {
    let tail = match track.stat.as_str() {
        "p99" => 4,
        "p95" => 3,
        "p90" => 2,
        _ => 0,
    };
    let share = u8::from(track.metric.contains("limit") || track.metric.contains("available"));
    tail + share + u8::from(!track.metric.contains("client"))
}

fn word(track: &TrackView) -> &str {
    match track.role {
        Role::Latency => "latency",
        Role::Errors => "errors",
        Role::Availability => "availability",
        Role::Traffic => "traffic",
        Role::Memory if track.unit == "1" => "memory / limit",
        Role::Memory => "memory",
        Role::Cpu if track.unit == "1" => "CPU / limit",
        Role::Cpu => "CPU",
        Role::Restarts => "restarts",
        Role::Replicas => "ready replicas",
        _ => &track.metric,
    }
}

fn thin(points: impl Iterator<Item = (SimTime, f64)> + Clone) -> Vec<(SimTime, f64)> {
    let points = points.filter(|point| point.1.is_finite());
    let count = points.clone().count();
    if count <= POINTS {
        return points.collect();
    }
    let (size, mut kept) = (count.div_ceil(POINTS / 2), Vec::with_capacity(POINTS));
    let (mut low, mut high) = (None, None);
    for (place, point) in points.enumerate() {
        low = low.filter(|l: &(SimTime, f64)| l.1 <= point.1).or(Some(point));
        high = high.filter(|h: &(SimTime, f64)| h.1 >= point.1).or(Some(point));
        if (place + 1) % size == 0 || place + 1 == count {
            let mut pair: Vec<(SimTime, f64)> = low.take().into_iter().chain(high.take()).collect();
            pair.sort_by_key(|p| p.0);
            pair.dedup();
            kept.extend(pair);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_a_single_spike() {
        let mut points: Vec<(SimTime, f64)> =
            (0..10_000).map(|i| (SimTime::from_secs(i), 1.0)).collect();
        points[6_543].1 = 99.0;
        let kept = thin(points.iter().copied());
        assert!(kept.len() <= POINTS, "{}", kept.len());
        assert!(kept.iter().any(|p| p.1 == 99.0));
        assert!(kept.is_sorted_by_key(|p| p.0));
    }
}
