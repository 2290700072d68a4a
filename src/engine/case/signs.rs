//! Signs of sickness: how far each series left its own baseline, and the anomalies raised.
//!
//! In: history and one incident. Out: one `Sign` per series that moved and per anomaly, with a
//! robust z-score: (value - median) / (IQR / 1.349, or deciles if wider) over the frames before
//! the incident, after Pham et al., "BARO" (FSE 2024), with a floor under the scale so that a flat
//! baseline does not make every flicker infinite, and wider for a short baseline. Units are the
//! series' own. Limit: a baseline of fewer than two values gives no sign from metrics.

use super::crowd::Crowd;
use super::{Surroundings, percent};
use crate::engine::history::{Column, Spread};
use crate::model::{Direction, Incident, Role, SeriesMeta, SignalClass};
use crate::unit::{EntityId, SeriesId, SimTime};

/// Frames of baseline at most: what came long ago says little of now.
const BASELINE_FRAMES: usize = 240;
/// Frames before the first symptom that are in neither side: trouble may brew unseen.
const BREWING_FRAMES: usize = 2;
/// A change below this share of the baseline is not strange, however flat the baseline.
const FLAT_SHARE: f64 = 0.05;
/// z from which a sign is as strong as can be.
const FULL_Z: f64 = 60.0;
/// Distance of the outer deciles of a normal distribution, in sigma: a series that jumps in one
/// frame of ten is not strange when it jumps again, however narrow its middle half.
const NORMAL_DECILE: f64 = 1.2816;
/// Samples of baseline from which it is trusted fully.
const FEW_SAMPLES: f64 = 8.0;
/// Larger distances say no more: beyond this the divisor, not the trouble, decides.
const HIGHEST_Z: f64 = 1000.0;
/// Frames from the onset on from which a single frame is not believed.
const LASTING_FRAMES: usize = 3;
/// Growth over its baseline from which memory climbs rather than fills.
const CLIMB: f64 = 1.2;
/// A detector's nominal threshold (score 1) in units of z.
const Z_PER_SCORE: f64 = 3.0;

/// One signal of one entity that moved away from its baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Sign {
    /// The service, node ... (for a replica: its service).
    pub entity: EntityId,
    /// For a caller's view of a call: whom it called.
    pub callee: Option<EntityId>,
    /// Which sort of telemetry.
    pub class: SignalClass,
    /// The column, if it is a metric's.
    pub series: Option<SeriesId>,
    /// What it tells.
    pub role: Role,
    /// What exactly was seen.
    pub signal: String,
    /// The same in a person's words.
    pub words: String,
    /// Largest robust z-score towards the bad side, never NaN, at least 0.
    pub z: f64,
    /// Baseline, in `unit`.
    pub before: Option<f64>,
    /// Value where z is largest, in `unit`.
    pub after: Option<f64>,
    /// The unit.
    pub unit: String,
    /// When it began.
    pub since: SimTime,
}

impl Sign {
    /// Strength in 0..=1, logarithmic in z: 1 from z = 60 on.
    #[must_use]
    pub fn strength(&self) -> f64 {
        strength(self.z)
    }

    /// What it says, in few words: "memory +340 %".
    #[must_use]
    pub fn brief(&self) -> String {
        match (self.before, self.after) {
            (Some(before), Some(after)) => format!("{} {}", self.words, percent(before, after)),
            _ => self.words.clone(),
        }
    }

    /// Whether it is memory that climbs rather than fills.
    #[must_use]
    pub fn climbs(&self) -> bool {
        let grown = self.after.zip(self.before).is_some_and(|(a, b)| a > b * CLIMB);
        self.role == Role::Memory && self.series.is_some() && grown
    }

    /// By how much it moved, in its unit.
    #[must_use]
    pub fn excess(&self) -> Option<f64> {
        Some((self.after? - self.before?).abs())
    }
}

/// A distance in deviations as strength, 0..=1.
#[must_use]
pub(crate) fn strength(z: f64) -> f64 {
    (z.max(0.0).ln_1p() / FULL_Z.ln_1p()).clamp(0.0, 1.0)
}

/// All signs since `onset`, sorted by entity, then strongest first.
pub(super) fn read(
    around: &Surroundings<'_>,
    incident: &Incident,
    onset: SimTime,
    crowd: &Crowd,
) -> Vec<Sign> {
    let mut signs = metric_signs(around, onset, crowd);
    signs.extend(anomaly_signs(around, incident, onset));
    signs.sort_by(|a, b| {
        a.entity.cmp(&b.entity).then(b.z.total_cmp(&a.z)).then_with(|| a.signal.cmp(&b.signal))
    });
    signs
}

fn metric_signs(around: &Surroundings<'_>, since: SimTime, crowd: &Crowd) -> Vec<Sign> {
    let cut = around.history.position(since);
    let edge = if cut > BREWING_FRAMES + 3 { cut - BREWING_FRAMES } else { cut };
    let first = edge.saturating_sub(BASELINE_FRAMES);
    let known = around.series.iter().take(around.history.width());
    known
        .filter_map(|(id, meta)| {
            let column = around.history.column(id);
            let baseline = Baseline::of(around.history.spread(id, first..edge)?, meta);
            let (z, at, onset) = baseline.largest(column, edge, meta.direction())?;
            let topology = around.topology;
            let believed = crowd.weight(topology.service_of(meta.entity), meta);
            let z = z.min(HIGHEST_Z) * weight(meta) * believed;
            Some(Sign {
                entity: topology.service_of(meta.entity),
                callee: meta.labels.get("callee").and_then(|name| topology.lookup(name)),
                class: SignalClass::Metric,
                series: Some(id),
                role: meta.role,
                signal: signal_text(meta),
                words: plain_words(meta),
                z,
                before: Some(baseline.median),
                after: Some(column.at(at)),
                unit: meta.unit.clone(),
                since: around.history.times()[onset],
            })
        })
        .collect()
}

