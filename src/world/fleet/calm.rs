//! Whether a fleet is at rest: a longer tick would bring the same.
//!
//! In: the state after a tick. Out: yes or no. At rest nothing wears it out, nothing is being
//! changed, no line is filled, every wanted replica is ready and warm, no call is cut off and no
//! certificate or lease is about to end. What is steady but bad (errors, slowness, lost packets)
//! is at rest too. Known limit: not what fills lines, opens circuits or hits machines; that costs
//! its ticks.

use crate::unit::{SimDuration, SimTime};

use super::Fleet;
use super::node::Node;
use super::replica::{Leaks, Phase, Replica};
use super::service::{Circuit, Edge, Service};

/// Share of its capacity up to which a service has room for the load of the next minute.
pub(super) const ROOMY: f64 = 0.85;
/// Times the filling time of a cache after which it is warm.
const FILLED: f64 = 8.0;
/// Time before an end of validity from which on each second counts.
const NEAR_END: SimDuration = SimDuration::from_secs(60);

impl Fleet {
    /// Whether nothing is going on.
    #[must_use]
    pub fn is_calm(&self, now: SimTime) -> bool {
        self.is_left_alone() && self.services.iter().all(|service| service.is_calm(now))
    }

    /// The same as `is_calm` if nothing touched the fleet since the tick.
    #[must_use]
    pub fn was_calm(&self) -> bool {
        self.at_rest && self.is_left_alone()
    }

    /// Whether nothing is being changed and no machine is in trouble.
    fn is_left_alone(&self) -> bool {
        self.rollouts.is_empty() && self.tasks.is_empty() && self.nodes.iter().all(Node::is_calm)
    }

    /// What was counted in a tick of another length is made comparable.
    pub(super) fn stretch(&mut self, dt: f64) {
        let factor = dt / self.last_dt;
        self.last_dt = dt;
        if factor == 1.0 {
            return;
        }
        self.stillness.stretch(factor);
        for index in 0..self.services.len() {
            if self.stillness.position(index).is_some() {
                continue;
            }
            let service = &mut self.services[index];
            service.flow.capacity *= factor;
            let (slots, _) = service.worked_out();
            for replica in service.slots[slots].iter_mut().flatten() {
                replica.served *= factor;
            }
        }
    }
}

impl Node {
    fn is_calm(&self) -> bool {
        let still = !self.pressed && !self.not_ready && self.silent_since.is_none();
        still && self.effects.is_empty()
    }
}

impl Service {
    pub(super) fn is_calm(&self, now: SimTime) -> bool {
        let fills = self.spec.cache.map_or(0.0, |cache| cache.fill.secs_f64() * FILLED);
        let warm = fills.max(self.spec.warm_up.secs_f64());
        let far = |ends: Option<SimTime>| ends.is_none_or(|ends| ends.since(now) > NEAR_END);
        // What a fault left behind that nobody feels any more (a version gone by) changes nothing.
        self.effects.values().all(|effect| effect.is_steady() || !self.feels(effect))
            && self.shed_share == 0.0
            && self.flow.started <= ROOMY * self.flow.capacity
            && self.flow.refused == 0.0
            && far(self.certificate_ends)
            && far(self.secret.as_ref().map(|secret| secret.ends))
            && self.edges.iter().all(Edge::is_calm)
            && self.alive() == self.desired
            && match self.lead() {
                // Who is in step was warm before.
                Some((lead, _)) => lead.is_calm(),
                None => self
                    .replicas()
                    .all(|r| r.is_calm() && now.since(r.ready_since).secs_f64() > warm),
            }
    }
}

impl Edge {
    fn is_calm(&self) -> bool {
        self.circuit == Circuit::Closed
            && self.bad_since.is_none()
            && self.waiting <= 1.0 + 0.1 * self.sent
    }
}

impl Replica {
    fn is_calm(&self) -> bool {
        self.phase == Phase::Ready
            && !self.dark
            && self.backlog == 0.0
            && self.leaked_mib == 0.0
            && self.leaked == Leaks::default()
            && self.old_certificate.is_none()
            && !self.old_secret
            && self.failed_probes == [0; 2]
    }
}
