//! What is so whatever was usual: dates that are near or past, and resources that are full.
//!
//! In: the metrics remembered. Out: `Expiry`s of certificates and leases within `LEAD`, and `Full`
//! resources from `SCARCE` of their limit on. Both are seen, not inferred: no baseline is needed,
//! and a fault that was standing long before the onset is still there. Sources: renewal lead time
//! as in cert-manager; utilisation as the share of a limit after OpenTelemetry's naming rules
//! (`*.utilization`). Limit: a resource whose limit nobody exports cannot be seen to be full.

use super::Surroundings;
use crate::model::{Role, SeriesMeta, seconds_in};
use crate::stats::robust::median;
use crate::unit::{EntityId, SimDuration, SimTime};

/// Time left from which a date is worth a word.
pub(crate) const LEAD: SimDuration = SimDuration::from_secs(7 * 86_400);
/// Share of its limit from which a resource is scarce.
pub(crate) const SCARCE: f64 = 0.8;
/// Frames of which the middle one counts: a peak is not a state.
const FRAMES: usize = 3;
/// Rise over the usual from which a full resource is news.
const NEWS: f64 = 0.05;

/// A certificate or lease whose end is near or past.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expiry {
    /// Whose it is.
    pub entity: EntityId,
    /// When it ends or ended.
    pub ends: SimTime,
}

/// A resource that is nearly or wholly used up, and was not before.
#[derive(Debug, Clone, PartialEq)]
pub struct Full {
    /// Whose it is.
    pub entity: EntityId,
    /// Which sort of resource.
    pub role: Role,
    /// The metric.
    pub metric: String,
    /// Share of the limit in use.
    pub share: f64,
    /// Since when it has been scarce without a break.
    pub since: SimTime,
}

/// Dates within their lead, by entity.
pub(super) fn expiries(around: &Surroundings<'_>) -> Vec<Expiry> {
    let known = around.series.iter().take(around.history.width());
    let mut found: Vec<Expiry> = known
        .filter(|(_, meta)| meta.role == Role::Expiry)
        .filter_map(|(id, meta)| {
            let left = around.history.latest(id)? * seconds_in(&meta.unit)?;
            let seen = *around.history.times().back()?;
            let ends = seen + SimDuration::from_secs_f64(left);
            (ends.since(around.now) <= LEAD)
                .then(|| Expiry { entity: around.topology.service_of(meta.entity), ends })
        })
        .collect();
    found.sort_by_key(|expiry| (expiry.entity, expiry.ends));
    found.dedup_by_key(|expiry| expiry.entity);
    found
}

/// Resources that got scarce since `onset`, by entity, the fullest first.
pub(super) fn full(around: &Surroundings<'_>, onset: SimTime) -> Vec<Full> {
    let cut = around.history.position(onset);
    let known = around.series.iter().take(around.history.width());
    let mut found: Vec<Full> = known
        .filter(|(_, meta)| is_share_of_limit(meta))
        .filter_map(|(id, meta)| {
            let column = around.history.column(id);
            let whole = if meta.unit == "%" { 100.0 } else { 1.0 };
            let newest = column.iter().rev().filter(|v| v.is_finite()).take(FRAMES);
            let share = median(&mut newest.collect::<Vec<_>>())? / whole;
            if share < SCARCE {
                return None;
            }
            let past = column.range(..cut).filter(|v| v.is_finite());
            let usual = median(&mut past.collect::<Vec<_>>()).map_or(0.0, |v| v / whole);
            let scarce = |v: &f64| !v.is_finite() || *v >= SCARCE * whole;
            let run = column.iter().rev().take_while(|v| scarce(v)).count().max(1);
            (share >= usual + NEWS).then(|| Full {
                entity: around.topology.service_of(meta.entity),
                role: meta.role,
                metric: meta.metric.clone(),
                share,
                since: around.history.times()[column.len() - run],
            })
        })
        .collect();
    found.sort_by(|a, b| {
        a.entity.cmp(&b.entity).then(b.share.total_cmp(&a.share)).then(a.metric.cmp(&b.metric))
    });
    found
}

fn is_share_of_limit(meta: &SeriesMeta) -> bool {
    meta.role.is_resource()
        && matches!(meta.unit.as_str(), "1" | "%")
        && meta.metric.ends_with("utilization")
}
