//! `windtunnel hunt`: a search for trouble, until an invariant breaks or the budget ends.
//!
//! ```text
//! draw or mutate --> trial --> broken rule? --shrink--> the smallest scenario that still breaks it
//!        ^                        |no
//!        └── new engine states? <─┘
//! ```
//!
//! Each drawn scenario enables a random half of the kinds of faults (swarm testing: Groce et al.,
//! "Swarm Testing", ISSTA 2012). Guided search keeps the scenarios that reach engine states not
//! seen before (verdicts, guardrails, stage transitions, counts) and mutates them, as coverage-
//! guided fuzzers do (Böhme et al., "Coverage-based Greybox Fuzzing as Markov Chain", CCS 2016).
//! Findings are told apart by their cause. Everything follows from the seed, on any number of
//! threads: trials of a round run in parallel and are looked at in order.

mod coverage;
mod draw;
mod finding;
mod genome;
mod mutate;
mod search;
mod shrink;

pub use finding::{Cause, Finding};
pub use genome::Genome;
pub use search::{Hunt, Hunted, Strategy, hunt};
