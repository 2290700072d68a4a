//! How sure one may be of failures that nobody else saw.
//!
//! In: a case and an entity. Out: the most that its confidence may be, 0..=1. Whoever calls a
//! service that fails sees its calls fail: the two ends of a call are measured apart. Where the
//! entity says that it fails and every measured caller says that its calls went well, one of them
//! is told under a wrong name, or lies, and nothing should be done on the word of one. Limit:
//! callers that do not measure their calls contradict nobody.

use super::Case;
use crate::engine::case::SICK_Z;
use crate::model::Role;
use crate::unit::EntityId;

/// Belief in what the other end of the calls denies.
const DENIED: f64 = 0.5;
/// Failed share of requests from which a caller cannot miss it.
const PLAIN: f64 = 0.05;

/// The most that the confidence in this entity may be.
pub(super) fn most(case: &Case<'_>, entity: EntityId) -> f64 {
    let failing = case.sick_signs(entity).any(|sign| {
        sign.role == Role::Errors
            && sign.callee.is_none()
            && sign.series.is_some()
            && sign.unit == "1"
            && sign.excess().is_some_and(|excess| excess >= PLAIN)
    });
    let seen = case.views_of(entity).any(|sign| sign.z >= SICK_Z);
    if failing && !seen && is_viewed(case, entity) { DENIED } else { 1.0 }
}

/// Whether a caller's measure of failed calls to the entity has a value now.
fn is_viewed(case: &Case<'_>, entity: EntityId) -> bool {
    let around = &case.around;
    let name = around.topology.name(entity).as_str();
    around.series.iter().take(around.history.width()).any(|(id, meta)| {
        meta.role == Role::Errors
            && meta.labels.get("callee").is_some_and(|callee| callee == name)
            && around.history.latest(id).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::Shop;
    use super::*;
    use crate::model::names::ERROR_RATIO;

    #[track_caller]
    fn check(shop: &Shop, expected: f64) {
        let id = shop.topology().find("cart").unwrap();
        assert_eq!(shop.with_case(|case| most(case, id)), expected);
    }

    #[test]
    fn failures_that_every_caller_denies_are_half_believed() {
        let fails = || Shop::new().step("cart", ERROR_RATIO, 0.001, 0.4);
        check(&fails(), 1.0);
        check(&fails().failing_calls("web", "cart", 0.001, 0.4), 1.0);
        check(&fails().failing_calls("web", "cart", 0.001, 0.001), DENIED);
        check(&Shop::new().failing_calls("web", "cart", 0.001, 0.001), 1.0);
    }
}
