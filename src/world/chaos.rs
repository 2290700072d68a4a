//! What goes wrong on purpose: fault plug-ins, one file each, listed in `catalog`.
//!
//! In: `FaultSpec`s of a scenario. Out: faults that pull on the fleet's physics (`fleet::Effect`)
//! or change it as people would (a deploy), and that say what a referee should expect. A fault
//! writes no telemetry: it is visible only in what it does.

mod alert_flapping;
mod bad_deploy;
pub mod catalog;
mod certificate_expiry;
mod config_drift;
mod counter_reset;
mod cpu_hog;
mod dependency_failure;
mod executor_down;
mod fault;
mod innocent_deploy;
mod memory_leak;
mod onset;
mod people_absent;
mod site;
mod spec;
mod telemetry_clock_skew;
mod telemetry_delay;
mod telemetry_duplicate;
mod telemetry_lie;
mod telemetry_loss;
mod telemetry_mislabel;
mod traffic_surge;

pub use fault::{Build, Fault, Label, Repair};
pub use onset::Onset;
pub use site::{Around, Executor, Grip, Site};
pub use spec::FaultSpec;

use crate::catalog::{KindError, find};

/// Builds the fault that a spec names.
///
/// # Errors
/// If there is no such kind or its parameters are wrong.
pub fn build(spec: &FaultSpec) -> Result<Box<dyn Fault>, KindError> {
    (find("fault", catalog::ALL, &spec.spec.kind)?.build)(&spec.spec)
}
