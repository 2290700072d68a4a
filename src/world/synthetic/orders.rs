//! An order reaches the platform or a person.
//!
//! In: an action whose time has come. Out: outcomes, and an acknowledgement later. A dry run and
//! an unknown target change nothing; everything else is the fleet's to answer.

use super::{Control, Synthetic};
use crate::model::{Action, Answer, AnswerKind, Batch, Operation, OutcomeStatus};
use crate::world::chaos::Executor;

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
        let found = self.topology.find(&action.target).map(|id| self.topology.service_of(id));
        let service = found.ok().and_then(|id| self.fleet.index(self.topology.name(id)));
        match service {
            Some(service) => self.fleet.begin(service, action, &mut self.out),
            None => {
                let detail = format!("there is no {}", action.target);
                self.out.outcome(action.id, OutcomeStatus::NotApplicable, detail);
            }
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
