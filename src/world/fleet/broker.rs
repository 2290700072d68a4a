//! Calls that are not plain calls: on a cache's miss, or as a message through a broker.
//!
//! In: requests taken up by the caller. Out: how many calls a cache leaves over; messages that
//! wait, are taken by the callee when it can, are delivered again when it fails and are given up
//! after five times (the default of most brokers' dead-letter policies). A message that nobody can
//! digest blocks its partition. Known limit: one queue per caller and callee, no order within it.

use crate::unit::SimTime;

use super::Fleet;
use super::service::Service;

/// Deliveries before a message is given up.
const DELIVERIES: i32 = 5;

impl Fleet {
    /// Share of calls over an edge that are made at all.
    pub(super) fn made(&self, index: usize, e: usize) -> f64 {
        let service = &self.services[index];
        let Some(cache) = service.edges[e].cache else { return 1.0 };
        let look_up = &service.edges[cache];
        // Whoever cannot ask the cache goes to the source.
        1.0 - self.services[look_up.callee].hit * (1.0 - look_up.failure)
    }

    /// Messages of this tick go into the queue; the callee takes what it can.
    pub(super) fn deliver(&mut self, index: usize, e: usize, started: f64, dt: f64) {
        let service = &self.services[index];
        let edge = &service.edges[e];
        let broker = &service.edges[edge.via.expect("a message goes through a broker")];
        let published = started * service.spec.calls[e].per_request * (1.0 - broker.failure);
        let broker_up = broker.failure < 1.0;
        let callee = &self.services[edge.callee];
        let held: f64 = callee.numbers().map(|r| r.backlog).sum();
        let coming = self.coming[edge.callee].requests;
        let room = (callee.flow.capacity - coming - held).max(0.0);
        let open = if broker_up { 1.0 - callee.poison() } else { 0.0 };
        let edge = &mut self.services[index].edges[e];
        edge.waiting += published;
        let taken = (edge.waiting * open).min(room * open);
        edge.waiting -= taken;
        (edge.demand, edge.sent, edge.delivered, edge.made) = (published, taken, taken / dt, 1.0);
        edge.attempts += taken;
        let callee = edge.callee;
        self.coming[callee].requests += taken;
    }

    /// Messages that the callee failed come back.
    pub(super) fn take_back(&mut self, index: usize, e: usize) {
        let edge = &mut self.services[index].edges[e];
        if edge.via.is_none() {
            return;
        }
        let failed = edge.sent * edge.attempt_failure;
        let given_up = failed * edge.attempt_failure.powi(DELIVERIES - 1);
        edge.dead_letters += given_up;
        edge.waiting += failed - given_up;
    }
}

impl Service {
    /// Share of the partitions of its queues that are blocked.
    #[must_use]
    pub fn poison(&self) -> f64 {
        let felt = self.effects.values().filter(|effect| self.feels(effect));
        1.0 - felt.map(|effect| 1.0 - effect.poison).product::<f64>()
    }

    /// How well a cache does in this tick: cold after a start, warm with time.
    pub(super) fn warm_cache(&mut self, now: SimTime) {
        let Some(cache) = self.spec.cache else { return };
        let (mut hits, mut served) = (0.0, 0.0);
        for (slot, replica) in self.slots.iter().enumerate() {
            let Some(replica) = replica.as_ref().filter(|r| r.runs()) else { continue };
            let age = now.since(replica.ready_since).secs_f64();
            let warm = 1.0 - (-age / cache.fill.secs_f64().max(1e-9)).exp();
            let effect = self.effect(replica, slot);
            hits += replica.weight * warm * (1.0 - effect.cache_misses);
            served += replica.weight;
        }
        self.hit = if served > 0.0 { cache.hit_ratio.get() * hits / served } else { 0.0 };
    }
}
