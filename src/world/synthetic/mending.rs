//! People put the fleet right by hand, once they have seen a page and had their time.
//!
//! In: a page that was acknowledged. Out: each fault that was there then is mended in its turn, by
//! an order to the platform or by removing its cause, and the person says so. What people do is a
//! deed without an action.

use super::{Control, Synthetic};
use crate::model::{Action, Answer, AnswerKind, Operation, OutcomeStatus, Risk};
use crate::unit::{ActionId, IncidentId, Name};
use crate::world::chaos::{NOT_THE_ENGINES, Repair};

impl Synthetic {
    /// A person saw a page: whatever is wrong now gets mended, one fault after the other.
    pub(super) fn take_in_hand(&mut self, seen: &Answer) {
        let mut free = self.out.now;
        for index in 0..self.faults.len() {
            let fault = &self.faults[index];
            let open = fault.began.is_some() && fault.ended.is_none() && !fault.in_hand;
            let Some(label) = fault.fault.label().filter(|_| open) else { continue };
            let Some(takes) = self.people.mends(index as u32, label.cause) else { return };
            free += takes;
            self.faults[index].in_hand = true;
            let (action, person) = (seen.action, seen.person.clone());
            self.schedule(free, Control::Mend { fault: index, page: action, person });
        }
    }

    /// The person is through with a fault.
    pub(super) fn mend(&mut self, index: usize, page: ActionId, person: Name) -> Option<Answer> {
        self.faults[index].in_hand = false;
        if self.faults[index].ended.is_some() {
            return None;
        }
        let detail = match self.faults[index].fault.repair() {
            Repair::Order { target, operation } => self.order_by_hand(&target, operation),
            Repair::Remove => None,
        };
        let detail = detail.unwrap_or_else(|| {
            self.with_fault(index, |fault, site| fault.end(site));
            let id = &self.faults[index].id;
            format!("removed the cause of {id}")
        });
        let (time, kind) = (self.out.now, AnswerKind::Fixed);
        Some(Answer { action: page, time, kind, person, detail })
    }

    /// Gives the platform an order; says what was done, `None` if it was refused.
    fn order_by_hand(&mut self, target: &Name, operation: Operation) -> Option<String> {
        let aim = self.target(target)?;
        self.orders_by_hand += 1;
        let id = ActionId(NOT_THE_ENGINES + self.orders_by_hand);
        let verb = operation.verb();
        let (outcomes, deeds) = (self.out.outcomes.len(), self.out.record.deeds.len());
        let action = Action {
            id,
            incident: IncidentId(0),
            target: target.clone(),
            operation,
            risk: Risk::Reversible,
            dry_run: false,
            reason: "by hand".to_owned(),
        };
        self.fleet.begin(aim, &action, &mut self.out);
        for deed in &mut self.out.record.deeds[deeds..] {
            deed.action = None;
        }
        let refused = self.out.outcomes[outcomes..]
            .iter()
            .any(|o| matches!(o.status, OutcomeStatus::Failed | OutcomeStatus::NotApplicable));
        (!refused).then(|| format!("{verb} of {target}"))
    }
}