fn anomaly_signs(around: &Surroundings<'_>, incident: &Incident, onset: SimTime) -> Vec<Sign> {
    let known = incident.anomalies.iter().filter(|anomaly| anomaly.since >= onset);
    known
        .filter_map(|anomaly| {
            let id = around.topology.lookup(&anomaly.entity)?;
            Some(Sign {
                entity: around.topology.service_of(id),
                callee: None,
                class: anomaly.class,
                series: None,
                role: anomaly.role,
                signal: anomaly.signal.clone(),
                words: anomaly.signal.clone(),
                z: (anomaly.score * Z_PER_SCORE).clamp(0.0, FULL_Z),
                before: anomaly.expected,
                after: anomaly.observed,
                unit: anomaly.unit.clone(),
                since: anomaly.since,
            })
        })
        .filter(|sign| !(sign.class == SignalClass::Metric && sign.signal.contains("callee=")))
        .collect()
}

fn signal_text(meta: &SeriesMeta) -> String {
    let labels: Vec<String> = meta.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    if labels.is_empty() {
        meta.metric.clone()
    } else {
        format!("{} {}", meta.metric, labels.join(" "))
    }
}

/// "memory", "p99 latency", "latency to cart", "error rate on /pay"; the metric's own name where
/// its role says nothing.
fn plain_words(meta: &SeriesMeta) -> String {
    let noun = match meta.role {
        Role::Traffic => "request rate",
        Role::Errors => "error rate",
        Role::Availability => "availability",
        Role::Latency => "latency",
        Role::Cpu => "CPU",
        Role::Memory => "memory",
        Role::Disk => "disk",
        Role::Network => "network",
        Role::Restarts => "restarts",
        _ => return signal_text(meta),
    };
    let stat = meta.stat().map(|stat| format!("{stat} ")).unwrap_or_default();
    let callee = meta.labels.get("callee").map(|c| format!(" to {c}")).unwrap_or_default();
    let route = meta.route().map(|route| format!(" on {route}")).unwrap_or_default();
    format!("{stat}{noun}{callee}{route}")
}

struct Baseline {
    median: f64,
    scale: f64,
}

impl Baseline {
    fn of(past: Spread, meta: &SeriesMeta) -> Self {
        let (n, middle) = (past.n as f64, past.median);
        let iqr = past.quartiles.1 - past.quartiles.0;
        let reach = |edge: f64| (edge - middle).abs() / NORMAL_DECILE;
        let tails = reach(past.deciles.1).max(reach(past.deciles.0));
        let floor = (FLAT_SHARE * middle.abs()).max(least_change(meta)) / Z_PER_SCORE;
        // A series that was hardly there before is badly known, whatever it did then.
        let scale =
            (iqr / 1.349).max(tails).max(floor) * (1.0 + 2.0 / n) * (FEW_SAMPLES / n).max(1.0);
        Self { median: middle, scale }
    }

    /// Largest z from `edge` on, its index, and the index where z first got sick on the way there.
    /// Of a series that has been sick for `LASTING_FRAMES` or more the second largest counts: one
    /// frame that stands alone is an outlier, not a state.
    fn largest(
        &self,
        column: Column<'_>,
        edge: usize,
        bad: Direction,
    ) -> Option<(f64, usize, usize)> {
        let mut top = [None::<(f64, usize)>; 2];
        let (mut onset, mut lasted) = (None, 0);
        for (index, value) in (edge..).zip(column.range(edge..)).filter(|(_, v)| v.is_finite()) {
            let z = self.z(value, bad);
            if z >= super::SICK_Z && onset.is_none() {
                onset = Some(index);
            }
            lasted += usize::from(onset.is_some());
            if top[0].is_none_or(|(most, _)| z > most) {
                top = [Some((z, index)), top[0]];
            } else if top[1].is_none_or(|(second, _)| z > second) {
                top[1] = Some((z, index));
            }
        }
        let best = if lasted >= LASTING_FRAMES { top[1] } else { top[0] };
        best.filter(|(z, _)| *z > 0.0).map(|(z, index)| (z, index, onset.unwrap_or(index)))
    }

    fn z(&self, value: f64, bad: Direction) -> f64 {
        let z = if self.scale > 0.0 { (value - self.median) / self.scale } else { 0.0 };
        match bad {
            Direction::Up => z.max(0.0),
            Direction::Down => (-z).max(0.0),
            Direction::Both => z.abs(),
        }
    }
}

/// How much a distance tells. Few requests decide a tail, and how much is asked or sent follows
/// from what others do: both move far without anything being wrong there.
fn weight(meta: &SeriesMeta) -> f64 {
    match (meta.role, meta.stat()) {
        (Role::Latency, Some("p99" | "p999" | "max" | "Maximum")) => 0.4,
        (Role::Latency, Some("p95" | "p90")) => 0.7,
        (Role::Traffic | Role::Network | Role::Disk | Role::Other, _) => 0.3,
        _ => 1.0,
    }
}

/// The smallest change that anybody would care for, where the unit says so.
fn least_change(meta: &SeriesMeta) -> f64 {
    match (meta.role, meta.unit.as_str()) {
        (Role::Errors | Role::Availability, "1") => 0.01,
        (Role::Errors | Role::Availability, "%") => 1.0,
        (Role::Cpu | Role::Memory | Role::Disk | Role::Saturation, "1") => 0.05,
        (Role::Cpu | Role::Memory | Role::Disk, "%") => 5.0,
        (Role::Latency, "s") => 0.001,
        (Role::Latency, "ms") => 1.0,
        _ => 1e-9,
    }
}
