//! The twins of a small shop with a bad deploy: what each run and each action was worth.

use std::path::Path;

use super::*;
use crate::scenario::load_scenario;

/// A shop of three services; a bad deploy of `api` fails a third of its requests.
const SHOP: &str = "
version: 1
name: small
start: 2026-01-06T02:00:00Z
duration: 30m
seed: 3
fleet:
  objective: { service: web, availability: 0.99, latency_p99: 800ms, sustained: 2m }
  services:
    web: { replicas: 4, service_time: 5ms, calls: [{ to: api }, { to: ads, optional: true }] }
    api: { replicas: 4, service_time: 10ms, version: v2, previous_version: v1 }
    ads: { replicas: 8, service_time: 10ms }
load: { rate: 60 }
faults:
  - at: 10m
    bad_deploy: { service: api, version: v3, mode: error, error_ratio: 0.3 }
policy:
";

fn shop(policy: &str) -> Checked {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("small.yaml");
    let policy: String = policy.lines().map(|line| format!("  {line}\n")).collect();
    std::fs::write(&path, format!("{SHOP}{policy}")).unwrap();
    load_scenario(Path::new(&path)).unwrap()
}

fn played(policy: &str) -> (Trial, Twins) {
    let checked = shop(policy);
    let trial = super::super::scenario::run(&checked, 3).unwrap();
    let twins = twins_of(&checked, &trial).unwrap();
    (trial, twins)
}

const DEFAULT: &str = include_str!("../../../scenarios/policies/default.yaml");

#[test]
fn replaying_a_trials_own_orders_gives_its_own_record() {
    let (trial, twins) = played(DEFAULT);
    assert!(twins.faithful);
    let checked = shop(DEFAULT);
    let again = replay(&checked, 3, &orders(&trial.journal)).unwrap();
    assert_eq!(again.record, trial.record);
}

#[test]
fn the_rollback_is_worth_what_the_engine_saved_and_the_oracle_is_no_worse() {
    let (_, twins) = played(DEFAULT);
    let rollback = twins.actions.iter().find(|a| a.verb == crate::model::Verb::Rollback).unwrap();
    assert_eq!(rollback.class, Harm::Right);
    assert!(rollback.saved_minutes > 5.0, "{twins:?}");
    assert!(twins.saved_against_none.unwrap() > 5.0);
    assert!(twins.regret_minutes.unwrap() >= 0.0);
    assert_eq!(twins.rows.len(), 5);
    assert!(twins.oracle[0].contains("rollback of api"), "{:?}", twins.oracle);
}

#[test]
fn an_engine_that_does_nothing_is_its_own_twin() {
    let (_, twins) = played("version: 1\nname: idle\n");
    assert_eq!((twins.saved_against_none, twins.actions.len()), (Some(0.0), 0));
    assert_eq!(twins.rows[0].bad_minutes, twins.rows[1].bad_minutes);
}

#[test]
fn what_a_guardrail_wrongly_held_back_is_told() {
    let strict = DEFAULT.replace("default: 0.85", "default: 0.999");
    let (_, twins) = played(&strict);
    let held = twins.actions.iter().find(|a| a.held_back).unwrap();
    assert_eq!(held.class, Harm::BlockedWrongly, "{twins:?}");
    assert!(held.saved_minutes > 5.0);
}
