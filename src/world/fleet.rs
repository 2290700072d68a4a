//! The mock fleet: services, replicas, traffic, and how they are watched and changed.

mod spec;

pub use spec::{ActuationSpec, CallSpec, FleetSpec, LoadSpec, Runtime, ScrapeSpec, ServiceSpec};
