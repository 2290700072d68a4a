//! Orders to the platform: each verb, what it needs, how long it takes, what it really does.
//!
//! In: an action whose time has come. Out: `Started` and later one final outcome, and a `Deed`
//! made from what happened to replicas. An order that makes no sense is answered `NotApplicable`
//! and changes nothing. How long each takes stands in `ActuationSpec` with its source. Verbs that
//! replace replicas are in `rollout.rs`, drains in `drain.rs`.

use std::collections::BTreeSet;

use crate::model::{Action, Deed, Operation, OutcomeStatus, Strategy};
use crate::unit::{ActionId, Name, SimTime};

use super::Fleet;
use super::outbox::{Outbox, Timer};
use super::service::Template;

/// Largest replica, as a multiple of the spec's limits.
const LARGEST: f64 = 8.0;

/// What an order is given to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Index of a service.
    Service(usize),
    /// Index of a node.
    Node(usize),
    /// Index of a zone.
    Zone(usize),
}

/// An action under way that replaces no replica.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) number: u32,
    pub(super) action: ActionId,
    pub(super) deed: usize,
    pub(super) work: Work,
}

/// What such an action does when it is done.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Reconcile { service: usize },
    Rotate { service: usize },
    RotateSecret { service: usize },
    Open { service: usize, callee: usize },
    Shed { service: usize, share: f64 },
    FlagOff { service: usize, flag: String },
    Clean { target: Target },
    Shift { zone: usize, share: f64 },
    Drain { node: usize, until: SimTime },
}

impl Fleet {
    /// Begins `action` on `target`.
    pub fn begin(&mut self, target: Target, action: &Action, out: &mut Outbox) {
        let chance = self.streams.child("actuation").uniform(u64::from(action.id.0), 0);
        if chance < self.actuation.fail.get() {
            out.outcome(action.id, OutcomeStatus::Failed, "the platform refused the order");
            return;
        }
        let done = match target {
            Target::Service(service) if self.services[service].spec.external => {
                Err(format!("{} is not ours to change", action.target))
            }
            Target::Service(service) => self.carry_out(service, action, out),
            Target::Node(node) => self.on_machine(node, action, out),
            Target::Zone(zone) => self.on_zone(zone, action, out),
        };
        if let Err(why) = done {
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
            Operation::ScaleIn { replicas } => self.scale_in(service, action, *replicas, out),
            Operation::ScaleUp { factor } => self.scale_up(service, action, *factor, out),
            Operation::Restart => {
                let (template, history) = self.current(service);
                self.replace(service, action, template, history, Strategy::Rolling, out);
                Ok(())
            }
            _ => {
                let work = self.work_of(service, action)?;
                self.start(self.services[service].alive(), action, work, out);
                Ok(())
            }
        }
    }

    /// What a verb that replaces no replica asks of a service.
    fn work_of(&self, service: usize, action: &Action) -> Result<Work, String> {
        let owner = &self.services[service];
        let need = |there: bool, what: &str| {
            there.then_some(()).ok_or_else(|| format!("{} {what}", action.target))
        };
        match &action.operation {
            Operation::ReconcileConfig => {
                need(owner.drifted_keys() > 0, "has the desired configuration")?;
                Ok(Work::Reconcile { service })
            }
            Operation::OpenCircuit { callee } => {
                let found = self.index(callee);
                let callee = found.filter(|c| owner.edges.iter().any(|e| e.callee == *c));
                let callee = callee.ok_or_else(|| format!("{} does not call it", action.target))?;
                Ok(Work::Open { service, callee })
            }
            Operation::RotateCertificate => {
                need(owner.certificate_ends.is_some(), "has no certificate")?;
                Ok(Work::Rotate { service })
            }
            Operation::RotateSecret => {
                need(owner.secret.is_some(), "has no secret")?;
                Ok(Work::RotateSecret { service })
            }
            Operation::ShedLoad { share } => {
                let share = share_of(*share)?;
                need(share != owner.shed_share, "sheds as much already")?;
                Ok(Work::Shed { service, share })
            }
            Operation::DisableFlag { flag } => {
                need(owner.flags.contains_key(flag), &format!("has no flag {flag}"))?;
                need(owner.flag(flag), &format!("has flag {flag} off already"))?;
                Ok(Work::FlagOff { service, flag: flag.clone() })
            }
            Operation::CleanDisk => {
                need(owner.spec.disk.is_some(), "has no disk of its own")?;
                Ok(Work::Clean { target: Target::Service(service) })
            }
            Operation::Drain => Err(format!("{} is not a node", action.target)),
            Operation::ShiftTraffic { .. } => Err(format!("{} is not a zone", action.target)),
            other => unreachable!("{:?} replaces replicas or goes to people", other.verb()),
        }
    }

