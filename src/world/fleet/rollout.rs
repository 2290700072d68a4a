//! Changes of replicas from their begin to their end: rolling updates, canaries, scaling.
//!
//! In: a new template or a new number of replicas. Out: replicas created and terminated step by
//! step (`reconcile.rs`), and the end of the change as an outcome and a deed. As in Kubernetes, a
//! newer rollout supersedes an older one. A canary first brings a tenth, is watched, and is taken
//! back if it is not ready. Known limit: a canary is judged by readiness only, not by its errors.

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

impl Fleet {
    /// Rolls `version` out; `former` versions stay to go back to.
    pub fn deploy(&mut self, service: usize, version: &str, out: &mut Outbox) {
        self.bring_out(service, version, false, out);
    }

    /// The same, a tenth of the replicas first.
    pub fn deploy_canary(&mut self, service: usize, version: &str, out: &mut Outbox) {
        self.bring_out(service, version, true, out);
    }

    fn bring_out(&mut self, service: usize, version: &str, canary: bool, out: &mut Outbox) {
        let owner = &mut self.services[service];
        let mut history = owner.history.clone();
        history.push(owner.template.version.clone());
        let template = Template { version: version.to_owned(), ..owner.template.clone() };
        self.roll(service, template, history, None, canary, out);
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

    fn supersede(&mut self, service: usize, out: &mut Outbox) {
        while let Some(position) = self.rollouts.iter().position(|r| r.service == service) {
            self.close(position, OutcomeStatus::Partial, "superseded by a newer change", out);
        }
    }

    pub(super) fn close(
        &mut self,
        position: usize,
        status: OutcomeStatus,
        detail: &str,
        out: &mut Outbox,
    ) {
        let rollout = self.rollouts.remove(position);
        if let Some((action, deed)) = rollout.order {
            out.record.deeds[deed].ended = Some(out.now);
            out.record.deeds[deed].complete = status == OutcomeStatus::Applied;
            out.outcome(action, status, detail);
        }
    }
}

fn announce(owner: &Service, former: &str, rollback: bool, out: &mut Outbox) {
    let reason = if rollback { "rollback" } else { "deploy" };
    let event = Event::new(out.now, EventKind::Deploy, Some(owner.name.clone()), reason)
        .with("version", owner.template.version.clone())
        .with("previous_version", former);
    out.events.push(event);
}
