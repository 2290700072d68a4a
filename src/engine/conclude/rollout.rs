//! How sure one may be of a change while it is still rolling out.
//!
//! In: a case, an entity and a cause. Out: the most that its confidence may be, 0..=1. Every
//! rolling deploy makes fresh processes warm up: latency, CPU, memory and traffic bump and settle
//! again. Such soft signs count against a change only if they are still there when its rollout has
//! had time to settle; failures, kills, exceptions and climbing memory count at once. Limit: a
//! fixed time to settle; a fleet that takes longer to warm up is judged too early.

use super::{Case, Sign};
use crate::engine::case::{CHANGES, HORIZON, SICK_Z};
use crate::model::{Cause, EventKind, Role, SignalClass, names};
use crate::unit::{EntityId, SimDuration};

/// Time after a change in which warming up explains soft signs: image pull, start, caches, JIT.
const SETTLE: SimDuration = SimDuration::from_secs(120);
/// Belief in a change against which nothing but soft signs during its rollout speak.
const SOFT: f64 = 0.5;
/// Errors that a rollout may cost: connections cut off at processes that stop.
const ROLLOUT_ERRORS: f64 = 0.05;
/// Share of its excursion that a sign must still show to be there.
const STILL: f64 = 0.5;

/// The most that the confidence in this hypothesis may be.
pub(super) fn most(case: &Case<'_>, entity: EntityId, cause: Cause) -> f64 {
    if !matches!(cause, Cause::BadDeploy | Cause::ConfigDrift) {
        return 1.0;
    }
    let Some((change, _)) = case.change_before(entity, &CHANGES, HORIZON) else { return 1.0 };
    let settled = case.around.now.since(change.time) >= SETTLE && is_complete(case, entity);
    let proven = case
        .sick_signs(entity)
        .any(|sign| is_hard(case, sign) || settled && is_soft(sign) && lasts(case, sign));
    if proven || was_killed(case, entity) { 1.0 } else { SOFT }
}

/// Whether as many replicas are available as are wanted, as far as anybody says.
fn is_complete(case: &Case<'_>, entity: EntityId) -> bool {
    let around = &case.around;
    let pods = |metric: &str| {
        let mine = |m: &crate::model::SeriesMeta| {
            m.metric == metric && around.topology.service_of(m.entity) == entity
        };
        let series = around.series.iter().find(|(_, meta)| mine(meta));
        series.and_then(|(id, _)| around.history.latest(id))
    };
    match (pods(names::AVAILABLE_PODS), pods(names::DESIRED_PODS)) {
        (Some(available), Some(desired)) => available >= desired,
        _ => true,
    }
}

/// What warming up explains, but not for long: waiting, and memory that fills (heap, caches).
fn is_soft(sign: &Sign) -> bool {
    sign.climbs() || sign.role == Role::Latency && sign.callee.is_none()
}

/// What no warm-up explains.
fn is_hard(case: &Case<'_>, sign: &Sign) -> bool {
    match (sign.class, sign.role) {
        (SignalClass::Event, _) | (_, Role::Restarts) => true,
        (SignalClass::Log, _) => says_trouble(&sign.signal),
        (_, Role::Errors | Role::Availability) if sign.unit == "1" => {
            sign.excess().is_some_and(|excess| excess > ROLLOUT_ERRORS) && lasts(case, sign)
        }
        (_, Role::Errors | Role::Availability) => lasts(case, sign),
        _ => false,
    }
}

fn says_trouble(text: &str) -> bool {
    crate::engine::lexicon::trouble(0, text) >= 0.9
}

/// Whether the newest value still shows it; what has no series lasts as long as its alarm.
fn lasts(case: &Case<'_>, sign: &Sign) -> bool {
    let Some(series) = sign.series else { return sign.z >= SICK_Z };
    let newest = case.around.history.latest(series);
    match (newest, sign.before, sign.after) {
        (Some(newest), Some(before), Some(after)) => {
            (newest - before) * (after - before).signum() >= STILL * (after - before).abs()
        }
        _ => false,
    }
}

fn was_killed(case: &Case<'_>, entity: EntityId) -> bool {
    let killed = ["oom", "backoff", "crash"];
    case.around.events.iter().any(|event| {
        let reason = event.reason.to_lowercase();
        event.kind == EventKind::Kubernetes
            && event.time >= case.onset()
            && killed.iter().any(|word| reason.contains(word))
            && case.entity_of(event) == Some(entity)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::{ONSET, Shop};
    use super::*;
    use crate::model::names::{CPU_UTILIZATION, DURATION, ERROR_RATIO, MEMORY_UTILIZATION};

    #[track_caller]
    fn check(shop: &Shop, expected: f64) {
        let id = shop.topology().find("cart").unwrap();
        assert_eq!(shop.with_case(|case| most(case, id, Cause::BadDeploy)), expected);
    }

    fn fresh() -> Shop {
        let deploy = ONSET - SimDuration::from_secs(15);
        Shop::new().change(deploy, EventKind::Deploy, "cart").frames_after(3)
    }

    #[test]
    fn warming_up_is_no_proof_and_failing_is() {
        check(&fresh().step("cart", DURATION, 0.1, 0.9), SOFT);
        check(&fresh().step("cart", CPU_UTILIZATION, 0.3, 0.9), SOFT);
        check(&fresh().step("cart", MEMORY_UTILIZATION, 0.3, 0.8), SOFT);
        check(&fresh().step("cart", MEMORY_UTILIZATION, 0.3, 0.8).frames_after(20), 1.0);
        check(&fresh().step("cart", ERROR_RATIO, 0.0, 0.3), 1.0);
        check(&fresh().step("cart", ERROR_RATIO, 0.0, 0.03), SOFT);
        check(&fresh().step("cart", DURATION, 0.1, 0.9).event(ONSET, "cart", "OOMKilling"), 1.0);
        check(&fresh().step("cart", DURATION, 0.1, 0.9).frames_after(20), 1.0);
    }
}
