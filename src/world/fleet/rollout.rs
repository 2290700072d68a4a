//! Changes of replicas: rolling updates, canaries, scaling; level-triggered as in Kubernetes.
//!
//! In: a new template or a new number of replicas. Out: replicas created and terminated step by
//! step, and the end of the change as an outcome and a deed. Rules after the Kubernetes Deployment
//! controller: at most 25 % above the wanted number (rounded up), at most 25 % below it (rounded
//! down), unready old replicas go first, a newer rollout supersedes an older one. A canary first
//! brings a tenth, is watched, and is taken back if it is not ready. Known limit: termination is
//! immediate; what waits in the line of a terminated replica is lost.

use crate::model::{Event, EventKind, OutcomeStatus};
use crate::unit::ActionId;

use super::Fleet;
use super::outbox::{Outbox, Timer};
use super::replica::Phase;
use super::service::{Service, Template};

/// One change of replicas under way.
#[derive(Debug, Clone)]
pub(super) struct Rollout {
    /// Its number.
    pub number: u32,
    /// Index of the service.
    pub service: usize,
    /// Generation that it brings.
    pub generation: u32,
    /// The action that asked for it, and its deed.
    pub order: Option<(ActionId, usize)>,
    /// Most replicas of the new generation for now.
    pub canary: Option<u32>,
    /// What ran before it.
    pub former: Template,
    /// Versions to go back to before it.
    pub former_history: Vec<String>,
    /// Ready replicas that it terminated.
    pub taken: u32,
    /// Replicas that it made ready.
    pub brought: u32,
    /// Why it cannot be done in full.
    pub short: Option<String>,
}

/// Shares of replicas during a rollout.
struct Room {
    most: u32,
    least: u32,
}

impl Fleet {
    /// Rolls `version` out; `former` versions stay to go back to.
    pub fn deploy(&mut self, service: usize, version: &str, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let mut history = owner.history.clone();
        history.push(owner.template.version.clone());
        let template = Template { version: version.to_owned(), ..owner.template.clone() };
        self.roll(service, template, history, None, false, out);
    }

    /// Begins to bring replicas to `template`.
    pub(super) fn roll(
        &mut self,
        service: usize,
        template: Template,
        history: Vec<String>,
        order: Option<(ActionId, usize)>,
        canary: bool,
        out: &mut Outbox,
    ) {
        self.supersede(service, out);
        let owner = &mut self.services[service];
        owner.generations += 1;
        let template = Template { generation: owner.generations, ..template };
        let former = std::mem::replace(&mut owner.template, template);
        let former_history = std::mem::replace(&mut owner.history, history);
        if former.version != owner.template.version {
            announce(owner, &former.version, order.is_some(), out);
        }
        let tenth = owner.desired.div_ceil(10);
        let canary = (canary && owner.desired > 1).then_some(tenth);
        if canary.is_some() {
            let watched = owner.spec.startup + self.actuation.canary_pause;
            out.after(watched, Timer::Canary(self.undertakings));
        }
        let generation = self.services[service].generations;
        self.track(service, generation, order, out, |rollout| {
            rollout.canary = canary;
            rollout.former = former;
            rollout.former_history = former_history;
        });
    }

    /// Follows a change until it is complete or late.
    pub(super) fn track(
        &mut self,
        service: usize,
        generation: u32,
        order: Option<(ActionId, usize)>,
        out: &mut Outbox,
        fill: impl FnOnce(&mut Rollout),
    ) {
        let number = self.undertakings;
        self.undertakings += 1;
        out.after(self.actuation.deadline, Timer::Deadline(number));
        let mut rollout = Rollout {
            number,
            service,
            generation,
            order,
            canary: None,
            former: self.services[service].template.clone(),
            former_history: self.services[service].history.clone(),
            taken: 0,
            brought: 0,
            short: None,
        };
        fill(&mut rollout);
        self.rollouts.push(rollout);
        self.reconcile(service, out);
    }

    /// Brings the replicas of a service one step closer to what is wanted.
    pub(super) fn reconcile(&mut self, service: usize, out: &mut Outbox) {
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

    /// The canary has been watched: go on if it is ready, else take it back.
    pub(super) fn on_canary(&mut self, number: u32, out: &mut Outbox) {
        let Some(position) = self.rollouts.iter().position(|r| r.number == number) else { return };
        let rollout = &mut self.rollouts[position];
        let (service, generation) = (rollout.service, rollout.generation);
        let owner = &mut self.services[service];
        let ready = owner.count(|r| r.template.generation == generation && r.phase == Phase::Ready);
        if rollout.canary.is_some_and(|wanted| ready >= wanted) {
            rollout.canary = None;
        } else {
            owner.template = rollout.former.clone();
            owner.history = rollout.former_history.clone();
            if let Some((_, deed)) = rollout.order {
                out.record.deeds[deed].reverted = true;
            }
            self.close(position, OutcomeStatus::Failed, "the canary was not ready", out);
        }
        self.reconcile(service, out);
    }

    /// A rollout should be complete by now.
    pub(super) fn on_deadline(&mut self, number: u32, out: &mut Outbox) {
        let Some(position) = self.rollouts.iter().position(|r| r.number == number) else { return };
        self.rollouts[position].canary = None;
        let owner = &self.services[self.rollouts[position].service];
        let detail =
            format!("{} of {} replicas ready at the deadline", owner.ready(), owner.desired);
        self.close(position, OutcomeStatus::Partial, &detail, out);
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

    fn supersede(&mut self, service: usize, out: &mut Outbox) {
        while let Some(position) = self.rollouts.iter().position(|r| r.service == service) {
            self.close(position, OutcomeStatus::Partial, "superseded by a newer change", out);
        }
    }

    fn close(&mut self, position: usize, status: OutcomeStatus, detail: &str, out: &mut Outbox) {
        let rollout = self.rollouts.remove(position);
        if let Some((action, deed)) = rollout.order {
            out.record.deeds[deed].ended = Some(out.now);
            out.record.deeds[deed].complete = status == OutcomeStatus::Applied;
            out.outcome(action, status, detail);
        }
    }
}

impl Service {
    fn count(&self, which: impl Fn(&super::replica::Replica) -> bool) -> u32 {
        self.replicas().filter(|r| which(r)).count() as u32
    }
}

fn announce(owner: &Service, former: &str, rollback: bool, out: &mut Outbox) {
    let reason = if rollback { "rollback" } else { "deploy" };
    let event = Event::new(out.now, EventKind::Deploy, Some(owner.name.clone()), reason)
        .with("version", owner.template.version.clone())
        .with("previous_version", former);
    out.events.push(event);
}
