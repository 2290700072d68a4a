//! Stop calling a sick callee, and probe it until it recovers.
//!
//! In: a hypothesis that blames a callee. Out: an open circuit at the caller with the most
//! traffic. Source: Nygard, "Release It!" (circuit breaker). Limit: one caller per plan; whoever
//! needs the callee fails at once instead of slowly.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::engine::case::{SICK_Z, Sign};
use crate::model::{Operation, Risk, Role, Verb, names};
use crate::stats::robust::median;
use crate::unit::{EntityId, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "open_circuit",
    summary: "the main caller stops calling the sick callee",
    help: "The target is the caller, not the sick entity. The caller with the highest \
           request rate is taken, sick ones first; ties by name. Does not apply where it measures \
           its calls and does not wait longer for them than usual.",
    source: "Nygard, Release It!, 2007",
    example: "{ settle: 3m }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How dangerous it is held to be; from `risky` on the default policy asks a person.
    risk: Risk,
    /// How long after it was applied its effect is judged.
    settle: SimDuration,
    /// Belongs to the plan of the remedy before it, instead of being an alternative to it.
    with_previous: bool,
    /// Only where the callers ask far more often than they are asked: their retries are the load.
    when_amplified: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            risk: Risk::Reversible,
            settle: SimDuration::from_secs(240),
            with_previous: false,
            when_amplified: false,
        }
    }
}

/// A callee is asked so many times as often per request of its callers: retries are its load. Two
/// retries of every call, which many clients make by default, only reach it when all calls fail.
const STORM: f64 = 3.0;
/// Frames before the onset whose median rate is usual.
const USUAL: usize = 20;

struct OpenCircuit(Config);

fn build(spec: &Spec) -> Result<Box<dyn Remedy + Send>, KindError> {
    Ok(Box::new(OpenCircuit(spec.read()?)))
}

impl Remedy for OpenCircuit {
    fn verb(&self) -> Verb {
        Verb::OpenCircuit
    }

    fn with_previous(&self) -> bool {
        self.0.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let around = patient.around();
        let topology = around.topology;
        let callee = patient.hypothesis.entity.clone();
        let id = topology.find(&callee).map_err(|e| NotApplicable(e.to_string()))?;
        let traffic = |caller| rate(patient, caller).1;
        let rank = |caller: &EntityId| (patient.case.pain(*caller) > 0.0, traffic(*caller));
        let caller = topology
            .callers(id)
            .max_by(|a, b| {
                let ((sick_a, load_a), (sick_b, load_b)) = (rank(a), rank(b));
                let by_name = topology.name(*b).cmp(topology.name(*a));
                sick_a.cmp(&sick_b).then(load_a.total_cmp(&load_b)).then(by_name)
            })
            .ok_or_else(|| NotApplicable(format!("nobody is known to call {callee}")))?;
        if self.0.when_amplified {
            amplified(patient, id)?;
        }
        waits(patient, caller, id)?;
        let target = topology.name(caller).clone();
        let expected = format!("{target} answers without waiting for {callee}");
        Ok(Prescription {
            target,
            operation: Operation::OpenCircuit { callee },
            risk: self.0.risk,
            expected,
            settle: self.0.settle,
            undo: None,
            complete: None,
            check: None,
        })
    }
}

/// Whether a caller waits longer than usual for a callee, as far as it measures that: where calls
/// fail at once, refusing them helps nobody, and delays the first one that would go well.
fn waits(patient: &Patient<'_>, caller: EntityId, callee: EntityId) -> Result<(), NotApplicable> {
    let (around, case) = (patient.around(), patient.case);
    let [from, to] = [caller, callee].map(|id| around.topology.name(id));
    let measured = around.series.iter().any(|(_, meta)| {
        meta.role == Role::Latency
            && around.topology.service_of(meta.entity) == caller
            && meta.labels.get("callee").is_some_and(|name| name == to.as_str())
    });
    let sees = |sign: &Sign| sign.entity == caller && sign.role == Role::Latency;
    let longer = || case.views_of(callee).any(|sign| sees(sign) && sign.z >= SICK_Z);
    if !measured || longer() {
        return Ok(());
    }
    Err(NotApplicable(format!("{from} does not wait longer than usual for {to}")))
}

/// Requests a second of an entity: usual ones, before the onset, and the newest.
fn rate(patient: &Patient<'_>, entity: EntityId) -> (f64, f64) {
    let (around, onset) = (patient.around(), patient.case.onset());
    let cut = around.history.position(onset);
    let own = around.series.iter().take(around.history.width()).filter(|(_, meta)| {
        around.topology.service_of(meta.entity) == entity && meta.metric == names::REQUEST_RATE
    });
    own.fold((0.0, 0.0), |(usual, newest), (series, _)| {
        let past = around.history.column(series).range(..cut).rev().take(USUAL);
        let mut past: Vec<f64> = past.filter(|v| v.is_finite()).collect();
        let now = around.history.latest(series).unwrap_or_default();
        (usual + median(&mut past).unwrap_or_default(), newest + now)
    })
}

/// Whether a callee is asked many times as often as usual although its callers are not.
fn amplified(patient: &Patient<'_>, callee: EntityId) -> Result<(), NotApplicable> {
    let topology = patient.around().topology;
    let grown = |(usual, newest): (f64, f64)| if usual > 0.0 { newest / usual } else { 1.0 };
    let asked = grown(rate(patient, callee));
    let callers = topology.callers(callee).map(|caller| rate(patient, caller));
    let askers = grown(callers.fold((0.0, 0.0), |sum, rate| (sum.0 + rate.0, sum.1 + rate.1)));
    let storm = asked / askers.max(1.0);
    if storm >= STORM {
        return Ok(());
    }
    let name = topology.name(callee);
    Err(NotApplicable(format!("{name} is not asked again and again: {storm:.1} times as usual")))
}
