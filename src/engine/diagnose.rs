//! Incident -> ranking: which entity is to blame, and how much each method thinks so.
//!
//! Owns the contract of an RCA method and builds those that a policy names. A method sees one
//! `Case` and says scores, never probabilities; `engine/conclude` turns one ranking into causes,
//! confidence and a causal tree. Scores are 0 or more, unit-free, comparable within one method.

pub mod catalog;

mod baro;
mod change_proximity;
mod deepest_callee;
mod ensemble;
mod expiry;
mod lost_machine;
mod nsigma;
mod owned_excess;
mod owned_time;
mod random_guess;
mod random_walk;
mod ranked_correlation;
mod regression_test;
mod spectrum;
mod traversal;
mod visit_habits;

pub use super::case::{Case, SICK_Z, Sign, percent, span_of_time};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::catalog::{KindError, Spec, find};
use crate::model::{Cause, Evidence, Topology};
use crate::unit::{EntityId, SimTime};

/// One entity that a method suspects.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspicion {
    /// The entity.
    pub entity: EntityId,
    /// What is wrong with it, if the method can tell.
    pub cause: Option<Cause>,
    /// How strongly; 0 or more, comparable within one method.
    pub score: f64,
    /// Why.
    pub evidence: Vec<Evidence>,
}

/// Ranks suspects.
pub trait Method {
    /// Appends a suspicion per entity that it suspects, in any order; at most one per entity.
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>);
}

/// A built method with its kind's name.
pub type Named = (String, Box<dyn Method + Send>);

/// It has no parameters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct NoParameters {}

/// What a kind is built with besides its parameters.
pub struct Parts {
    /// Seed of the trial.
    pub seed: u64,
    /// The policy's other methods; empty for all kinds but those that combine.
    pub members: Vec<Named>,
}

/// How a kind is built.
pub type Build = fn(&Spec, Parts) -> Result<Box<dyn Method + Send>, KindError>;

/// The kind that combines the others.
pub const ENSEMBLE: &str = "ensemble";

/// The one ranking that a policy asks for: its only method, or the ensemble over the others.
/// `None` if it names none.
///
/// # Errors
/// Every unknown kind and wrong parameter; several methods without an ensemble.
pub fn build(specs: &[Spec], seed: u64) -> Result<Option<Box<dyn Method + Send>>, Vec<KindError>> {
    let mut problems = Vec::new();
    let mut members: Vec<Named> = Vec::new();
    for spec in specs.iter().filter(|spec| spec.kind != ENSEMBLE) {
        match one(spec, Parts { seed, members: Vec::new() }) {
            Ok(method) => members.push((spec.kind.clone(), method)),
            Err(problem) => problems.push(problem),
        }
    }
    let mut ensembles = specs.iter().filter(|spec| spec.kind == ENSEMBLE);
    let combined =
        ensembles.next().map(|s| one(s, Parts { seed, members: std::mem::take(&mut members) }));
    if members.len() > 1 || ensembles.next().is_some() {
        problems.push(KindError::Params {
            kind: ENSEMBLE.to_owned(),
            problem: "expected one method, or several and one `ensemble` to combine them"
                .to_owned(),
        });
    }
    let chosen = match combined {
        Some(Err(problem)) => {
            problems.push(problem);
            None
        }
        Some(Ok(ensemble)) => Some(ensemble),
        None => members.pop().map(|(_, method)| method),
    };
    if problems.is_empty() { Ok(chosen) } else { Err(problems) }
}

fn one(spec: &Spec, parts: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    (find("diagnosis method", catalog::ALL, &spec.kind)?.build)(spec, parts)
}

/// A distance in deviations as strength of evidence, 0..=1: logarithmic, 1 from z = 60 on.
fn certain(z: f64) -> f64 {
    super::case::strength(z)
}

/// Evidence for an entity, as a method says it.
fn evidence(method: &str, weight: f64, time: Option<SimTime>, text: String) -> Evidence {
    Evidence { method: method.to_owned(), text, weight, time }
}

/// What a sign says, for a person: "memory of api-server +340 % since 02:33:30".
fn sign_text(sign: &Sign, topology: &Topology) -> String {
    let name = topology.name(sign.entity);
    match (sign.before, sign.after) {
        (Some(before), Some(after)) => {
            format!("{} of {name} {} since {}", sign.words, percent(before, after), sign.since)
        }
        _ => format!("{} of {name} since {}", sign.words, sign.since),
    }
}
