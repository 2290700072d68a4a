//! Draining a node: cordon it, evict what stands on it, within disruption budgets.
//!
//! In: an order. Out: replicas evicted, tried anew every 5 s while a budget forbids it (as `kubectl
//! drain` does), and an outcome. A service without a budget loses all its replicas on the node at
//! once, as the eviction API does by default.

use crate::model::OutcomeStatus;
use crate::unit::SimDuration;

use super::Fleet;
use super::actuator::Work;
use super::outbox::{Outbox, Timer};
use super::replica::Phase;

/// Time between two tries.
const RETRY: SimDuration = SimDuration::from_secs(5);

impl Fleet {
    /// Keeps new replicas off a node.
    pub fn cordon(&mut self, node: usize, out: &mut Outbox) {
        if !std::mem::replace(&mut self.nodes[node].cordoned, true) {
            let name = self.nodes[node].name.clone();
            out.kubernetes(&name, "NodeNotSchedulable", &[]);
        }
    }

    /// Replicas on a node, in any phase.
    #[must_use]
    pub fn on_node(&self, node: usize) -> u32 {
        let all = self.services.iter().flat_map(|s| s.replicas());
        all.filter(|r| r.node == Some(node)).count() as u32
    }

    /// One try to evict what is left.
    pub(super) fn on_drain(&mut self, number: u32, out: &mut Outbox) {
        let Some(position) = self.tasks.iter().position(|t| t.number == number) else { return };
        let task = self.tasks[position].clone();
        let Work::Drain { node, until } = task.work else { return };
        let deed = &out.record.deeds[task.deed];
        let mut worst = (deed.replicas_down, deed.replicas_before);
        for service in 0..self.services.len() {
            let evicted = self.evict_within_budget(service, node, out);
            out.record.deeds[task.deed].replicas_touched += evicted;
            self.reconcile(service, out);
            let owner = &self.services[service];
            if evicted > 0 {
                let short = owner.desired.saturating_sub(owner.ready());
                // A node is emptied by nature; what counts is what the worst-hit service keeps.
                if short * worst.1 > worst.0 * owner.desired {
                    worst = (short, owner.desired);
                }
            }
        }
        let deed = &mut out.record.deeds[task.deed];
        (deed.replicas_down, deed.replicas_before) = worst;
        let left = self.on_node(node);
        if left > 0 && out.now < until {
            out.after(RETRY, Timer::Drain(number));
            return;
        }
        self.tasks.remove(position);
        deed.ended = Some(out.now);
        deed.complete = left == 0;
        let moved = deed.replicas_touched;
        if left == 0 {
            out.outcome(task.action, OutcomeStatus::Applied, format!("{moved} replicas moved"));
        } else {
            let detail = format!("{left} replicas left: their disruption budgets forbid eviction");
            out.outcome(task.action, OutcomeStatus::Partial, detail);
        }
    }

    fn evict_within_budget(&mut self, service: usize, node: usize, out: &mut Outbox) -> u32 {
        let mut evicted = 0;
        for slot in 0..self.services[service].slots.len() {
            let owner = &self.services[service];
            let Some(replica) = owner.slots[slot].as_ref().filter(|r| r.node == Some(node)) else {
                continue;
            };
            let ready = replica.phase == Phase::Ready;
            let spare = owner.spec.min_available.is_none_or(|least| owner.ready() > least);
            if ready && !spare {
                continue;
            }
            self.evict(service, slot, "the node is drained", out);
            evicted += 1;
        }
        evicted
    }
}