    fn on_machine(&mut self, node: usize, action: &Action, out: &mut Outbox) -> Result<(), String> {
        let before = self.on_node(node);
        match action.operation {
            Operation::Drain if self.nodes[node].cordoned && before == 0 => {
                Err(format!("{} is drained already", action.target))
            }
            Operation::Drain => {
                self.cordon(node, out);
                let until = out.now + self.actuation.deadline;
                self.start(before, action, Work::Drain { node, until }, out);
                Ok(())
            }
            Operation::CleanDisk => {
                self.start(before, action, Work::Clean { target: Target::Node(node) }, out);
                Ok(())
            }
            _ => Err(format!("{} is a node: it can be drained and cleaned", action.target)),
        }
    }

    fn on_zone(&mut self, zone: usize, action: &Action, out: &mut Outbox) -> Result<(), String> {
        let Operation::ShiftTraffic { share } = action.operation else {
            return Err(format!("{} is a zone: only its traffic can be shifted", action.target));
        };
        let share = share_of(share)?;
        if (1.0 - share - self.zones[zone].weight).abs() < 1e-9 {
            return Err(format!("{share} of the traffic of {} is shifted already", action.target));
        }
        self.start(0, action, Work::Shift { zone, share }, out);
        Ok(())
    }

    fn scale_in(
        &mut self,
        service: usize,
        action: &Action,
        replicas: u32,
        out: &mut Outbox,
    ) -> Result<(), String> {
        let owner = &self.services[service];
        // As on a real platform, nothing here keeps anybody from scaling to zero.
        if replicas >= owner.desired {
            let most = owner.desired.saturating_sub(1);
            return Err(format!("{replicas} replicas: expected at most {most}"));
        }
        let generation = owner.template.generation;
        let removed = owner.desired - replicas;
        let order = self.note(owner.name.clone(), owner.alive(), action, out);
        let deed = &mut out.record.deeds[order.1];
        (deed.replicas_touched, deed.replicas_down) = (removed, removed);
        self.services[service].desired = replicas;
        self.track(service, generation, Some(order), out, |_| {});
        Ok(())
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
        let order = self.note(owner.name.clone(), owner.alive(), action, out);
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
        let owner = &self.services[service];
        let order = Some(self.note(owner.name.clone(), owner.alive(), action, out));
        self.roll(service, template, history, order, strategy == Strategy::Canary, out);
    }

    fn start(&mut self, before: u32, action: &Action, work: Work, out: &mut Outbox) {
        let (id, deed) = self.note(action.target.clone(), before, action, out);
        let number = self.undertakings;
        self.undertakings += 1;
        let takes = &self.actuation;
        let (after, timer) = match work {
            Work::Reconcile { .. } => (takes.reconcile, Timer::Finish(number)),
            Work::Rotate { .. } => (takes.issue_certificate, Timer::Finish(number)),
            Work::RotateSecret { .. } => (takes.issue_secret, Timer::Finish(number)),
            Work::Open { .. } => (takes.switch_circuit, Timer::Finish(number)),
            Work::Shed { .. } => (takes.shed, Timer::Finish(number)),
            Work::FlagOff { .. } => (takes.switch_flag, Timer::Finish(number)),
            Work::Clean { .. } => (takes.clean_disk, Timer::Finish(number)),
            Work::Shift { .. } => (takes.shift_traffic, Timer::Finish(number)),
            Work::Drain { .. } => (takes.cordon, Timer::Drain(number)),
        };
        self.tasks.push(Task { number, action: id, deed, work });
        out.after(after, timer);
    }

