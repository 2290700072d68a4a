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
//! seen before (`coverage`) and mutates those of the highest energy (`pool`). An engine is held to
//! what its policy promises (`promise`), to the referee's other rules, and to the expectations of
//! the scenarios given. Findings are told apart by their cause: the rule, what the engine believed,
//! and the faults that are left when the scenario is shrunk; one that still breaks without those
//! faults is another. Everything follows from the seed, on any number of threads: trials of a
//! round run in parallel and are looked at in order.

mod coverage;
mod draw;
mod finding;
mod genome;
mod mutate;
mod pool;
mod promise;
mod search;
mod seeds;
mod shrink;

pub use finding::{Cause, Finding};
pub use genome::Genome;
pub use promise::{promises, rule_of};
pub use search::{Hunt, Hunted, Strategy, hunt};
