//! More replicas of a service.
//!
//! In: a hypothesis, the replicas wanted now and how busy they are. Out: that number times
//! `factor`, or what was wanted before the trouble where fewer are wanted since, at most `max`;
//! with `when_short` nothing where there is enough. Source: Kubernetes
//! horizontal pod autoscaler, whose usual target is 80 % of the processors. Limit: harms what its
//! callee cannot carry: more callers of an overloaded database make it worse.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb, names};
use crate::unit::{Name, Ratio, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "scale_out",
    summary: "more replicas",
    help: "Takes the desired pods (metric k8s.deployment.desired_pods, else the replicas \
           in the service map, else one) times factor, rounded up; as many as before, if \
           somebody wants fewer since the trouble began. Does not apply at the maximum, nor, \
           with when_short, where less than busy of the processors is in use.",
    source: "Kubernetes horizontal pod autoscaler",
    example: "{ factor: 1.5, max: 20, when_short: true, with_previous: true }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// New number of replicas / old number, above 1 and at most 10.
    factor: f64,
    /// Most replicas of one service.
    max: u32,
    /// Only where replicas are busy: beside a remedy that mends the cause, more of what is idle
    /// helps nobody.
    when_short: bool,
    /// Mean share of their processors in use from which replicas are short, 0..=1.
    busy: Ratio,
    /// How dangerous it is held to be; from `risky` on the default policy asks a person.
    risk: Risk,
    /// How long after it was applied its effect is judged.
    settle: SimDuration,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            factor: 1.5,
            max: 20,
            when_short: false,
            busy: Ratio::clamped(0.8),
            risk: Risk::Reversible,
            settle: SimDuration::from_secs(300),
            with_previous: false,
        }
    }
}

struct ScaleOut(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    let config: Config = spec.read()?;
    if !(config.factor > 1.0 && config.factor <= 10.0) {
        let problem = format!("factor must be above 1 and at most 10, found {}", config.factor);
        return Err(KindError::Params { kind: spec.kind.clone(), problem });
    }
    Ok(Box::new(ScaleOut(config)))
}

impl ScaleOut {
    /// Whether replicas are busy; where nobody measures that, more may help. That some are missing
    /// is no reason: whatever mends the cause brings them back.
    fn is_short(&self, patient: &Patient<'_>, target: &Name) -> Result<(), NotApplicable> {
        match patient.mean(target, names::CPU_UTILIZATION) {
            Some(used) if used < self.0.busy.get() => Err(NotApplicable(format!(
                "{target} is not short: its replicas use {:.0} % of their processors",
                used * 100.0
            ))),
            _ => Ok(()),
        }
    }
}

/// How many replicas were wanted before the trouble, where fewer are wanted since.
fn wanted_before(patient: &Patient<'_>) -> Option<u32> {
    let target = patient.around().topology.lookup(&patient.hypothesis.entity)?;
    let fewer = |sign: &&crate::engine::case::Sign| {
        sign.signal.starts_with(names::DESIRED_PODS) && sign.after < sign.before
    };
    let sign = patient.case.sick_signs(target).find(fewer)?;
    sign.before.map(|pods| pods.max(0.0).round() as u32)
}

impl Remedy for ScaleOut {
    fn verb(&self) -> Verb {
        Verb::ScaleOut
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (_, target) = patient.service()?;
        let now = patient.fleet.service(target).replicas.max(1);
        let former = wanted_before(patient);
        let more = (f64::from(now) * self.0.factor).ceil() as u32;
        let replicas = more.max(former.unwrap_or_default()).min(self.0.max);
        if self.0.when_short && former.is_none() {
            self.is_short(patient, target)?;
        }
        if replicas <= now {
            let why = format!("{target} has {now} replicas, the maximum is {}", self.0.max);
            return Err(NotApplicable(why));
        }
        Ok(Prescription {
            target: target.clone(),
            operation: Operation::ScaleOut { replicas },
            risk: self.0.risk,
            expected: format!("{target} has {replicas} replicas instead of {now}"),
            settle: self.0.settle,
            undo: Some(Operation::ScaleIn { replicas: now }),
            complete: None,
            check: None,
        })
    }
}
