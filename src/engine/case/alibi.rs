//! Who is excused: an entity that fails no more than its calls to what nobody sees inside.
//!
//! In: a case and an entity. Out: the callee that explains it. What is not ours is seen through its
//! caller's client only, and so is what happens on the way to a callee that is well by its own
//! account (`gaps`): the caller always looks as sick and shows it in more ways. But a caller whose
//! failures (else whose waiting) are those of its calls, that shows nothing inside and whose last
//! change served well for a while before, has done nothing; nor have its own callers. A change that
//! fails, fails from its first requests on; one that leaks shows what it leaks. Source: own, after
//! owned symptoms in Groot (ASE 2021). Limit: a new version that asks the outside wrongly only
//! after a while is excused too.

use super::{CHANGES, Case, HORIZON, Sign};
use crate::model::{EntityKind, Role, SignalClass};
use crate::unit::{EntityId, SimDuration};

/// Share of its symptom that the calls must explain: sampling of either end leaves the rest.
const EXPLAINED: f64 = 0.8;
/// A change that served so long without the symptom, a few scrapes, is not what it comes from.
const SERVED: SimDuration = SimDuration::from_secs(60);
/// An alibi is followed along so many calls.
const MOST_CALLS: usize = 4;

impl Case<'_> {
    /// The callee that explains what an entity shows, if one does that cannot answer for itself.
    #[must_use]
    pub fn excused_by(&self, entity: EntityId) -> Option<EntityId> {
        self.excused_within(entity, MOST_CALLS)
    }

    fn excused_within(&self, entity: EntityId, calls: usize) -> Option<EntityId> {
        let further = calls.checked_sub(1)?;
        let own = [Role::Errors, Role::Latency]
            .into_iter()
            .find_map(|role| self.symptoms(entity, role).find(|sign| sign.callee.is_none()))?;
        let served = |sign: &Sign| {
            let change = self.change_before(entity, &CHANGES, HORIZON);
            change.is_none_or(|(change, _)| sign.since.since(change.time) >= SERVED)
        };
        if !served(own) || self.shows_inside(entity) {
            return None;
        }
        let explains = |sign: &&Sign| excess(sign) >= EXPLAINED * excess(own) && served(sign);
        let is_out = |callee: &EntityId| {
            self.around.topology.get(*callee).kind == EntityKind::External
                || *callee != entity
                    && (self.excused_within(*callee, further).is_some()
                        || self.is_cut_off(entity, *callee))
        };
        let views = self.symptoms(entity, own.role).filter(|sign| sign.callee.is_some());
        views.filter(explains).filter_map(|sign| sign.callee).find(is_out)
    }

    /// An entity's own symptoms of one sort and its views of those of callees, strongest first.
    pub(super) fn symptoms(&self, entity: EntityId, role: Role) -> impl Iterator<Item = &Sign> {
        let comparable = |sign: &Sign| match sign.role {
            Role::Errors => sign.unit == "1",
            _ => !sign.signal.contains("stat=") || sign.signal.contains("stat=mean"),
        };
        self.sick_signs(entity).filter(move |sign| {
            sign.class == SignalClass::Metric && sign.role == role && comparable(sign)
        })
    }

    /// Whether anything ails it that no callee can do to it.
    fn shows_inside(&self, entity: EntityId) -> bool {
        let inside = |sign: &Sign| match sign.role {
            _ if sign.callee.is_some() => false,
            Role::Memory => sign.climbs(),
            Role::Restarts | Role::Disk | Role::Drift | Role::Expiry => true,
            _ => false,
        };
        self.sick_signs(entity).any(inside)
            || self.full(entity).any(|full| matches!(full.role, Role::Memory | Role::Disk))
    }
}

fn excess(sign: &Sign) -> f64 {
    sign.excess().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{ONSET, Shop};
    use super::*;
    use crate::model::EventKind;
    use crate::model::names::{DURATION, MEMORY_UTILIZATION};

    #[track_caller]
    fn check(shop: &Shop, expected: Option<&str>) {
        let cart = shop.topology().find("cart").unwrap();
        let found = shop.with_case(|case| case.excused_by(cart));
        assert_eq!(found.map(|id| shop.name(id)), expected);
    }

    #[test]
    fn who_suffers_no_more_than_its_calls_outside_is_excused() {
        let shop = |own: f64, theirs: f64| {
            Shop::new().step("cart", DURATION, 0.1, own).edge_step("cart", "pay", 0.05, theirs)
        };
        let deployed = |secs| {
            shop(0.9, 0.85).change(ONSET - SimDuration::from_secs(secs), EventKind::Deploy, "cart")
        };
        check(&shop(0.9, 0.85), Some("pay"));
        check(&shop(1.9, 0.85), None);
        check(&shop(0.9, 0.85).step("cart", MEMORY_UTILIZATION, 0.3, 0.6), None);
        check(&deployed(120), Some("pay"));
        check(&deployed(30), None);
        let inside = || Shop::new().step("cart", DURATION, 0.1, 0.9);
        let calls = || inside().edge_step("cart", "db", 0.05, 0.85);
        check(&calls().step("db", DURATION, 0.05, 0.8), None);
        check(&calls(), Some("db"));
    }
}
