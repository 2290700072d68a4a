//! Who owns the time: excess own time of visits, and gaps between both ends of calls.
//!
//! In: minutes of visits before and since the onset. Out: per service the excess milliseconds that
//! are its own doing. Own time is a visit's time without its calls. What a client waits beyond
//! what its server needed (the gap: network, queues before the handler, a starved process at
//! either end) belongs to that end of the call whose other calls wait as well; if none tells, to
//! the callee. Medians of log time, robust over minutes. Source: exclusive time after Sigelman et
//! al., "Dapper" (2010); client less server time as in Gan et al., "Sage" (ASPLOS 2021).
//! Limit: calls that run in parallel count once each.

use std::collections::{BTreeMap, BTreeSet};

use super::habits::sides;
use crate::engine::visits::{Edge, Kind, Visits, Window};
use crate::stats::robust::{MAD_TO_SIGMA, mad, median};
use crate::unit::{EntityId, SimTime};

/// Durations from which a median is one: before, and since.
const LEAST: [usize; 2] = [5, 3];
/// Minutes since the onset at most in which the trouble may begin.
const LATEST_BEGIN: usize = 3;
/// Added to every duration, in ms: what is faster is not told apart (clocks, scheduling).
const FINEST_MS: f64 = 1.0;
/// Spread of a median's logarithm from minute to minute that is always reckoned with: a fifth.
const LEAST_SPREAD: f64 = 0.2;
/// z from which a stretch of time is in excess.
const SICK: f64 = 3.0;

/// What one service owns of the excess.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Owned {
    /// Own time beyond the usual, in ms, all visits together.
    pub own_ms: f64,
    /// Gaps of calls that it owns, in ms.
    pub gap_ms: f64,
    /// Calls (edges) that it owns the gap of, as callee and as caller.
    pub edges: [usize; 2],
    /// Largest z of what it owns.
    pub z: f64,
    /// The worst growth: usual and present ms of one visit or call.
    pub grew: [f64; 2],
    /// When the earliest of it began.
    pub since: Option<SimTime>,
}

impl Owned {
    /// All that it owns, in ms.
    #[must_use]
    pub fn total_ms(&self) -> f64 {
        self.own_ms + self.gap_ms
    }
}

/// A median that rose.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rise {
    z: f64,
    usual: f64,
    now: f64,
    excess_ms: f64,
    since: SimTime,
}

/// What each service owns; those that own nothing are left out.
pub(super) fn read<'v>(visits: &'v Visits, onset: SimTime) -> BTreeMap<EntityId, Owned> {
    let [past, now] = sides(visits, onset);
    let mut scratch = Vec::new();
    let mut owned: BTreeMap<EntityId, Owned> = BTreeMap::new();
    let kinds: BTreeSet<Kind> = now.iter().flat_map(|w| w.kinds().keys().copied()).collect();
    for kind in kinds {
        let of = |w: &'v Window| w.kinds().get(&kind).map(|t| (t.visits, t.own.as_slice()));
        if let Some(rise) = rise(&past, &now, of, &mut scratch).filter(|rise| rise.z >= SICK) {
            let owner = owned.entry(kind.entity).or_default();
            owner.own_ms += rise.excess_ms;
            owner.take(rise);
        }
    }
    let edges: BTreeSet<Edge> = now.iter().flat_map(|w| w.edges().keys().copied()).collect();
    let mut waits: BTreeMap<(EntityId, EntityId), (Option<Rise>, f64)> = BTreeMap::new();
    for edge in edges {
        let of = |w: &'v Window| w.edges().get(&edge).map(|g| (g.calls, g.times.as_slice()));
        let found = rise(&past, &now, of, &mut scratch).filter(|rise| rise.z >= SICK);
        let place = waits.entry((edge.caller, edge.callee)).or_insert((None, 0.0));
        place.1 += found.map_or(0.0, |rise| rise.excess_ms);
        if found.is_some_and(|new| place.0.is_none_or(|old| new.z > old.z)) {
            place.0 = found;
        }
    }
    for ((caller, callee), (rise, excess_ms)) in &waits {
        let Some(rise) = rise else { continue };
        let blamed = end_to_blame(&waits, *caller, *callee);
        let owner = owned.entry(blamed).or_default();
        owner.gap_ms += excess_ms;
        owner.edges[usize::from(blamed == *caller)] += 1;
        owner.take(*rise);
    }
    owned
}

