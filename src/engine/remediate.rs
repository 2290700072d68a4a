//! Diagnosis -> plan: which remedies a policy names for a cause, and how they apply here.
//!
//! Owns the contract of a remedy, and the table cause -> remedies. A remedy turns one hypothesis
//! into one operation, or says why it does not apply; it never acts. Remedies of one cause form
//! groups: those marked `with_previous` belong to the plan of the one before them; each other one
//! begins an alternative, tried when the plan before it did not heal.

use std::collections::BTreeMap;

pub mod catalog;

mod one_verb;
mod open_circuit;
mod page_on_call;
mod reconcile_config;
mod restart;
mod rollback;
mod rotate_certificate;
mod scale_out;
mod scale_up;

use super::case::{Case, Surroundings};
use super::fleet_size::FleetSize;
use crate::catalog::{KindError, Spec, find};
use crate::model::{Cause, EntityKind, Hypothesis, Incident, Operation, Risk, Verb};
use crate::unit::{EntityId, Name, SimDuration};

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
}

/// Why a remedy makes no sense here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotApplicable(pub String);

/// Turns a hypothesis into an operation.
pub trait Remedy {
    /// What it does.
    fn verb(&self) -> Verb;

    /// Whether it belongs to the same plan as the remedy before it.
    fn with_previous(&self) -> bool;

    /// The operation for this patient.
    ///
    /// # Errors
    /// Why it makes no sense here.
    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable>;
}

/// How a kind is built from its parameters.
pub type Build = fn(&Spec) -> Result<Box<dyn Remedy + Send>, KindError>;

/// The remedies of each cause, grouped into alternatives.
#[derive(Default)]
pub struct Table {
    groups: BTreeMap<Cause, Vec<Vec<Box<dyn Remedy + Send>>>>,
}

impl Table {
    /// The table that a policy declares.
    ///
    /// # Errors
    /// Every unknown kind and every wrong parameter.
    pub fn build(specs: &BTreeMap<Cause, Vec<Spec>>) -> Result<Self, Vec<KindError>> {
        let mut problems = Vec::new();
        let mut groups: BTreeMap<Cause, Vec<Vec<Box<dyn Remedy + Send>>>> = BTreeMap::new();
        for (cause, specs) in specs {
            let alternatives = groups.entry(*cause).or_default();
            for spec in specs {
                match find("remedy", catalog::ALL, &spec.kind).and_then(|e| (e.build)(spec)) {
                    Ok(remedy) => match alternatives.last_mut() {
                        Some(group) if remedy.with_previous() => group.push(remedy),
                        _ => alternatives.push(vec![remedy]),
                    },
                    Err(problem) => problems.push(problem),
                }
            }
        }
        if problems.is_empty() { Ok(Self { groups }) } else { Err(problems) }
    }

    /// The alternatives for a cause, preferred first; empty if the policy has none.
    #[must_use]
    pub fn alternatives(&self, cause: Cause) -> &[Vec<Box<dyn Remedy + Send>>] {
        self.groups.get(&cause).map_or(&[], Vec::as_slice)
    }

    /// Whether the policy names no remedy at all: an engine that only looks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

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
