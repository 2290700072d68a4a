//! Who owns the excess: seconds waited and requests failed beyond the usual, less the callees'.
//!
//! In: request rate with latency, availability or error share of each entity, and the call graph.
//! Out: per entity and measure the excess per second since the onset that no callee has, its share
//! of all that is owned by anybody, and its z against the same quantity before. Rate times latency
//! makes entities comparable: a callee that is asked often and gets slower explains its caller's
//! time second by second. A callee that nobody ever called before the onset is its caller's doing,
//! and its excess stays with the caller. An external callee that is not measured itself is measured
//! by what its only caller sees of the calls. Source: own, after Little's law (rate x time =
//! requests in flight) and excess shares as in Bhagwan et al., "Adtributor" (NSDI 2014). Callees
//! that are not measured excuse nobody, and so nobody can be sure to own what they may have caused.
//! Limit: a callee of several callers is taken off each in full; parallel calls count twice.

use std::collections::BTreeMap;

use super::Surroundings;
use super::crowd::{Crowd, frame_seconds};
use crate::engine::history::Column;
use crate::engine::rates::own_rates;
use crate::model::{EntityKind, EventKind, Role, SeriesMeta};
use crate::stats::robust::{median, quantile};
use crate::unit::{EntityId, SeriesId, SimTime};

/// Frames of baseline at most: two days of five minutes, so that a day is seen twice.
const BASELINE_FRAMES: usize = 576;
/// Frames of baseline from which it is one.
const LEAST_FRAMES: usize = 3;
/// Frames just before the onset whose lowest latency is usual too, whatever the far past says.
const JUST_BEFORE: usize = 3;
/// Frames of history from which an entity without past counts as new.
const KNOWN_HISTORY: usize = 12;
/// Outer deciles of a normal distribution are so many deviations apart.
const DECILES: f64 = 2.563;
/// Jitter of latency that is always reckoned with, as a share of it.
const JITTER: f64 = 0.05;
/// Failed requests a frame that are always reckoned with: a half is what rounding leaves.
const FAILURE: f64 = 0.5;
/// Weight of a series that tells of the slowest requests only: few decide it.
const TAIL: f64 = 0.5;
/// Weight of the measure that the alert does not speak of.
const OTHER_MEASURE: f64 = 0.4;
/// Weight of what the alert's entity does not reach by calls.
const OUT_OF_REACH: f64 = 0.2;

/// What is in excess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Seconds waited per second.
    Time,
    /// Requests failed per second.
    Failures,
}

/// One entity's excess in one measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Excess {
    /// The entity.
    pub entity: EntityId,
    /// The measure.
    pub measure: Measure,
    /// All its excess, per second.
    pub total: f64,
    /// What no callee has, per second.
    pub owned: f64,
    /// Its share of all that is owned, 0..=1.
    pub share: f64,
    /// Distance of the owned excess from the usual.
    pub z: f64,
    /// Weight, 0..=1: what the alert says, how many callees are measured, how much a series tells.
    pub weight: f64,
    /// Usual and present latency in seconds, or failed share.
    pub level: [f64; 2],
}

impl Excess {
    /// How much it tells, 0..=1: its share, how sure, and its weight.
    #[must_use]
    pub fn strength(&self) -> f64 {
        self.share * self.weight * super::strength(self.z)
    }
}

/// What is known of one entity in one measure.
struct Flow {
    /// Excess in each frame since the onset.
    since: Vec<f64>,
    /// Usual deviation of one frame.
    sigma: f64,
    level: [f64; 2],
    /// Nobody asked it anything before the onset.
    new: bool,
    /// How much its series tells.
    weight: f64,
}

