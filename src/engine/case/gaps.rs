//! Calls whose ends disagree: the caller waits or fails, and the callee knows nothing of it.
//!
//! In: a case and the two ends of a call. Out: whether what the caller sees is lost between the
//! two, and on the callee's side. What lies between belongs to the end whose other calls have such
//! gaps too; if neither has more of them, to the callee, as all that the caller calls besides is
//! well. Source: client less server time as in Gan et al., "Sage" (ASPLOS 2021); the same rule for
//! traces is in `waits`. Limit: callers that do not measure their calls see no gap.

use super::{Case, Sign};
use crate::model::Role;
use crate::unit::EntityId;

/// Share of what a caller sees that the callee's own account must leave unexplained.
const UNEXPLAINED: f64 = 0.5;
/// Growth of the caller's use of its processors from which it may be what is slow at its end.
const BUSIER: f64 = 1.5;

impl Case<'_> {
    /// Whether calls go wrong between a caller and a callee, and on the callee's side.
    #[must_use]
    pub fn is_cut_off(&self, caller: EntityId, callee: EntityId) -> bool {
        let busier = |sign: &Sign| {
            let grown = |(now, was): (f64, f64)| now >= was * BUSIER;
            sign.role == Role::Cpu && sign.after.zip(sign.before).is_some_and(grown)
        };
        self.has_gap(caller, callee)
            && !self.sick_signs(caller).any(busier)
            && !self.is_short(caller, callee)
            && self.gaps(caller, callee) <= self.gaps(callee, caller)
    }

    /// Whether the caller ran out of threads or connections before its calls got slow.
    fn is_short(&self, caller: EntityId, callee: EntityId) -> bool {
        let waits = self.sick_signs(caller).filter(|sign| sign.callee == Some(callee));
        let since = waits.filter(|s| s.role.is_symptom()).map(|sign| sign.since).min();
        since.is_some_and(|since| self.was_short_before(caller, since))
    }

    /// Whether the caller sees of its calls what the callee does not have.
    pub fn has_gap(&self, caller: EntityId, callee: EntityId) -> bool {
        [Role::Errors, Role::Latency].into_iter().any(|role| {
            let worst = |of: EntityId, to: Option<EntityId>| {
                let signs = self.symptoms(of, role).filter(|sign| sign.callee == to);
                signs.filter_map(Sign::excess).fold(0.0, f64::max)
            };
            let seen = worst(caller, Some(callee));
            seen > 0.0 && worst(callee, None) <= seen * (1.0 - UNEXPLAINED)
        })
    }

    /// Share of the calls of one end, those with the other left out, that have a gap.
    fn gaps(&self, end: EntityId, other: EntityId) -> f64 {
        let topology = self.around.topology;
        let out = topology.callees(end).map(|callee| (end, callee));
        let calls = out.chain(topology.callers(end).map(|caller| (caller, end)));
        let (mut all, mut bad) = (0.0, 0.0);
        for (caller, callee) in calls.filter(|(a, b)| a != b && *a != other && *b != other) {
            all += 1.0;
            bad += f64::from(u8::from(self.has_gap(caller, callee)));
        }
        if all > 0.0 { bad / all } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::Shop;
    use crate::model::names::{CPU_UTILIZATION, DURATION};

    #[track_caller]
    fn check(shop: &Shop, expected: bool) {
        let id = |name| shop.topology().find(name).unwrap();
        assert_eq!(shop.with_case(|case| case.is_cut_off(id("cart"), id("db"))), expected);
    }

    #[test]
    fn a_gap_is_the_callees_unless_the_callers_other_calls_have_one_too() {
        let slow = || Shop::new().edge_step("cart", "db", 0.1, 0.9);
        check(&Shop::new(), false);
        check(&slow(), true);
        check(&slow().step("db", DURATION, 0.1, 0.9), false);
        check(&slow().step("cart", CPU_UTILIZATION, 0.3, 0.6), false);
        check(&slow().failing_calls("web", "cart", 0.001, 0.4), false);
    }
}
