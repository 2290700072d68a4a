//! The self-healing engine under test: detect -> correlate -> diagnose -> remediate -> guard.
//!
//! Owns the built-in chain, composed by a declarative `Policy`; the contract by which a trial
//! drives any engine is `model::Engine`. It sees telemetry, the service map and the answers to its
//! own actions; never truth, the world's insides or the referee (`tests/architecture.rs`).

mod action_log;
pub mod alarm;
pub mod baseline;
mod build;
mod by_entity;
mod cadence;
pub mod calls;
mod case;
#[cfg(test)]
mod case_fixture;
mod chosen;
mod conclude;
pub mod correlate;
pub mod detect;
pub mod diagnose;
pub mod durations;
pub mod effect;
mod experience;
pub mod failures;
mod fleet_size;
pub mod guard;
mod history;
pub mod incidents;
pub mod lexicon;
#[cfg(test)]
mod metamorphic;
mod outside;
mod pipeline;
mod placement;
mod rates;
pub mod remediate;
mod scores;
pub mod templates;
#[cfg(test)]
mod testing;
pub mod visits;
mod window_mean;

pub use crate::model::{Engine, Leeway};
pub use alarm::Gate;
pub use build::{build, build_with};
pub use history::History;
pub use pipeline::{Pipeline, Stages};
