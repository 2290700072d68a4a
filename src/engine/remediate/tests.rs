//! When remedies make sense: each precondition with a patient that meets it and one that does not.

use std::collections::BTreeMap;

use super::super::case_fixture::{ONSET, Shop};
use super::*;
use crate::catalog::find;
use crate::model::names::{
    CERTIFICATE_TIME_LEFT, CONFIG_DRIFT, CPU_UTILIZATION, LEASE_TIME_LEFT, MEMORY_UTILIZATION,
    REQUEST_RATE, THREADS_UTILIZATION, VOLUME_UTILIZATION,
};
use crate::model::{Cause, Hypothesis};
use crate::unit::Ratio;

fn with_patient<T>(
    shop: &Shop,
    remedy: &str,
    then: impl Fn(&(dyn Remedy + Send), &Patient<'_>) -> T,
) -> T {
    let spec: Spec = serde_saphyr::from_str(remedy).unwrap();
    let entry = find("remedy", catalog::ALL, &spec.kind).unwrap();
    let remedy = (entry.build)(&spec).unwrap();
    let hypothesis = Hypothesis {
        entity: "cart".into(),
        cause: Cause::ResourceExhaustion,
        confidence: Ratio::clamped(0.9),
        evidence: Vec::new(),
    };
    let fleet = FleetSize::of(BTreeMap::new());
    shop.with_case(|case| {
        then(remedy.as_ref(), &Patient { case, hypothesis: &hypothesis, fleet: &fleet })
    })
}

#[track_caller]
fn check(shop: &Shop, remedy: &str, applies: bool) {
    let found = with_patient(shop, remedy, |remedy, patient| remedy.prescribe(patient));
    assert_eq!(found.is_ok(), applies, "{found:?}");
}

/// A service with a share of a resource that it did not use before.
fn spent(metric: &str, now: f64) -> Shop {
    Shop::new().level("cart", metric, "1", 0.2).step("cart", metric, 0.2, now)
}

#[test]
fn a_restart_frees_what_processes_hold_and_no_work_and_no_disk() {
    let restart = "restart: { when_leaked: true }";
    check(&Shop::new().step("cart", MEMORY_UTILIZATION, 0.3, 0.95), restart, true);
    check(&spent(THREADS_UTILIZATION, 1.0), restart, true);
    check(&spent(THREADS_UTILIZATION, 1.0).step("cart", CPU_UTILIZATION, 0.3, 1.0), restart, false);
    check(&Shop::new().step("cart", CPU_UTILIZATION, 0.3, 1.0), restart, false);
    check(&spent(VOLUME_UTILIZATION, 1.0), restart, false);
    check(&Shop::new(), restart, false);
    check(&Shop::new(), "restart: {}", true);
}

#[test]
fn a_circuit_is_opened_for_a_load_that_is_retries() {
    let open = "open_circuit: { when_amplified: true }";
    let asked = |now| Shop::new().step("cart", REQUEST_RATE, 100.0, now);
    check(&asked(500.0), open, true);
    check(&asked(200.0), open, false);
    check(&asked(500.0).step("web", REQUEST_RATE, 100.0, 500.0), open, false);
    check(&asked(200.0), "open_circuit: {}", true);
}

#[test]
fn what_is_as_it_should_be_is_not_put_back() {
    let drift = |keys| Shop::new().level("cart", CONFIG_DRIFT, "{key}", keys);
    check(&drift(0.0), "reconcile_config: {}", false);
    check(&drift(1.0), "reconcile_config: {}", true);
    check(&Shop::new(), "reconcile_config: {}", true);
    let lease = || Shop::new().level("cart", LEASE_TIME_LEFT, "s", 0.0);
    check(&lease(), "rotate_certificate: {}", false);
    let both = lease().level("cart", CERTIFICATE_TIME_LEFT, "s", 0.0);
    check(&both, "rotate_certificate: {}", true);
    check(&Shop::new(), "rotate_certificate: {}", true);
}

#[test]
fn a_cleaning_held_if_the_disk_had_room_since() {
    let held = |shop: &Shop, secs| {
        with_patient(shop, "clean_disk: {}", |remedy, patient| {
            remedy.held(patient, ONSET - SimDuration::from_secs(secs))
        })
    };
    assert!(held(&spent(VOLUME_UTILIZATION, 1.0), 60), "it had room a minute before the onset");
    assert!(!held(&spent(VOLUME_UTILIZATION, 1.0), -15), "it has been full since");
    assert!(!held(&Shop::new(), 60), "nobody measures it");
}