/// The end of a call whose other calls wait too; the callee if neither or both.
fn end_to_blame(
    waits: &BTreeMap<(EntityId, EntityId), (Option<Rise>, f64)>,
    caller: EntityId,
    callee: EntityId,
) -> EntityId {
    let share = |end: EntityId| {
        let others = waits
            .iter()
            .filter(|((a, b), _)| (*a, *b) != (caller, callee) && (*a == end || *b == end));
        let (mut all, mut waiting) = (0.0, 0.0);
        for (_, (rise, _)) in others {
            all += 1.0;
            waiting += f64::from(u8::from(rise.is_some()));
        }
        if all > 0.0 { waiting / all } else { 0.0 }
    };
    if share(caller) > share(callee) { caller } else { callee }
}

impl Owned {
    fn take(&mut self, rise: Rise) {
        if rise.z > self.z {
            self.z = rise.z;
            self.grew = [rise.usual, rise.now];
        }
        self.since = Some(self.since.map_or(rise.since, |since| since.min(rise.since)));
    }
}

fn rise<'v>(
    past: &[&'v Window],
    now: &[&'v Window],
    of: impl Fn(&'v Window) -> Option<(u32, &'v [f32])>,
    scratch: &mut Vec<f32>,
) -> Option<Rise> {
    let before: Vec<&[f32]> = past.iter().filter_map(|w| Some(of(w)?.1)).collect();
    let seen: usize = before.iter().map(|times| times.len()).sum();
    if seen < LEAST[0] {
        return None;
    }
    let each = before.iter().filter_map(|times| log_median(&[times], scratch));
    let mut medians: Vec<f64> = each.collect();
    let usual = median(&mut medians)?;
    let spread = (MAD_TO_SIGMA * mad(&mut medians, usual)?).max(LEAST_SPREAD);
    let since = now.iter().filter_map(|w| of(w).map(|(n, times)| (w.start, n, times)));
    let since: Vec<(SimTime, u32, &[f32])> = since.collect();
    let runs = (0..since.len().min(LATEST_BEGIN)).filter_map(|first| {
        let run = &since[first..];
        let times: Vec<&[f32]> = run.iter().map(|(_, _, times)| *times).collect();
        let many: usize = times.iter().map(|times| times.len()).sum();
        if many < LEAST[1] {
            return None;
        }
        let level = log_median(&times, scratch)?;
        let count: u32 = run.iter().map(|(_, n, _)| n).sum();
        let (was, is) = (usual.exp() - FINEST_MS, level.exp() - FINEST_MS);
        let excess_ms = (is - was).max(0.0) * f64::from(count);
        let noise = spread * (1.0 + 1.0 / (seen as f64).sqrt() + 1.0 / (many as f64).sqrt());
        Some(Rise { z: (level - usual) / noise, usual: was, now: is, excess_ms, since: run[0].0 })
    });
    runs.max_by(|a, b| a.z.total_cmp(&b.z))
}

/// The median of the logarithms of times: two logarithms, as order is the same.
fn log_median(times: &[&[f32]], scratch: &mut Vec<f32>) -> Option<f64> {
    scratch.clear();
    times.iter().for_each(|times| scratch.extend_from_slice(times));
    let last = scratch.len().checked_sub(1)?;
    let (_, low, above) = scratch.select_nth_unstable_by(last / 2, f32::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f32::total_cmp).unwrap_or(low);
    let [low, high] = [low, high].map(|ms| (f64::from(ms) + FINEST_MS).ln());
    Some(if last.is_multiple_of(2) { low } else { low + (high - low) * 0.5 })
}
