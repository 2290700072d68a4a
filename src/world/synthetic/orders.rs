//! An order reaches the platform or a person.
//!
//! In: an action whose time has come. Out: outcomes, and an acknowledgement later. A dry run and
//! an unknown target change nothing; everything else is the fleet's to answer.

use super::{Control, Synthetic};
use crate::model::{Action, Answer, AnswerKind, Batch, EntityKind, Operation, OutcomeStatus};
use crate::unit::Name;
use crate::world::chaos::Executor;
use crate::world::fleet::Target;

impl Synthetic {
    /// The platform takes up an action.
    pub(super) fn order(&mut self, action: &Action) {
        if action.dry_run {
            self.out.outcome(action.id, OutcomeStatus::NotApplicable, "dry run");
            return;
        }
        if matches!(action.operation, Operation::PageOnCall { .. }) {
            self.out.outcome(action.id, OutcomeStatus::Started, "page sent");
            self.out.outcome(action.id, OutcomeStatus::Applied, "page delivered");
            if let Some(answer) = self.people.page(action.id, self.out.now) {
                self.schedule(answer.time, Control::Answer(answer));
            }
            return;
        }
        match self.around.executor.values().max() {
            Some(Executor::Refuses) => {
                let why = "the executor of orders is down";
                self.out.outcome(action.id, OutcomeStatus::Failed, why);
                return;
            }
            Some(Executor::Hangs) => {
                self.around.stalled.push(action.clone());
                return;
            }
            None => {}
        }
        match self.target(&action.target) {
            Some(target) => self.fleet.begin(target, action, &mut self.out),
            None => {
                let detail = format!("there is no {}", action.target);
                self.out.outcome(action.id, OutcomeStatus::NotApplicable, detail);
            }
        }
    }

    /// What an action is meant for; an action on a replica is one on its service.
    pub(super) fn target(&self, name: &Name) -> Option<Target> {
        let id = self.topology.find(name).ok()?;
        let name = self.topology.name(self.topology.service_of(id));
        match self.topology.get(id).kind {
            EntityKind::Node => self.fleet.node(name).map(Target::Node),
            EntityKind::Zone => self.fleet.zone(name).map(Target::Zone),
            _ => self.fleet.index(name).map(Target::Service),
        }
    }

    /// A person says something.
    pub(super) fn answer(&mut self, answer: Answer, batch: &mut Batch) {
        match answer.kind {
            AnswerKind::Acknowledged => self.take_in_hand(&answer),
            _ => self.people.answered(answer.action),
        }
        batch.answers.push(answer);
    }
}
