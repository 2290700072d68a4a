//! Connections: pools of callers, limits of callees, refused credentials, the network between.
//!
//! In: what callers hold, pulls of faults on calls. Out: what an attempt suffers before it reaches
//! its callee. A pool keeps its connections open, so every replica of a caller costs the callee
//! `pool` connections whether it is busy or not: more callers can exhaust a database.

use crate::unit::SimTime;

use super::Fleet;
use super::call_effect::Passage;
use super::service::Service;

impl Fleet {
    /// Connections that a caller keeps to a callee that counts them.
    pub(super) fn connections(&self, index: usize, e: usize) -> f64 {
        let service = &self.services[index];
        let edge = &service.edges[e];
        if !edge.counted {
            return 0.0;
        }
        let each = service.spec.calls[e].pool.map_or(edge.pooled, f64::from);
        each * f64::from(service.ready())
    }

    /// Connections of each pool that a replica of the service never gives back, on average.
    pub(super) fn leaked(&self, index: usize) -> f64 {
        let service = &self.services[index];
        if service.count_in_step().is_some() {
            return 0.0;
        }
        let running = service.replicas().filter(|r| r.runs());
        let (n, sum) =
            running.fold((0.0, 0.0), |(n, sum), r| (n + 1.0, sum + r.leaked.connections));
        if n > 0.0 { sum / n } else { 0.0 }
    }

    /// What an attempt over an edge suffers before it reaches the callee.
    pub(super) fn passage(&self, index: usize, e: usize, now: SimTime) -> Passage {
        let service = &self.services[index];
        if service.call_effects.is_empty() && service.secret.is_none() {
            return Passage::default();
        }
        let mut effect = service.call_effect(service.edges[e].callee);
        if service.secret.as_ref().is_some_and(|secret| secret.edge == e) {
            effect.refused = 1.0 - (1.0 - effect.refused) * (1.0 - service.refused_share(now));
        }
        effect.passage(service.spec.calls[e].timeout.secs_f64())
    }
}

impl Service {
    /// Share of requests that find no connection free, because callers hold more than it accepts.
    pub(super) fn turned_away(&self) -> f64 {
        let Some(most) = self.spec.max_connections else { return 0.0 };
        let accepted = f64::from(most) * f64::from(self.ready());
        if self.flow.connections <= accepted { 0.0 } else { 1.0 - accepted / self.flow.connections }
    }
}