/// All excesses that somebody owns, by entity and measure.
pub(super) fn read(around: &Surroundings<'_>, onset: SimTime, crowd: &Crowd) -> Vec<Excess> {
    let alert = around.events.iter().rev().find(|event| event.kind == EventKind::Alert);
    let topology = around.topology;
    let asked = alert.and_then(|event| event.attributes.get("metric"));
    let spoken = asked.and_then(|metric| match Role::infer(metric, "") {
        Role::Latency => Some(Measure::Time),
        Role::Errors | Role::Availability => Some(Measure::Failures),
        _ => None,
    });
    let front = alert.and_then(|event| topology.find(event.entity.as_ref()?).ok());
    let reached = front.map(|front| topology.reach(front));
    let mut all = Vec::new();
    let rates =
        own_rates(around.series, around.history.width(), |e| topology.service_of(e), |_| true);
    for measure in [Measure::Time, Measure::Failures] {
        let flows = flows(around, onset, measure, (crowd, &rates));
        let mut owned: Vec<Excess> =
            flows.keys().filter_map(|entity| own(around, &flows, *entity, measure)).collect();
        let weight =
            if spoken.is_none_or(|spoken| spoken == measure) { 1.0 } else { OTHER_MEASURE };
        for excess in &mut owned {
            let near = reached.as_ref().is_none_or(|reached| reached.contains(&excess.entity));
            excess.weight *= weight * if near { 1.0 } else { OUT_OF_REACH };
        }
        let sum: f64 = owned.iter().map(|e| e.owned * e.weight).sum();
        owned.iter_mut().for_each(|e| e.share = e.owned * e.weight / sum.max(1e-12));
        all.extend(owned);
    }
    all.sort_by_key(|excess| (excess.entity, excess.measure));
    all
}

fn own(
    around: &Surroundings<'_>,
    flows: &BTreeMap<EntityId, Flow>,
    entity: EntityId,
    measure: Measure,
) -> Option<Excess> {
    let flow = &flows[&entity];
    if flow.new || flow.since.is_empty() {
        return None;
    }
    let callees = around.topology.callees(entity).filter(|callee| *callee != entity);
    let callees: Vec<EntityId> = callees.collect();
    let known: Vec<&Flow> = callees.iter().filter_map(|c| flows.get(c)).collect();
    let coverage = (1 + known.len()) as f64 / (1 + callees.len()) as f64;
    let below: Vec<&Flow> = known.into_iter().filter(|f| !f.new).collect();
    let variance = flow.sigma.powi(2) + below.iter().map(|f| f.sigma.powi(2)).sum::<f64>();
    let (mut total, mut owned, mut z) = (0.0, 0.0, 0.0f64);
    for (at, excess) in flow.since.iter().enumerate() {
        let theirs: f64 = below.iter().map(|f| f.since[at].max(0.0)).sum();
        total += excess;
        owned += excess - theirs;
        z = z.max((excess - theirs) / variance.sqrt().max(1e-12));
    }
    let frames = flow.since.len() as f64;
    (owned > 0.0 && z > 0.0).then_some(Excess {
        entity,
        measure,
        total: total / frames,
        owned: owned / frames,
        share: 0.0,
        z,
        weight: flow.weight * coverage,
        level: flow.level,
    })
}

fn flows(
    around: &Surroundings<'_>,
    onset: SimTime,
    measure: Measure,
    (crowd, rates): (&Crowd, &BTreeMap<EntityId, Vec<SeriesId>>),
) -> BTreeMap<EntityId, Flow> {
    let series = around.series.iter().take(around.history.width());
    let mut levels: BTreeMap<EntityId, (bool, u32, SeriesId)> = BTreeMap::new();
    for (id, meta) in series.filter(|(_, meta)| !meta.is_view()) {
        if let Some(rank) = rank(meta, measure) {
            // One operation speaks for its entity only where nothing tells of all.
            let found = (meta.route().is_some(), rank, id);
            let best = levels.entry(around.topology.service_of(meta.entity)).or_insert(found);
            *best = (*best).min(found);
        }
    }
    let mut flows = BTreeMap::new();
    for (entity, (_, rank, level)) in levels {
        let Some(rates) = rates.get(&entity) else { continue };
        let tail = if measure == Measure::Time && rank >= TAILS { TAIL } else { 1.0 };
        let weight = tail * crowd.weight(entity, around.series.get(level));
        let flow = flow(around, onset, measure, rates, level);
        flows.insert(entity, Flow { weight, ..flow });
    }
    for (entity, (caller, level)) in views(around, measure) {
        if let (false, Some(rates)) = (flows.contains_key(&entity), rates.get(&caller)) {
            flows.insert(entity, flow(around, onset, measure, rates, level));
        }
    }
    flows
}