    /// An action that replaces no replica is done; with bad luck, by half.
    pub(super) fn on_finish(&mut self, number: u32, out: &mut Outbox) {
        let position = self.tasks.iter().position(|t| t.number == number);
        let task = self.tasks.remove(position.expect("a task finishes once"));
        let chance = self.streams.child("actuation").uniform(u64::from(task.action.0), 1);
        let half = chance < self.actuation.partial.get();
        let part = if half { 0.5 } else { 1.0 };
        let whole = "done".to_owned();
        // Some things are done or not: they have no half.
        let (complete, detail) = match task.work {
            Work::Reconcile { service } => self.reconcile_config(service, out),
            Work::Rotate { service } => {
                self.rotate_certificate(service, part, out);
                (!half, if half { "half of the replicas read it".to_owned() } else { whole })
            }
            Work::RotateSecret { service } => {
                self.rotate_secret(service, part, out);
                (!half, if half { "half of the replicas read it".to_owned() } else { whole })
            }
            Work::Open { service, callee } => {
                let opened = self.open_circuit(service, callee, out.now);
                assert!(opened, "the call was there when the action began");
                (true, whole)
            }
            Work::Shed { service, share } => {
                self.services[service].shed_share = share * part;
                (!half, if half { format!("only {} is shed", share * part) } else { whole })
            }
            Work::FlagOff { service, flag } => {
                self.set_flag(service, &flag, false, out);
                (true, whole)
            }
            Work::Clean { target } => {
                let freed = self.clean(target, part);
                (!half, format!("{freed:.0} MiB freed"))
            }
            Work::Shift { zone, share } => {
                self.zones[zone].weight = 1.0 - share * part;
                (!half, if half { format!("only {} is shifted", share * part) } else { whole })
            }
            Work::Drain { .. } => unreachable!("a drain ends in drain.rs"),
        };
        out.record.deeds[task.deed].ended = Some(out.now);
        out.record.deeds[task.deed].complete = complete;
        let status = if complete { OutcomeStatus::Applied } else { OutcomeStatus::Partial };
        out.outcome(task.action, status, detail);
    }

    /// Says `Started` and opens the deed.
    fn note(
        &self,
        target: Name,
        replicas_before: u32,
        action: &Action,
        out: &mut Outbox,
    ) -> (ActionId, usize) {
        out.outcome(action.id, OutcomeStatus::Started, "under way");
        let (nodes, zones) = self.places_of(&target);
        out.record.deeds.push(Deed {
            began: out.now,
            ended: None,
            action: Some(action.id),
            verb: action.verb(),
            target,
            replicas_down: 0,
            replicas_touched: 0,
            replicas_before,
            fleet_before: self.size(),
            nodes,
            zones,
            complete: false,
            reverted: false,
        });
        (action.id, out.record.deeds.len() - 1)
    }

    /// Nodes and zones on which replicas of a service run, or the node or zone itself; by name.
    fn places_of(&self, target: &Name) -> (Vec<Name>, Vec<Name>) {
        let services = self.services.iter().filter(|s| s.name == *target);
        let carrying = services.flat_map(|s| s.replicas().filter_map(|r| r.node));
        let itself = self.nodes.iter().position(|node| node.name == *target);
        let on: BTreeSet<usize> = carrying.chain(itself).collect();
        let within = on.iter().map(|node| self.nodes[*node].zone);
        let zones: BTreeSet<usize> = within.chain(self.zone(target)).collect();
        let nodes = on.iter().map(|node| self.nodes[*node].name.clone()).collect();
        (nodes, zones.iter().map(|zone| self.zones[*zone].name.clone()).collect())
    }

    fn current(&self, service: usize) -> (Template, Vec<String>) {
        let owner = &self.services[service];
        (owner.template.clone(), owner.history.clone())
    }
}

fn share_of(share: f64) -> Result<f64, String> {
    let fine = (0.0..=1.0).contains(&share);
    fine.then_some(share).ok_or_else(|| format!("share {share}: expected from 0 to 1"))
}
