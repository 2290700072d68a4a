//! L0, reactive: health probes restart what does not answer. Nothing else is done.
//!
//! In: error ratios and ready replicas of each service. Out: a restart after `FAILURES` failed
//! probes in a row, then a back-off that doubles, as a kubelet does. Source: the article's L0;
//! Kubernetes liveness probes (failureThreshold 3) and CrashLoopBackOff. Limit: probes services,
//! not replicas; that killed containers are started again is the fleet's own doing in every twin.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::model::{Action, Decision, EntityKind, Operation, Risk, StepInput, names};
use crate::unit::{ActionId, EntityId, IncidentId, SimDuration, SimTime};

/// Failed probes in a row before a restart.
const FAILURES: u32 = 3;
/// Share of failed requests from which a probe fails.
const SICK: f64 = 0.5;
/// First back-off after a restart.
const BACK_OFF: SimDuration = SimDuration::from_secs(300);
/// Longest back-off.
const LONGEST: SimDuration = SimDuration::from_secs(1800);

/// The probes of one service.
#[derive(Debug, Clone, Default)]
struct Probe {
    failed: u32,
    rests_until: Option<SimTime>,
    restarts: u32,
}

/// L0.
#[derive(Debug, Default)]
pub(super) struct Probes {
    probes: BTreeMap<EntityId, Probe>,
    acts: u32,
}

impl Engine for Probes {
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>) {
        if !input.batch.has_frame {
            return;
        }
        let now = input.now;
        for (service, entity) in input.topology.iter() {
            if entity.kind != EntityKind::Service {
                continue;
            }
            let sick = is_sick(input, service);
            let probe = self.probes.entry(service).or_default();
            probe.failed = if sick { probe.failed + 1 } else { 0 };
            if probe.failed < FAILURES || probe.rests_until.is_some_and(|until| now < until) {
                continue;
            }
            let rest = BACK_OFF.scaled(f64::from(1u32 << probe.restarts.min(3))).min(LONGEST);
            probe.rests_until = Some(now + rest);
            probe.restarts += 1;
            probe.failed = 0;
            self.acts += 1;
            out.push(Decision::Act(act(self.acts, entity.name.clone(), Operation::Restart)));
        }
    }

    fn reads_lines(&self) -> bool {
        false
    }
}

fn is_sick(input: &StepInput<'_>, service: EntityId) -> bool {
    let value = |metric: &str| {
        let mut own =
            input.series.iter().filter(|(_, m)| m.entity == service && m.metric == metric);
        own.find_map(|(id, _)| input.batch.frame.get(id))
    };
    let failing = value(names::ERROR_RATIO).is_some_and(|ratio| ratio >= SICK);
    let wanted = value(names::DESIRED_PODS).is_some_and(|pods| pods > 0.0);
    failing || wanted && value(names::AVAILABLE_PODS).is_some_and(|pods| pods <= 0.0)
}

/// An act of a simple engine.
pub(super) fn act(id: u32, target: crate::unit::Name, operation: Operation) -> Action {
    Action {
        id: ActionId(id),
        incident: IncidentId(1),
        target,
        operation,
        risk: Risk::Reversible,
        dry_run: false,
        reason: "a fixed rule".to_owned(),
    }
}