/// For each external entity the best series of its only caller about their calls.
fn views(around: &Surroundings<'_>, measure: Measure) -> BTreeMap<EntityId, (EntityId, SeriesId)> {
    let topology = around.topology;
    let mut best: BTreeMap<EntityId, (u32, EntityId, SeriesId)> = BTreeMap::new();
    for (id, meta) in around.series.iter().take(around.history.width()) {
        let Some(callee) = meta.labels.get("callee").and_then(|name| topology.lookup(name)) else {
            continue;
        };
        let caller = topology.service_of(meta.entity);
        let only = topology.callers(callee).all(|c| c == caller);
        if topology.get(callee).kind != EntityKind::External || !only {
            continue;
        }
        if let Some(rank) = rank(meta, measure) {
            let place = best.entry(callee).or_insert((rank, caller, id));
            *place = (*place).min((rank, caller, id));
        }
    }
    best.into_iter().map(|(callee, (_, caller, id))| (callee, (caller, id))).collect()
}

fn flow(
    around: &Surroundings<'_>,
    onset: SimTime,
    measure: Measure,
    rates: &[SeriesId],
    level: SeriesId,
) -> Flow {
    let (history, meta) = (around.history, around.series.get(level));
    let cut = history.position(onset).min(history.len().saturating_sub(1));
    let first = cut.saturating_sub(BASELINE_FRAMES);
    let column = history.column(level);
    let rate = |at: usize| -> f64 {
        let known = rates.iter().map(|id| history.column(*id).at(at)).filter(|v| v.is_finite());
        known.fold(0.0, |sum, v| sum + v)
    };
    let value =
        |at: usize| -> Option<f64> { Some(bad(column, at, meta)?).filter(|_| rate(at) > 0.0) };
    let past: Vec<(f64, f64)> =
        (first..cut).filter_map(|at| value(at).map(|v| (rate(at), v))).collect();
    let new = past.len() < LEAST_FRAMES && cut - first >= KNOWN_HISTORY;
    let mut usual = match measure {
        Measure::Time => median(&mut past.iter().map(|(_, v)| *v).collect::<Vec<_>>()),
        Measure::Failures => {
            let asked: f64 = past.iter().map(|(rate, _)| rate).sum();
            (asked > 0.0).then(|| past.iter().map(|(rate, v)| rate * v).sum::<f64>() / asked)
        }
    }
    .unwrap_or(0.0);
    let mut excess: Vec<f64> = past.iter().map(|(rate, v)| rate * (v - usual)).collect();
    let spread = match (quantile(&mut excess, 0.9), quantile(&mut excess, 0.1)) {
        (Some(high), Some(low)) => (high - low) / DECILES,
        _ => 0.0,
    };
    let asked = median(&mut past.iter().map(|(rate, _)| *rate).collect::<Vec<_>>()).unwrap_or(0.0);
    let sigma = spread.max(match measure {
        Measure::Time => JITTER * usual * asked,
        Measure::Failures => FAILURE / frame_seconds(around),
    });
    if measure == Measure::Time {
        let before = (cut.saturating_sub(JUST_BEFORE)..cut).filter_map(value);
        usual = usual.max(before.reduce(f64::min).unwrap_or(0.0));
    }
    let since = (cut..history.len()).map(|at| value(at).map_or(0.0, |v| rate(at) * (v - usual)));
    let worst = (cut..history.len()).filter_map(value).reduce(f64::max).unwrap_or(usual);
    Flow { since: since.collect(), sigma, level: [usual, worst], new, weight: 1.0 }
}

/// Rank of a series from which it tells of tails only.
const TAILS: u32 = 3;

/// How well a series tells the measure: 0 is best; `None` if it does not.
fn rank(meta: &SeriesMeta, measure: Measure) -> Option<u32> {
    match (measure, meta.role) {
        (Measure::Time, Role::Latency) => Some(match meta.stat() {
            None | Some("mean" | "avg" | "Average") => 0,
            Some("p50" | "median") => 1,
            Some("p75") => 2,
            Some("p90") => 3,
            Some("p95") => 4,
            _ => 5,
        }),
        (Measure::Failures, Role::Errors | Role::Availability) => {
            matches!(meta.unit.as_str(), "1" | "%").then_some(u32::from(meta.role != Role::Errors))
        }
        _ => None,
    }
}

/// Seconds of latency, or the failed share.
fn bad(column: Column<'_>, at: usize, meta: &SeriesMeta) -> Option<f64> {
    let value = column.at(at);
    let one = if meta.unit == "%" { 100.0 } else { 1.0 };
    let value = match meta.role {
        Role::Availability => 1.0 - value / one,
        Role::Errors => value / one,
        _ => {
            value
                * match meta.unit.as_str() {
                    "ms" => 1e-3,
                    "us" => 1e-6,
                    "ns" => 1e-9,
                    _ => 1.0,
                }
        }
    };
    value.is_finite().then_some(value)
}
