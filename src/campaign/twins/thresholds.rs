//! L1, adaptive: fixed rules on single metrics, and an autoscaler. No diagnosis, no guardrails.
//!
//! In: metrics and deploy events of each service. Out: rollback when errors follow a deploy, more
//! replicas on busy processors, a restart on full memory, reconciliation on drift, rotation before
//! expiry. Each rule has a rest. Source: the article's L1 (workflows), pattern 1 (errors after a
//! deploy), pattern 3 (drift), pattern 5 (certificates) and its Datadog workflow; the Kubernetes
//! horizontal pod autoscaler's formula. Limit: rules do not know of each other, as in practice.

use std::collections::BTreeMap;

use super::probes::act;
use crate::engine::Engine;
use crate::model::{Decision, EntityKind, EventKind, Operation, StepInput, Strategy, Verb, names};
use crate::unit::{EntityId, Name, SimDuration, SimTime};

/// Frames in a row that a rule must see.
const HELD: u32 = 2;
/// Error ratio after a deploy that is rolled back (pattern 1).
const ERRORS: f64 = 0.05;
/// How long a deploy is watched (pattern 1: 5 to 15 minutes).
const WATCHED: SimDuration = SimDuration::from_secs(900);
/// Processor utilisation that the autoscaler reacts to, and the one that it aims at.
const BUSY: f64 = 0.8;
const AIM: f64 = 0.6;
/// Memory utilisation that is restarted.
const FULL: f64 = 0.9;
/// Time left of a certificate that is rotated, seconds.
const EXPIRING_S: f64 = 86_400.0;

/// L1.
#[derive(Debug, Default)]
pub(super) struct Thresholds {
    deploys: BTreeMap<Name, SimTime>,
    held: BTreeMap<(EntityId, Verb), u32>,
    rests: BTreeMap<(EntityId, Verb), SimTime>,
    started: BTreeMap<EntityId, f64>,
    acts: u32,
}

impl Engine for Thresholds {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        for event in input.batch.events.iter().filter(|e| e.kind == EventKind::Deploy) {
            if let (Some(entity), "deploy") = (&event.entity, event.reason.as_str()) {
                self.deploys.insert(entity.clone(), event.time);
            }
        }
        if !input.batch.has_frame {
            return;
        }
        for (service, entity) in input.topology.iter() {
            if entity.kind != EntityKind::Service {
                continue;
            }
            for (operation, fires, rest) in self.rules(input, service, &entity.name) {
                self.fire(input.now, (service, &entity.name), operation, (fires, rest), out);
            }
        }
    }

    fn reads_lines(&self) -> bool {
        false
    }
}

/// An operation, whether its rule fires in this frame, and its rest in minutes.
type Fired = (Operation, bool, i64);

impl Thresholds {
    fn rules(&mut self, input: &StepInput<'_>, service: EntityId, name: &Name) -> Vec<Fired> {
        let values = |metric: &str| -> Vec<f64> {
            let own = input.series.iter().filter(|(_, m)| {
                m.metric == metric && input.topology.service_of(m.entity) == service
            });
            own.filter_map(|(id, _)| input.batch.frame.get(id)).collect()
        };
        let most = |metric: &str| values(metric).into_iter().reduce(f64::max);
        let busy = {
            let all = values(names::CPU_UTILIZATION);
            (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
        };
        let fresh = self.deploys.get(name).is_some_and(|at| input.now.since(*at) <= WATCHED);
        let pods = most(names::DESIRED_PODS).unwrap_or(1.0);
        let first = *self.started.entry(service).or_insert(pods);
        let wanted = (pods * busy.unwrap_or(0.0) / AIM).ceil().min(first * 2.0);
        let errors = most(names::ERROR_RATIO).unwrap_or(0.0);
        let left = values(names::CERTIFICATE_TIME_LEFT).into_iter().reduce(f64::min);
        let rollback = Operation::Rollback { version: None, strategy: Strategy::Canary };
        vec![
            (rollback, fresh && errors > ERRORS, 60),
            (
                Operation::ScaleOut { replicas: wanted as u32 },
                busy.is_some_and(|b| b > BUSY) && wanted > pods,
                5,
            ),
            (Operation::Restart, most(names::MEMORY_UTILIZATION).is_some_and(|m| m > FULL), 15),
            (Operation::RotateCertificate, left.is_some_and(|s| s < EXPIRING_S), 60),
            (Operation::ReconcileConfig, most(names::CONFIG_DRIFT).is_some_and(|d| d > 0.0), 30),
        ]
    }

    fn fire(
        &mut self,
        now: SimTime,
        (service, name): (EntityId, &Name),
        operation: Operation,
        (fires, rest): (bool, i64),
        out: &mut Vec<Decision>,
    ) {
        let key = (service, operation.verb());
        let held = self.held.entry(key).or_default();
        *held = if fires { *held + 1 } else { 0 };
        if *held < HELD || self.rests.get(&key).is_some_and(|until| now < *until) {
            return;
        }
        *held = 0;
        self.rests.insert(key, now + SimDuration::from_secs(rest * 60));
        self.acts += 1;
        out.push(Decision::Act(act(self.acts, name.clone(), operation)));
    }
}
