//! Back pressure: who waits for a slow callee with all that it has, and so looks sick itself.
//!
//! In: a case and an entity. Out: the callee that holds it up. A request holds a thread of its
//! caller as long as the callee takes; when that gets longer than the caller's whole work was, the
//! threads (or connections) are all taken, and what comes queues at the caller, whose waiting and
//! failing then exceed the callee's by far. What was used up before the callee got slow was used up
//! otherwise (a leak). Source: Little's law; back pressure as in Gan et al.,
//! "Seer" (ASPLOS 2019). Limit: a caller whose retries made the callee slow is excused as well.

use super::{Case, SICK_Z, Sign, USED_UP};
use crate::model::{Role, SignalClass, names};
use crate::unit::{EntityId, SimTime};

/// Growth of a queue from which it is more than the wobble of a busy service.
const QUEUED: f64 = 3.0;

impl Case<'_> {
    /// The callee that holds an entity up: its threads or connections are used up, or its requests
    /// queue although its processors are free, and they wait for a callee that is slow or does not
    /// answer.
    #[must_use]
    pub fn held_up_by(&self, entity: EntityId) -> Option<EntityId> {
        let since = self.stuck_since(entity)?;
        let usual = self.sick_signs(entity).find(|sign| is_latency(sign, None))?.before?;
        let slow = |sign: &&Sign| {
            let of = match sign.callee {
                Some(_) => sign.entity == entity,
                None => self.around.topology.callees(entity).any(|c| c == sign.entity),
            };
            let holds = sign.excess().is_some_and(|excess| excess >= usual);
            sign.z >= SICK_Z && is_latency(sign, sign.callee) && of && holds && sign.since <= since
        };
        let worst = self.signs.iter().filter(slow).max_by(|a, b| a.z.total_cmp(&b.z))?;
        worst.callee.or(Some(worst.entity)).filter(|callee| *callee != entity)
    }

    /// Whether its threads or connections were scarce before `time`: what leaks is not waited for.
    pub(super) fn was_short_before(&self, entity: EntityId, time: SimTime) -> bool {
        self.full(entity).any(|full| full.role == Role::Saturation && full.since < time)
    }

    /// Since when requests wait in it for something other than its processors.
    fn stuck_since(&self, entity: EntityId) -> Option<SimTime> {
        let spent = self
            .full(entity)
            .filter(|full| full.role == Role::Saturation && full.share >= USED_UP)
            .map(|full| full.since)
            .min();
        let busy = || self.full(entity).any(|f| f.role == Role::Cpu && f.share >= USED_UP);
        let queues = |sign: &&Sign| {
            sign.signal.starts_with(names::QUEUE_LENGTH)
                && sign.after.zip(sign.before).is_some_and(|(now, was)| now >= was * QUEUED)
        };
        let queued = || self.sick_signs(entity).filter(queues).map(|sign| sign.since).min();
        spent.or_else(|| queued().filter(|_| !busy()))
    }
}

/// Mean latency in seconds, of the entity itself or as it sees it of a callee.
fn is_latency(sign: &Sign, callee: Option<EntityId>) -> bool {
    sign.role == Role::Latency
        && sign.class == SignalClass::Metric
        && sign.callee == callee
        && sign.unit == "s"
        && (!sign.signal.contains("stat=") || sign.signal.contains("stat=mean"))
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::Shop;
    use crate::model::names::{CPU_UTILIZATION, DURATION, QUEUE_LENGTH, THREADS_UTILIZATION};

    #[track_caller]
    fn check(shop: &Shop, expected: Option<&str>) {
        let cart = shop.topology().find("cart").unwrap();
        let found = shop.with_case(|case| case.held_up_by(cart));
        assert_eq!(found.map(|id| shop.name(id)), expected);
    }

    /// cart waits nine seconds, of which its calls to db explain `view`.
    fn waiting(view: f64) -> Shop {
        Shop::new().step("cart", DURATION, 0.1, 9.0).edge_step("cart", "db", 0.01, view)
    }

    fn queued(shop: Shop) -> Shop {
        shop.level("cart", QUEUE_LENGTH, "{request}", 1.0).step("cart", QUEUE_LENGTH, 1.0, 200.0)
    }

    #[test]
    fn who_queues_for_a_slow_callee_with_free_processors_is_held_up() {
        check(&waiting(0.9), None);
        check(&queued(waiting(0.9)), Some("db"));
        check(&queued(waiting(0.05)), None);
        check(&queued(waiting(0.9)).step("cart", CPU_UTILIZATION, 0.3, 0.97), None);
        let threads = waiting(0.9).level("cart", THREADS_UTILIZATION, "1", 0.1);
        check(&threads.step("cart", THREADS_UTILIZATION, 0.1, 1.0), Some("db"));
    }
}
