//! The mock fleet: services, replicas, traffic, and how they are watched and changed.
//!
//! In: a checked `FleetSpec`, a request rate per tick, actions, effects of faults. Out: telemetry,
//! answers and the record of what really happened, through `Outbox`. Knows no fault by name.
//!
//! ```text
//!  load -> flow (queueing, memory, latency, circuit) -> telemetry, logs, spans
//!            ^ replicas (life cycle) <- rollout <- actuator <- actions
//! ```

mod actuator;
mod calls;
mod circuit;
mod dice;
mod effect;
mod flow;
mod graph;
mod latency;
mod load;
mod logs;
mod memory;
mod outbox;
mod reconcile;
mod replica;
mod rollout;
mod service;
mod spans;
mod spec;
mod state;
mod telemetry;

pub use effect::{Effect, Scope};
pub use graph::call_order;
pub use load::request_rate;
pub use outbox::{Life, Outbox, Timer};
pub use service::Service;
pub use spec::{ActuationSpec, CallSpec, FleetSpec, LoadSpec, Runtime, ScrapeSpec, ServiceSpec};
pub use state::Fleet;
pub use telemetry::Telemetry;
