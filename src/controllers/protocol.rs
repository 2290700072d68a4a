//! The protocol, version 1: what stands on each line between windtunnel and somebody's engine.
//!
//! ```text
//! windtunnel -> engine   hello, step, diagnose, remediate, guard, bye     (`request`)
//! engine -> windtunnel   one reply to each, with its `seq`; none to bye   (`reply`)
//! ```
//!
//! Every message is one JSON object on one line, UTF-8. Fields may be added to requests in the
//! same version: ignore what you do not know. Replies are read strictly, so that slips are found.

mod reply;
mod request;

use schemars::JsonSchema;
use serde::Serialize;

pub use reply::{
    DiagnosisReply, HelloReply, Identity, RemediationReply, RulingReply, Said, SaidAction,
    SaidDiagnosis, SaidHypothesis, StepReply, Wanted,
};
pub use request::{
    DiagnoseRequest, EntityRow, GuardRequest, Hello, LogRow, RemediateRequest, Request, SeriesRow,
    SpanRow, Step,
};

/// Version of the protocol.
pub const VERSION: u32 = 1;

/// Every message, for `windtunnel schema protocol`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Message {
    /// From windtunnel to the engine.
    Request(Box<Request>),
    /// To `hello`.
    HelloReply(HelloReply),
    /// To `step`.
    StepReply(StepReply),
    /// To `diagnose`.
    DiagnosisReply(DiagnosisReply),
    /// To `remediate`.
    RemediationReply(RemediationReply),
    /// To `guard`.
    RulingReply(RulingReply),
    /// To any request: the engine cannot go on.
    Error(ErrorReply),
}

/// The engine says itself that it failed: it takes no further part.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema)]
pub struct ErrorReply {
    /// The request's number.
    pub seq: u64,
    /// What is wrong.
    pub error: String,
}
