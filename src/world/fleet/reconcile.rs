//! One step towards the wanted replicas, level-triggered like the Kubernetes Deployment controller.
//!
//! In: what a service should run and what it runs. Out: replicas created and terminated, progress
//! of rollouts and their deeds. Rules: at most 25 % above the wanted number (rounded up), at most
//! 25 % below it (rounded down), unready old replicas go first. Known limit: termination is
//! immediate; what waits in the line of a terminated replica is lost.

use crate::model::OutcomeStatus;

use super::Fleet;
use super::outbox::Outbox;
use super::replica::{Phase, Replica};
use super::rollout::Rollout;
use super::service::Service;

/// Shares of replicas during a rollout.
struct Room {
    most: u32,
    least: u32,
}

impl Fleet {
    /// Brings the replicas of a service one step closer to what is wanted.
    pub(super) fn reconcile(&mut self, service: usize, out: &mut Outbox) {
        if self.is_reached(service) {
            return;
        }
        self.services[service].fall_out();
        self.place_pending(service, out);
        let owner = &self.services[service];
        let (desired, generation) = (owner.desired, owner.template.generation);
        let quarter = Room { most: desired + desired.div_ceil(4), least: desired - desired / 4 };
        let cap = self.rollouts.iter().filter(|r| r.service == service).find_map(|r| r.canary);
        let wanted = cap.map_or(desired, |cap| cap.min(desired));
        self.bring(service, wanted, generation, &quarter, out);
        self.take_old(service, desired - wanted, generation, &quarter, out);
        self.take_surplus(service, desired, out);
        self.note_progress(service, generation, out);
        self.finish_complete(service, out);
    }

    /// Whether everything wanted is there, ready and known to be; most services are, most ticks.
    fn is_reached(&self, service: usize) -> bool {
        let owner = &self.services[service];
        let generation = owner.template.generation;
        let good = |r: &Replica| r.phase == Phase::Ready && r.template.generation == generation;
        owner.counted == (owner.desired, owner.desired)
            && owner.alive() == owner.desired
            && (owner.count_in_step().is_some() || owner.replicas().all(good))
            && !self.rollouts.iter().any(|rollout| rollout.service == service)
    }

    /// Tries anew to find room for replicas that have none.
    fn place_pending(&mut self, service: usize, out: &mut Outbox) {
        if self.nodes.is_empty() {
            return;
        }
        for slot in 0..self.services[service].slots.len() {
            let replica = self.services[service].slots[slot].as_ref();
            if replica.is_some_and(|r| r.phase == Phase::Pending)
                && !self.schedule(service, slot, out)
            {
                return;
            }
        }
    }

    fn bring(
        &mut self,
        service: usize,
        wanted: u32,
        generation: u32,
        room: &Room,
        out: &mut Outbox,
    ) {
        loop {
            let owner = &self.services[service];
            let new = owner.count(|r| r.template.generation == generation);
            if new >= wanted || owner.alive() >= room.most || !self.create(service, out) {
                return;
            }
            for rollout in self.rollouts.iter().filter(|r| r.service == service) {
                if let Some((_, deed)) = rollout.order {
                    out.record.deeds[deed].replicas_touched += 1;
                }
            }
        }
    }

    fn take_old(
        &mut self,
        service: usize,
        keep: u32,
        generation: u32,
        room: &Room,
        out: &mut Outbox,
    ) {
        loop {
            let owner = &self.services[service];
            let old = owner.count(|r| r.template.generation != generation);
            let young =
                owner.count(|r| r.template.generation == generation && r.phase != Phase::Ready);
            if old <= keep || owner.alive() <= room.least + young {
                return;
            }
            let is_old = |ready: bool| {
                owner.slots.iter().position(|slot| {
                    slot.as_ref().is_some_and(|r| {
                        r.template.generation != generation && (r.phase == Phase::Ready) == ready
                    })
                })
            };
            match is_old(false) {
                Some(slot) => self.terminate(service, slot, out),
                None if owner.ready() > room.least => {
                    let slot = is_old(true).expect("there are old replicas and all are ready");
                    self.terminate(service, slot, out);
                    for rollout in self.rollouts.iter_mut().filter(|r| r.service == service) {
                        rollout.taken += 1;
                    }
                }
                None => return,
            }
        }
    }

    /// Fewer replicas are wanted than there are of the wanted kind.
    fn take_surplus(&mut self, service: usize, desired: u32, out: &mut Outbox) {
        let generation = self.services[service].template.generation;
        while self.services[service].count(|r| r.template.generation == generation) > desired {
            let slots = &self.services[service].slots;
            let last = slots.iter().rposition(|slot| {
                slot.as_ref().is_some_and(|r| r.template.generation == generation)
            });
            self.terminate(service, last.expect("there is a surplus"), out);
        }
    }

    fn note_progress(&mut self, service: usize, generation: u32, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let fresh = owner.count(|r| r.template.generation == generation && r.phase == Phase::Ready);
        for rollout in self.rollouts.iter_mut().filter(|r| r.service == service) {
            rollout.brought = rollout.brought.max(fresh);
            if let Some((_, deed)) = rollout.order {
                let deed = &mut out.record.deeds[deed];
                let down = rollout.taken.saturating_sub(rollout.brought);
                deed.replicas_down = deed.replicas_down.max(down);
            }
        }
        let counts = (owner.desired, owner.ready());
        if counts != owner.counted {
            owner.counted = counts;
            out.count(&owner.name, counts.0, counts.1);
        }
    }

    fn finish_complete(&mut self, service: usize, out: &mut Outbox) {
        let owner = &self.services[service];
        let generation = owner.template.generation;
        let current = owner.count(|r| r.template.generation == generation);
        let complete = current == owner.desired
            && owner.alive() == owner.desired
            && owner.ready() == owner.desired;
        let is_mine = |r: &Rollout| r.service == service && r.canary.is_none();
        while complete && let Some(position) = self.rollouts.iter().position(is_mine) {
            let short = self.rollouts[position].short.clone();
            match short {
                Some(why) => self.close(position, OutcomeStatus::Partial, &why, out),
                None => self.close(position, OutcomeStatus::Applied, "all replicas ready", out),
            }
        }
    }
}

impl Service {
    pub(super) fn count(&self, which: impl Fn(&Replica) -> bool) -> u32 {
        self.replicas().filter(|r| which(r)).count() as u32
    }
}
