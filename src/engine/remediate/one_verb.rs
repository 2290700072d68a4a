//! Remedies that do one thing to the blamed service and need nothing but its name.
//!
//! In: an operation without parameters of its own, how it is held and when it makes sense. Out: its
//! prescription for a patient that is a service of ours. Limit: preconditions read newest values.

use super::{NotApplicable, Patient, Prescription, Remedy};
use crate::model::{Operation, Risk, Verb};
use crate::unit::{Name, SimDuration};

/// One operation on the blamed service.
pub(super) struct OneVerb {
    /// What is done.
    pub(super) operation: Operation,
    /// How dangerous it is held to be.
    pub(super) risk: Risk,
    /// How long after it was applied its effect is judged.
    pub(super) settle: SimDuration,
    /// Whether it belongs to the plan of the remedy before it.
    pub(super) with_previous: bool,
    /// Makes it whole when it was done in part.
    pub(super) complete: Option<Operation>,
    /// Whether it makes sense for this patient.
    pub(super) applies: fn(&Patient<'_>) -> Result<(), NotApplicable>,
    /// What should get better at the target, for a person.
    pub(super) expected: fn(&Name) -> String,
}

impl Remedy for OneVerb {
    fn verb(&self) -> Verb {
        self.operation.verb()
    }

    fn with_previous(&self) -> bool {
        self.with_previous
    }

    fn prescribe(&self, patient: &Patient<'_>) -> Result<Prescription, NotApplicable> {
        let (_, target) = patient.service()?;
        (self.applies)(patient)?;
        Ok(Prescription {
            target: target.clone(),
            operation: self.operation.clone(),
            risk: self.risk,
            expected: (self.expected)(target),
            settle: self.settle,
            undo: None,
            complete: self.complete.clone(),
            check: None,
        })
    }
}
