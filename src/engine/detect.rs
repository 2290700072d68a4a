//! Telemetry -> scores: what looks wrong, and how wrong.
//!
//! Owns the contract of a detector and builds those that a policy names. A detector sees one step
//! and the metric history (the step's frame is its last row already); it says scores, never
//! decides. Kinds never import each other; what they share lies in the engine's room (`baseline`,
//! `templates`, `scores`).

use super::History;
pub use super::scores::{FLOOR, Finding, Scored, Scores};
use crate::catalog::{KindError, Spec, find};
use crate::model::StepInput;
use crate::unit::SimTime;

pub mod burn_rate;
pub mod catalog;
pub mod context_band;
pub mod event_match;
pub mod level_shift;
pub mod log_templates;
#[cfg(test)]
mod quiet_hour;
pub mod rarity;
pub mod robust_score;
pub mod span_stats;
pub mod threshold;

/// Scores telemetry.
pub trait Detector {
    /// Takes in one step. `history` ends with the step's frame, if it had a new one.
    fn observe(&mut self, input: &StepInput<'_>, history: &History, out: &mut Scores);
}

/// How a kind is built from its parameters.
pub type Build = fn(&Spec) -> Result<Box<dyn Detector + Send>, KindError>;

/// The detectors that a policy names, in its order.
///
/// # Errors
/// Every unknown kind and every wrong parameter.
pub fn build(specs: &[Spec]) -> Result<Vec<Box<dyn Detector + Send>>, Vec<KindError>> {
    let mut problems = Vec::new();
    let mut built = Vec::new();
    for spec in specs {
        match find("detector", catalog::ALL, &spec.kind).and_then(|entry| (entry.build)(spec)) {
            Ok(detector) => built.push(detector),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(built) } else { Err(problems) }
}

/// The time of the step's frame, if it had one that the history took.
fn fresh_frame(input: &StepInput<'_>, history: &History) -> Option<SimTime> {
    let last = *history.times().back()?;
    (input.batch.has_frame && input.batch.frame.time == last).then_some(last)
}
