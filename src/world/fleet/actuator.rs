//! Orders to the platform: each verb, what it needs, how long it takes, what it really does.
//!
//! In: an action whose time has come. Out: `Started` and later one final outcome, and a `Deed`
//! made from what happened to replicas. An order that makes no sense is answered `NotApplicable`
//! and changes nothing. Known limit: reconciling and rotating take a fixed time and no replica.

use crate::model::{Action, Deed, Operation, OutcomeStatus, Strategy};
use crate::unit::{ActionId, SimDuration};

use super::Fleet;
use super::effect::Scope;
use super::outbox::{Outbox, Timer};
use super::service::Template;

/// How long a new certificate is valid.
const CERTIFICATE_LIFE: SimDuration = SimDuration::from_secs(90 * 86_400);
/// Largest replica, as a multiple of the spec's limits.
const LARGEST: f64 = 8.0;

/// An action under way that replaces no replica.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task {
    number: u32,
    service: usize,
    action: ActionId,
    deed: usize,
    work: Work,
}

/// What such an action does when it is done.
#[derive(Debug, Clone, Copy)]
enum Work {
    Reconcile,
    Rotate,
    Open { callee: usize },
}

impl Fleet {
    /// Begins `action` on the service with index `service`.
    pub fn begin(&mut self, service: usize, action: &Action, out: &mut Outbox) {
        let chance = self.streams.child("actuation").uniform(u64::from(action.id.0), 0);
        if chance < self.actuation.fail.get() {
            out.outcome(action.id, OutcomeStatus::Failed, "the platform refused the order");
            return;
        }
        if self.services[service].spec.external {
            let detail = format!("{} is not ours to change", action.target);
            out.outcome(action.id, OutcomeStatus::NotApplicable, detail);
            return;
        }
        if let Err(why) = self.carry_out(service, action, out) {
            out.outcome(action.id, OutcomeStatus::NotApplicable, why);
        }
    }

    fn carry_out(
        &mut self,
        service: usize,
        action: &Action,
        out: &mut Outbox,
    ) -> Result<(), String> {
        match &action.operation {
            Operation::Rollback { version, strategy } => {
                self.roll_back(service, action, version.as_deref(), *strategy, out)
            }
            Operation::ScaleOut { replicas } => self.scale_out(service, action, *replicas, out),
            Operation::ScaleUp { factor } => self.scale_up(service, action, *factor, out),
            Operation::Restart => {
                let (template, history) = self.current(service);
                self.replace(service, action, template, history, Strategy::Rolling, out);
                Ok(())
            }
            Operation::ReconcileConfig => {
                if self.services[service].drifted_keys() == 0 {
                    return Err("the live configuration is the desired one".to_owned());
                }
                self.start(service, action, Work::Reconcile, SimDuration::from_secs(15), out);
                Ok(())
            }
            Operation::OpenCircuit { callee } => {
                let found = self.index(callee);
                let edges = &self.services[service].edges;
                let callee = found.filter(|c| edges.iter().any(|e| e.callee == *c));
                let callee = callee.ok_or_else(|| format!("{} does not call it", action.target))?;
                let work = Work::Open { callee };
                self.start(service, action, work, SimDuration::from_secs(1), out);
                Ok(())
            }
            Operation::RotateCertificate => {
                if self.services[service].certificate_ends.is_none() {
                    return Err(format!("{} has no certificate", action.target));
                }
                self.start(service, action, Work::Rotate, SimDuration::from_secs(30), out);
                Ok(())
            }
            Operation::PageOnCall { .. } => unreachable!("people are paged by synthetic.rs"),
        }
    }

