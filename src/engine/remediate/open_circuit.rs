//! Stop calling a sick callee, and probe it until it recovers.
//!
//! In: a hypothesis that blames a callee. Out: an open circuit at the caller with the most
//! traffic. Source: Nygard, "Release It!" (circuit breaker). Limit: one caller per plan; whoever
//! needs the callee fails at once instead of slowly.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, NotApplicable, Patient, Prescription, Remedy};
use crate::catalog::{Entry, KindError, Spec, schema_of};
use crate::model::{Operation, Risk, Verb, names};
use crate::unit::{EntityId, SimDuration};

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "open_circuit",
    summary: "the main caller stops calling the sick callee",
    help: "The target is the caller, not the sick entity. The caller with the highest \
           request rate is taken, sick ones first; ties by name.",
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
}

impl Default for Config {
    fn default() -> Self {
        Self { risk: Risk::Reversible, settle: SimDuration::from_secs(240), with_previous: false }
    }
}

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
        let traffic = |caller| {
            let own = around.series.iter().filter(|(_, meta)| {
                topology.service_of(meta.entity) == caller && meta.metric == names::REQUEST_RATE
            });
            own.filter_map(|(series, _)| around.history.latest(series)).sum::<f64>()
        };
        let rank = |caller: &EntityId| (patient.case.pain(*caller) > 0.0, traffic(*caller));
        let caller = topology
            .callers(id)
            .max_by(|a, b| {
                let ((sick_a, load_a), (sick_b, load_b)) = (rank(a), rank(b));
                let by_name = topology.name(*b).cmp(topology.name(*a));
                sick_a.cmp(&sick_b).then(load_a.total_cmp(&load_b)).then(by_name)
            })
            .ok_or_else(|| NotApplicable(format!("nobody is known to call {callee}")))?;
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
