//! What goes wrong on purpose: fault plug-ins, one file each, listed in `catalog`.
//!
//! In: `FaultSpec`s of a scenario. Out: faults that pull on the fleet's physics (`fleet::Effect`)
//! or change it as people would (a deploy), and that say what a referee should expect. A fault
//! writes no telemetry: it is visible only in what it does.

mod alert_flapping;
mod autoscaler_churn;
mod backfire;
mod bad_deploy;
mod bad_replica;
mod cache_failure;
pub mod catalog;
mod certificate_expiry;
mod clock_skew;
mod code_defect;
mod config_drift;
mod connection_leak;
mod counter_reset;
mod cpu_hog;
mod dependency_failure;
mod disk_fill;
mod dns_failure;
mod executor_down;
pub mod families;
mod fault;
mod file_descriptor_leak;
mod flag_flip;
mod hardware_fault;
mod innocent_change;
mod innocent_deploy;
mod lock_contention;
mod memory_leak;
mod network_latency;
mod network_partition;
mod node_cordoned;
mod node_loss;
mod noisy_neighbour;
mod on_calls;
mod on_service;
mod onset;
mod packet_loss;
mod people_absent;
mod pod_kill;
mod poison_message;
mod replicas_edited;
mod retry_storm;
mod secret_expiry;
mod site;
mod spec;
mod stuck_state;
mod telemetry_clock_skew;
mod telemetry_delay;
mod telemetry_duplicate;
mod telemetry_lie;
mod telemetry_loss;
mod telemetry_mislabel;
mod thread_exhaustion;
mod traffic_surge;
mod wrong_endpoint;
mod zone_loss;

pub use fault::{Build, Fault, Label, Repair};
pub use onset::Onset;
pub use site::{Around, Executor, Grip, NOT_THE_ENGINES, Site};
pub use spec::FaultSpec;

use crate::catalog::{KindError, find};

/// Builds the fault that a spec names.
///
/// # Errors
/// If there is no such kind or its parameters are wrong.
pub fn build(spec: &FaultSpec) -> Result<Box<dyn Fault>, KindError> {
    (find("fault", catalog::ALL, &spec.spec.kind)?.build)(&spec.spec)
}