    fn roll_back(
        &mut self,
        service: usize,
        action: &Action,
        version: Option<&str>,
        strategy: Strategy,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let (template, mut history) = self.current(service);
        if version.is_some_and(|v| v == template.version) {
            return Err(format!("{} runs already", template.version));
        }
        let position = match version {
            Some(version) => history.iter().rposition(|v| v == version),
            None => history.len().checked_sub(1),
        };
        let position = position.ok_or_else(|| match version {
            Some(version) => format!("{version} never ran here"),
            None => "there is no earlier version".to_owned(),
        })?;
        let version = history[position].clone();
        history.truncate(position);
        self.replace(service, action, Template { version, ..template }, history, strategy, out);
        Ok(())
    }

    fn scale_out(
        &mut self,
        service: usize,
        action: &Action,
        replicas: u32,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let owner = &self.services[service];
        let granted = replicas.min(owner.spec.max_replicas());
        if granted <= owner.desired {
            return Err(format!("{} replicas are wanted already", owner.desired));
        }
        let short = (granted < replicas).then(|| format!("{granted} of {replicas} granted"));
        let generation = owner.template.generation;
        let order = self.note(service, action, out);
        self.services[service].desired = granted;
        self.track(service, generation, Some(order), out, |rollout| rollout.short = short);
        Ok(())
    }

    fn scale_up(
        &mut self,
        service: usize,
        action: &Action,
        factor: f64,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let (template, history) = self.current(service);
        let limits = template.limits * factor;
        if !factor.is_finite() || factor <= 1.0 || limits > LARGEST {
            return Err(format!("limits x{factor}: expected above 1, at most x{LARGEST} in all"));
        }
        let template = Template { limits, ..template };
        self.replace(service, action, template, history, Strategy::Rolling, out);
        Ok(())
    }

    fn replace(
        &mut self,
        service: usize,
        action: &Action,
        template: Template,
        history: Vec<String>,
        strategy: Strategy,
        out: &mut Outbox,
    ) {
        let order = Some(self.note(service, action, out));
        self.roll(service, template, history, order, strategy == Strategy::Canary, out);
    }

    fn start(
        &mut self,
        service: usize,
        action: &Action,
        work: Work,
        takes: SimDuration,
        out: &mut Outbox,
    ) {
        let (action, deed) = self.note(service, action, out);
        let number = self.undertakings;
        self.undertakings += 1;
        self.tasks.push(Task { number, service, action, deed, work });
        out.after(takes, Timer::Finish(number));
    }

    /// An action that replaces no replica is done.
    pub(super) fn on_finish(&mut self, number: u32, out: &mut Outbox) {
        let position = self.tasks.iter().position(|t| t.number == number);
        let task = self.tasks.remove(position.expect("a task finishes once"));
        let owner = &mut self.services[task.service];
        match task.work {
            Work::Reconcile => {
                owner.effects.retain(|_, e| !matches!(e.scope, Scope::Config { .. }));
            }
            Work::Rotate => owner.certificate_ends = Some(out.now + CERTIFICATE_LIFE),
            Work::Open { callee } => {
                let opened = self.open_circuit(task.service, callee, out.now);
                assert!(opened, "the call was there when the action began");
            }
        }
        out.record.deeds[task.deed].ended = Some(out.now);
        out.record.deeds[task.deed].complete = true;
        out.outcome(task.action, OutcomeStatus::Applied, "done");
    }

    /// Says `Started` and opens the deed.
    fn note(&self, service: usize, action: &Action, out: &mut Outbox) -> (ActionId, usize) {
        out.outcome(action.id, OutcomeStatus::Started, "under way");
        out.record.deeds.push(Deed {
            began: out.now,
            ended: None,
            action: Some(action.id),
            verb: action.verb(),
            target: self.services[service].name.clone(),
            replicas_down: 0,
            replicas_touched: 0,
            replicas_before: self.services[service].alive(),
            fleet_before: self.size(),
            nodes: Vec::new(),
            zones: Vec::new(),
            complete: false,
            reverted: false,
        });
        (action.id, out.record.deeds.len() - 1)
    }

    fn current(&self, service: usize) -> (Template, Vec<String>) {
        let owner = &self.services[service];
        (owner.template.clone(), owner.history.clone())
    }
}
