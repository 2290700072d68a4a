//! The self-healing engine under test: detect -> correlate -> diagnose -> remediate -> guard.
//!
//! Owns the contract by which a trial drives any engine (`Engine::step`), and the built-in chain,
//! composed by a declarative `Policy`. It sees telemetry, the service map and the answers to its
//! own actions; never truth, the world's insides or the referee (`tests/architecture.rs`).

mod action_log;
pub mod alarm;
pub mod baseline;
mod build;
pub mod calls;
mod case;
#[cfg(test)]
mod case_fixture;
mod conclude;
pub mod correlate;
pub mod detect;
pub mod diagnose;
pub mod durations;
pub mod effect;
pub mod failures;
mod fleet_size;
pub mod guard;
mod history;
pub mod incidents;
mod leeway;
pub mod lexicon;
#[cfg(test)]
mod metamorphic;
mod pipeline;
pub mod remediate;
mod scores;
pub mod templates;
#[cfg(test)]
mod testing;
pub mod visits;

pub use alarm::Gate;
pub use build::build;
pub use history::History;
pub use leeway::Leeway;
pub use pipeline::{Pipeline, Stages};

use crate::model::{Decision, StepInput};

/// A system under test.
pub trait Engine {
    /// Takes in what became visible and says what it decides, in order.
    ///
    /// Called once per instant, in time order. Everything said becomes a journal line; `Act` is
    /// carried out by the world at once, `Ask` goes to the people on call.
    fn step(&mut self, input: &StepInput<'_>, out: &mut Vec<Decision>);

    /// Which other confidence floors would have led to the very same decisions, asked after the
    /// last step; `None` if the engine does not know.
    fn leeway(&self) -> Option<Leeway> {
        None
    }
}
