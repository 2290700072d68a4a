//! The nouns that flow: telemetry in, decisions out, and what the referee compares them with.
//!
//! Plain data on the second floor; no behaviour beyond invariants. Three families:
//! telemetry (`Frame`, `LogRecord`, `Span`, `Event` over a `Topology` and a `SeriesCatalog`),
//! decisions (`Anomaly` -> `Incident` -> `Diagnosis` -> `Plan` -> `Verdict` -> `Action`), and
//! evidence (`Truth`, `WorldRecord`, `Journal`), of which the engine never sees the first two.

mod action;
mod anomaly;
mod calibration;
mod cause;
mod contract;
mod decision;
mod diagnosis;
mod event;
mod journal;
mod leeway;
mod log;
mod metric;
mod outcome;
mod outside;
mod policy;
mod record;
mod role;
mod sli;
mod span;
mod telemetry;
mod topology;
mod truth;

pub use action::{Action, Operation, Risk, Strategy, Verb};
pub use anomaly::{Anomaly, Incident, IncidentChange, SignalClass};
pub use calibration::{Calibration, Shape};
pub use cause::Cause;
pub use contract::{
    Engine, EngineFailure, FailureKind, Order, Proposal, Reading, Remark, Ruled, SharedSubstitute,
    Stage, Substitute,
};
pub use decision::{Decision, Notification, Plan, Ruling, StageReached, Verdict, Verification};
pub use diagnosis::{CauseNode, Diagnosis, Evidence, Hypothesis};
pub use event::{Event, EventKind};
pub use journal::{Body, Journal, Line, Source};
pub use leeway::Leeway;
pub use log::{LogRecord, severity};
pub use metric::{
    Frame, Instrument, SeriesCatalog, SeriesError, SeriesIter, SeriesMeta, names, seconds_in,
};
pub use outcome::{Answer, AnswerKind, Outcome, OutcomeStatus};
pub use outside::{Latency, OutsideEngine, Webhook};
pub use policy::{AlarmPolicy, Capacity, Context, Learning, Opens, Policy, Rule};
pub use record::{Deed, Objective, ReplicaCount, WorldRecord};
pub use role::{Direction, Role};
pub use sli::{SliLog, SliSample};
pub use span::{Span, SpanKind, SpanStatus};
pub use telemetry::{Batch, StepInput};
pub use topology::{Call, Entity, EntityKind, Topology, TopologyError};
pub use truth::{Alarm, TrueIncident, Truth};
