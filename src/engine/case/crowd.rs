//! How many requests decide what a latency tells: the slowest tenth of six requests is one request.
//!
//! In: request rates of services, and the length of a frame. Out: how much a series of tail latency
//! can be believed, 0..=1: in full from `ENOUGH` requests in its tail on. A service whose requests
//! nobody counts is believed. Source: a quantile q of n values rests on n (1 - q) of them (order
//! statistics; David and Nagaraja, "Order Statistics", 2003). Limit: a client's calls are taken to
//! be as many as the visits of its service.

use std::collections::BTreeMap;

use super::Surroundings;
use crate::engine::rates::own_rates;
use crate::model::{Role, SeriesMeta};
use crate::stats::robust::median;
use crate::unit::EntityId;

/// Requests in the tail of a frame from which it is believed.
const ENOUGH: f64 = 5.0;
/// Newest frames over which requests are counted: an hour of minutes.
const FRAMES: usize = 60;

/// Requests in a usual frame, by service.
#[derive(Debug, Default)]
pub(super) struct Crowd(BTreeMap<EntityId, f64>);

impl Crowd {
    pub(super) fn of(around: &Surroundings<'_>) -> Self {
        let (history, mut rates) = (around.history, BTreeMap::new());
        let seconds = frame_seconds(around);
        let first = history.len().saturating_sub(FRAMES);
        let service = |entity| around.topology.service_of(entity);
        let told = |meta: &SeriesMeta| meta.unit.ends_with("/s");
        for (entity, series) in own_rates(around.series, history.width(), service, told) {
            for id in series {
                let column = history.column(id).range(first..);
                let mut known: Vec<f64> = column.filter(|v| v.is_finite()).collect();
                let rate = median(&mut known).unwrap_or(0.0);
                *rates.entry(entity).or_insert(0.0) += rate * seconds;
            }
        }
        Self(rates)
    }

    /// How much a series tells, 0..=1, by how many requests are in its tail.
    pub(super) fn weight(&self, entity: EntityId, meta: &SeriesMeta) -> f64 {
        let tail = match (meta.role, meta.stat()) {
            (Role::Latency, Some("p90")) => 0.1,
            (Role::Latency, Some("p95")) => 0.05,
            (Role::Latency, Some("p99" | "max" | "Maximum")) => 0.01,
            (Role::Latency, Some("p999")) => 0.001,
            _ => return 1.0,
        };
        self.0.get(&entity).map_or(1.0, |requests| (requests * tail / ENOUGH).min(1.0))
    }
}

/// The time between the newest two frames, in seconds.
pub(super) fn frame_seconds(around: &Surroundings<'_>) -> f64 {
    let times = around.history.times();
    match times.len() {
        0 | 1 => 1.0,
        n => times[n - 1].since(times[n - 2]).secs_f64().max(1e-9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_of_few_requests_tells_little() {
        let (cart, pay) = (EntityId(1), EntityId(2));
        let crowd = Crowd(BTreeMap::from([(cart, 20.0), (pay, 5000.0)]));
        let series = |stat: &str| {
            SeriesMeta::gauge(cart, crate::model::names::DURATION, "s").label("stat", stat)
        };
        for (entity, stat, expected) in [
            (cart, "p50", 1.0),
            (cart, "p90", 0.4),
            (cart, "p99", 0.04),
            (pay, "p99", 1.0),
            (EntityId(9), "p99", 1.0),
        ] {
            let weight = crowd.weight(entity, &series(stat));
            assert!((weight - expected).abs() < 1e-9, "{stat}: {weight}");
        }
    }
}
