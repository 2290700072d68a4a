//! The machine that a service's troubled replicas share, if it is the machine's trouble.
//!
//! In: a patient. Out: the slow machine of its case, if the blamed service suffers from it. Source
//! and limit: see `engine/case/machine.rs`.

use super::Patient;
use crate::unit::EntityId;

/// The node, if there is exactly one and the patient's troubled replicas are on it.
pub(super) fn find(patient: &Patient<'_>) -> Option<EntityId> {
    let blamed = patient.around().topology.lookup(&patient.hypothesis.entity)?;
    let (node, services) = patient.case.slow_machine()?;
    services.contains(&blamed).then_some(*node)
}
