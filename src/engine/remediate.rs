//! Diagnosis -> plan: which remedies a policy names for a cause, and how they apply here.
//!
//! Owns the contract of a remedy. A remedy turns one hypothesis into one operation (a runbook: into
//! several, with checks between), or says why it does not apply; it never acts. `table.rs` chooses
//! among remedies by cause and context.

pub mod catalog;

mod clean_disk;
mod disable_flag;
mod drain;
mod one_verb;
mod open_circuit;
mod page_on_call;
mod reconcile_config;
mod restart;
mod rollback;
mod rotate_certificate;
mod rotate_secret;
mod runbook;
mod scale_in;
mod scale_out;
mod scale_up;
mod shared_node;
mod shed_load;
mod shift_traffic;
mod table;
#[cfg(test)]
mod tests;

pub(super) use runbook::passes;
pub use runbook::{Jump, Runbook, StepCheck, Verify};
pub use table::{Alternatives, Group, Place, Table};

use super::case::{Case, Surroundings};
use super::fleet_size::FleetSize;
use crate::catalog::{KindError, Spec};
use crate::model::{EntityKind, Hypothesis, Incident, Operation, Risk, Verb};
use crate::unit::{EntityId, Name, SimDuration, SimTime};

/// What a remedy sees.
pub struct Patient<'a> {
    /// The case.
    pub case: &'a Case<'a>,
    /// The hypothesis to be answered.
    pub hypothesis: &'a Hypothesis,
    /// Replicas of the fleet.
    pub fleet: &'a FleetSize,
}

/// One operation as a remedy prescribes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prescription {
    /// The entity it is done to.
    pub target: Name,
    /// What is done.
    pub operation: Operation,
    /// How dangerous it is.
    pub risk: Risk,
    /// What should get better, for a person.
    pub expected: String,
    /// How long after it was applied its effect is judged.
    pub settle: SimDuration,
    /// Takes it back when it did not heal; absent where nothing needs to be, or can be, taken back.
    pub undo: Option<Operation>,
    /// Makes it whole when it was done in part; absent where there is nothing to be made whole.
    pub complete: Option<Operation>,
    /// In a runbook: what is measured after it, and where to go from there.
    pub check: Option<StepCheck>,
}

impl Prescription {
    /// An operation that is neither undone nor completed.
    #[must_use]
    pub fn new(
        target: Name,
        operation: Operation,
        risk: Risk,
        expected: String,
        settle: SimDuration,
    ) -> Self {
        let (undo, complete, check) = (None, None, None);
        Self { target, operation, risk, expected, settle, undo, complete, check }
    }
}

/// Why a remedy makes no sense here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotApplicable(pub String);

/// Turns a hypothesis into an operation.
pub trait Remedy {
    /// What it does; for a runbook, what its first step does.
    fn verb(&self) -> Verb;

    /// Whether it belongs to the same plan as the remedy before it.
    fn with_previous(&self) -> bool;

    /// The operation for this patient.
    ///
    /// # Errors
    /// Why it makes no sense here.
    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable>;

    /// Whether it did its work when it was carried out at `since`: what it removes was gone for a
    /// while. What comes back then is no reason for another remedy; the same may be done again.
    fn held(&self, _patient: &Patient<'_>, _since: SimTime) -> bool {
        false
    }

    /// Its steps, if it is a runbook.
    fn runbook(&self) -> Option<&Runbook> {
        None
    }
}

/// How a kind is built from its parameters.
pub type Build = fn(&Spec) -> Result<Box<dyn Remedy + Send>, KindError>;

impl Patient<'_> {
    /// What is remembered around the incident.
    #[must_use]
    pub fn around(&self) -> &Surroundings<'_> {
        &self.case.around
    }

    /// The incident.
    #[must_use]
    pub fn incident(&self) -> &Incident {
        self.case.incident
    }

    /// The mean over a service and its replicas of a metric's newest values, if it is measured.
    #[must_use]
    pub fn mean(&self, service: &Name, metric: &str) -> Option<f64> {
        let around = self.around();
        let id = around.topology.lookup(service)?;
        let own = around.series.iter().filter(|(_, meta)| {
            meta.metric == metric && around.topology.service_of(meta.entity) == id
        });
        let values: Vec<f64> =
            own.filter_map(|(series, _)| around.history.latest(series)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    }

    /// The entity to be treated, which must be of one of these kinds.
    ///
    /// # Errors
    /// If it is unknown or of another kind.
    pub fn entity(&self, kinds: &[EntityKind]) -> Result<&Name, NotApplicable> {
        let name = &self.hypothesis.entity;
        let id = self.around().topology.find(name).map_err(|e| NotApplicable(e.to_string()))?;
        let kind = self.around().topology.get(id).kind;
        if kinds.contains(&kind) {
            return Ok(name);
        }
        Err(NotApplicable(format!("{name} is a {kind:?}, expected one of {kinds:?}")))
    }

    /// The entity to be treated, which must be a service of ours.
    ///
    /// # Errors
    /// If it is unknown, not ours or a machine.
    pub fn service(&self) -> Result<(EntityId, &Name), NotApplicable> {
        let name = &self.hypothesis.entity;
        let id = self.around().topology.find(name).map_err(|e| NotApplicable(e.to_string()))?;
        match self.around().topology.get(id).kind {
            EntityKind::Service => Ok((id, name)),
            kind => Err(NotApplicable(format!("{name} is a {kind:?}, not a service of ours"))),
        }
    }
}
