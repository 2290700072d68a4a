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
mod autoscaler;
mod broker;
mod call_effect;
mod calls;
mod calm;
mod circuit;
mod dice;
mod drain;
mod effect;
mod flow;
mod generate;
mod graph;
mod in_step;
mod latency;
mod load;
mod logs;
mod memory;
mod node;
mod outbox;
mod pool;
mod probe;
mod reconcile;
mod reload;
mod replica;
mod rollout;
mod routes;
mod service;
mod spans;
mod spec;
mod state;
mod still;
mod strain;
mod switch;
mod telemetry;
mod words;
mod work;

pub use actuator::Target;
pub use call_effect::CallEffect;
pub use effect::{Effect, Scope};
pub use generate::{generate, generated_rate};
pub use graph::call_order;
pub use load::{closed_rate, request_rate};
pub use node::{Node, NodeEffect, Zone};
pub use outbox::{Life, Outbox, Timer};
pub use replica::{Phase, Replica};
pub use routes::{Route, Routes};
pub use service::{Circuit, Edge, Secret, Service};
pub use spec::{
    ActuationSpec, AutoscaleSpec, BreakerSpec, CacheSpec, CallSpec, ClosedSpec, ConfigKeySpec,
    DiskSpec, FlashCrowdSpec, FleetSpec, LoadSpec, NodePoolSpec, OperationSpec, ProbeSpec, Runtime,
    ScrapeSpec, SecretSpec, ServiceKind, ServiceSpec,
};
pub use state::Fleet;
pub use telemetry::Telemetry;
