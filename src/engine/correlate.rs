//! Anomalies and changes -> incidents: what belongs together.
//!
//! Owns the contract of a correlator: a continuous affinity, 0..=1, between two clues (anomalies
//! or changes), with a reason for a person. `Incidents` combines the affinities in the order of
//! the policy and applies the threshold, in one place.

pub mod catalog;
pub mod semantic;
pub mod temporal;
pub mod topological;

pub use super::incidents::Incidents;
use crate::catalog::{KindError, Spec, find};
use crate::model::Topology;
use crate::unit::{EntityId, SimTime};

/// What a correlator sees of an anomaly or a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Clue {
    /// The entity (service for a replica); `None` if it names none that is known.
    pub entity: Option<EntityId>,
    /// When it began.
    pub since: SimTime,
    /// Until when it is known to last: now while active.
    pub until: SimTime,
    /// Whether it is a change (a deploy, an edit), not a symptom.
    pub is_change: bool,
    /// Words of its signal, lower case, sorted, unique.
    pub words: Vec<String>,
}

/// How near two clues are.
#[derive(Debug, Clone, PartialEq)]
pub struct Affinity {
    /// 0..=1.
    pub value: f64,
    /// Why, for a person: "caller of cart".
    pub reason: String,
}

/// How an affinity counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Necessary: multiplied.
    Filter,
    /// One among alternatives: combined as independent chances (noisy or).
    Evidence,
}

/// Says how near two clues are.
pub trait Correlator {
    /// How its affinity counts.
    fn part(&self) -> Part;

    /// Prepares for the service map as it is now; called before `affinity` in each step.
    fn prepare(&mut self, _topology: &Topology) {}

    /// How near; `None` if it cannot tell.
    fn affinity(&self, a: &Clue, b: &Clue, topology: &Topology) -> Option<Affinity>;
}

/// How a kind is built from its parameters.
pub type Build = fn(&Spec) -> Result<Box<dyn Correlator + Send>, KindError>;

/// The correlators that a policy names, in its order.
///
/// # Errors
/// Every unknown kind and every wrong parameter.
pub fn build(specs: &[Spec]) -> Result<Vec<Box<dyn Correlator + Send>>, Vec<KindError>> {
    let mut problems = Vec::new();
    let mut built = Vec::new();
    for spec in specs {
        match find("correlator", catalog::ALL, &spec.kind).and_then(|entry| (entry.build)(spec)) {
            Ok(correlator) => built.push(correlator),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(built) } else { Err(problems) }
}
