//! Somebody else's engine in place of ours: a process behind a pipe, a service behind webhooks.
//!
//! Owns the protocol (JSON lines, one request and one reply at a time), the processes that speak
//! it and what becomes of their failures. In: `StepInput` and questions about single stages. Out:
//! decisions, checked, and remarks for the journal. It stands beside `engine/` and knows nothing
//! of it; `trial/` puts the two together. Wall time decides one thing only: that an answer is too
//! late.

pub mod conformance;
mod latency;
mod link;
mod process;
pub mod protocol;
mod stopwatch;
mod subprocess;
mod substitute;
mod translate;
mod vet;
mod view;
mod webhook;

pub use process::{StartError, end_all};
pub use subprocess::Subprocess;
pub use substitute::OutsideStages;
pub use vet::Vetted;
pub use webhook::WebhookEngine;
