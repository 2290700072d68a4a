//! Replicas in step: while nothing tells the replicas of a service apart, one stands for all.
//!
//! In: a service of a fleet at rest (`calm.rs`). Out: the slot that is worked out, and for how many
//! replicas. A service falls in when its replicas are ready, nothing pulls at any of them, none
//! stands on a machine that could give it less than another, and all numbers that a tick moves are
//! equal; from then on ticks move those of the lead only. It falls out, and the others get the
//! lead's numbers, before anything may happen to a single replica: an order, a timer, a fault, a
//! death. What a tick adds up over replicas is added once per replica all the same, so that being
//! in step changes no digit of any result. Known limit: fleets with machines are never in step.

use super::Fleet;
use super::replica::{Leaks, Phase, Replica};
use super::service::{Circuit, Edge, Service};
use crate::unit::{EntityId, SimTime};

/// The replicas of one service move as one.
#[derive(Debug)]
pub(super) struct InStep {
    /// Slot of the replica that is worked out.
    lead: usize,
    /// How many it stands for, itself included.
    count: u32,
    /// Restarts by slot; NaN where there is no replica. They stay as they are while in step.
    restarts: Vec<f64>,
    /// The replicas' ids, in slot order.
    ids: Vec<EntityId>,
}

impl Fleet {
    /// Services whose replicas are alike fall in. The fleet must be at rest, and no fault at work.
    pub fn fall_in(&mut self) {
        let mut more = false;
        for (service, resting) in self.services.iter_mut().zip(&mut self.resting) {
            if !*resting {
                service.fall_in();
                *resting = service.rests();
                more |= *resting;
            }
        }
        if more {
            self.still();
        }
    }

    /// Every replica has its own numbers again.
    pub fn fall_out(&mut self) {
        self.stir();
        self.resting.fill(false);
        self.services.iter_mut().for_each(Service::fall_out);
    }

    /// The rest of a tick of a service that rests; it rests no more if its memory is full.
    pub(super) fn rest(&mut self, index: usize, dt: f64, now: SimTime) {
        if self.resting[index] {
            let service = &self.services[index];
            let (slots, _) = service.worked_out();
            let ours = !service.spec.external;
            let full = ours && self.wear_out(index, slots.start, dt / 60.0).is_some();
            self.resting[index] = !full;
            self.at_rest = self.at_rest && self.services[index].is_calm(now);
        }
    }
}

impl Service {
    fn fall_in(&mut self) {
        if self.in_step.is_some() || !self.effects.is_empty() {
            return;
        }
        let Some(lead) = self.slots.iter().position(Option::is_some) else { return };
        if self.alike() {
            let restarts = |slot: &Option<Replica>| {
                slot.as_ref().map_or(f64::NAN, |replica| f64::from(replica.restarts))
            };
            let restarts = self.slots.iter().map(restarts).collect();
            let ids = self.slots.iter().zip(&self.slot_ids);
            let ids = ids.filter(|(slot, _)| slot.is_some()).map(|(_, id)| *id).collect();
            self.in_step = Some(InStep { lead, count: self.alive(), restarts, ids });
        }
    }

    /// Whether a tick has nothing to look after but memory, which is the same if looked at twice.
    fn rests(&self) -> bool {
        let spec = &self.spec;
        let probed = spec.liveness.is_some() || spec.readiness.is_some();
        let closed = |edge: &Edge| edge.circuit == Circuit::Closed;
        self.count_in_step() == Some(self.desired)
            && self.counted == (self.desired, self.desired)
            && !probed
            && spec.autoscale.is_none()
            && spec.disk.is_none()
            && self.secret.is_none()
            && self.edges.iter().all(closed)
            && spec.calls.iter().all(|call| call.breaker.is_none())
    }

    fn alike(&self) -> bool {
        let generation = self.template.generation;
        let mut all = self.replicas();
        let first = all.next().filter(|first| first.could_lead(generation)).map(Moving::of);
        let same = |first: Moving| {
            all.all(|other| other.could_lead(generation) && Moving::of(other) == first)
        };
        first.is_some_and(same)
    }

    pub(super) fn fall_out(&mut self) {
        let Some(InStep { lead, .. }) = self.in_step.take() else { return };
        let Some(moving) = self.slots[lead].as_ref().map(Moving::of) else { return };
        self.slots.iter_mut().flatten().for_each(|replica| moving.onto(replica));
    }

    /// Whether its replicas are in step.
    #[cfg(test)]
    pub fn is_in_step(&self) -> bool {
        self.in_step.is_some()
    }

    /// The number of replicas, if they are in step.
    pub(super) fn count_in_step(&self) -> Option<u32> {
        self.in_step.as_ref().map(|step| step.count)
    }

    /// The ids of its replicas, if they are in step.
    pub(super) fn ids_in_step(&self) -> Option<&[EntityId]> {
        self.in_step.as_ref().map(|step| step.ids.as_slice())
    }

    /// Slots that a tick works out, and for how many replicas each counts.
    pub(super) fn worked_out(&self) -> (std::ops::Range<usize>, u32) {
        match &self.in_step {
            Some(step) => (step.lead..step.lead + 1, step.count),
            None => (0..self.slots.len(), 1),
        }
    }

    /// For each replica the one whose numbers it has.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &Replica> {
        let (slots, times) = self.worked_out();
        let each = move |replica| std::iter::repeat_n(replica, times as usize);
        self.slots[slots].iter().flatten().flat_map(each)
    }

    /// The replica whose numbers hold for all, to be given new ones, if they are in step.
    pub(super) fn lead_mut(&mut self) -> Option<&mut Replica> {
        self.slots[self.in_step.as_ref()?.lead].as_mut()
    }

    /// The replica whose numbers hold for all, and restarts by slot (NaN: nobody there), if the
    /// replicas are in step.
    pub(super) fn lead(&self) -> Option<(&Replica, &[f64])> {
        let step = self.in_step.as_ref()?;
        self.slots[step.lead].as_ref().map(|lead| (lead, step.restarts.as_slice()))
    }
}

impl Replica {
    /// Whether nothing is special about it but, perhaps, its numbers.
    fn could_lead(&self, generation: u32) -> bool {
        self.phase == Phase::Ready
            && !self.dark
            && self.node.is_none()
            && self.template.generation == generation
            && self.weight == 1.0
            && self.cpu_grant == 1.0
            && self.leaked_mib == 0.0
            && self.leaked == Leaks::default()
            && self.old_certificate.is_none()
            && !self.old_secret
            && self.failed_probes == [0; 2]
    }
}

/// What a tick of a fleet at rest moves of a replica.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Moving {
    memory_mib: f64,
    backlog: f64,
    served: f64,
    cpu: f64,
    collecting: f64,
    in_flight: f64,
    disk_mib: f64,
    probe_wait: f64,
}

impl Moving {
    fn of(replica: &Replica) -> Self {
        Self {
            memory_mib: replica.memory_mib,
            backlog: replica.backlog,
            served: replica.served,
            cpu: replica.cpu,
            collecting: replica.collecting,
            in_flight: replica.in_flight,
            disk_mib: replica.disk_mib,
            probe_wait: replica.probe_wait,
        }
    }

    fn onto(self, replica: &mut Replica) {
        replica.memory_mib = self.memory_mib;
        replica.backlog = self.backlog;
        replica.served = self.served;
        replica.cpu = self.cpu;
        replica.collecting = self.collecting;
        replica.in_flight = self.in_flight;
        replica.disk_mib = self.disk_mib;
        replica.probe_wait = self.probe_wait;
    }
}
