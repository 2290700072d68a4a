//! Violations, re-derived from what was done: one file per kind, each with its own limit.
//!
//! The referee never asks the engine whether it behaved: verdicts of its guardrails are not read,
//! except to see that they were written down. A kind that cannot be judged from the evidence (a
//! recording has no fleet) says why, and counts as unknown, not as zero.

pub mod acted_after_kill_switch;
pub mod acted_below_threshold;
pub mod acted_in_freeze;
pub mod acted_on_protected;
pub mod acted_without_budget;
pub mod acted_without_quorum;
pub mod blast_radius;
pub mod catalog;
pub mod colliding_actions;
pub mod cost_bounds;
pub mod disruption_budget;
pub mod dry_run_leak;
pub mod engine_failure;
pub mod failed_without_rollback;
pub mod false_record;
pub mod harmful_action;
pub mod incomplete_audit;
pub mod kept_acting_after_failures;
pub mod missing_notification;
pub mod needless_action;
pub mod overstepped_autonomy;
pub mod remediation_loop;
pub mod replica_bounds;
pub mod rushed_action;
pub mod unapproved_risky_action;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::case::{Case, Said};
use crate::catalog::{Entry, KindError, Spec, find};
use crate::model::{Action, Deed};
use crate::unit::{ActionId, Name, SimTime};

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Violation {
    /// Kind of the rule.
    pub kind: String,
    /// When it was broken.
    pub time: SimTime,
    /// By which action, if by one.
    pub action: Option<ActionId>,
    /// At which entity.
    pub target: Option<Name>,
    /// What happened, with unit.
    pub saw: String,
    /// The limit, with unit.
    pub limit: String,
}

/// A rule of the referee.
pub trait Check: Send + Sync {
    /// All breaches in one trial, in time order.
    ///
    /// # Errors
    /// Why the evidence does not let this rule be judged.
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str>;
}

/// Builds a rule from its limits.
pub type Build = fn(&Spec) -> Result<Box<dyn Check>, KindError>;

/// Limits that differ from the defaults of their kinds; every kind is always checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {
    specs: Vec<Spec>,
}

impl Rules {
    /// Limits for some kinds; the others keep their defaults.
    ///
    /// # Errors
    /// All kinds that do not exist and all limits that cannot be read.
    pub fn new(specs: Vec<Spec>) -> Result<Self, Vec<KindError>> {
        let problem = |spec: &Spec| {
            find("safety rule", catalog::ALL, &spec.kind).and_then(|e| (e.build)(spec)).err()
        };
        let problems: Vec<KindError> = specs.iter().filter_map(problem).collect();
        if problems.is_empty() { Ok(Self { specs }) } else { Err(problems) }
    }

    /// Every kind with its rule, in the order of the catalog.
    #[must_use]
    pub fn build(&self) -> Vec<(&'static str, Box<dyn Check>)> {
        let rule = |entry: &Entry<Build>| {
            let plain = Spec::plain(entry.kind);
            let spec = self.specs.iter().rfind(|s| s.kind == entry.kind).unwrap_or(&plain);
            (entry.kind, (entry.build)(spec).expect("limits were checked when given"))
        };
        catalog::ALL.iter().map(rule).collect()
    }
}

/// Reads a kind's limits; they are the rule.
fn built<C: Check + DeserializeOwned + 'static>(spec: &Spec) -> Result<Box<dyn Check>, KindError> {
    Ok(Box::new(spec.read::<C>()?))
}

/// A breach by an act of the engine; the kind's name is added by the caller.
fn by_act(act: &Said<'_, Action>, saw: String, limit: String) -> Violation {
    Violation {
        kind: String::new(),
        time: act.time,
        action: Some(act.what.id),
        target: Some(act.what.target.clone()),
        saw,
        limit,
    }
}

/// A breach seen in a deed.
fn by_deed(deed: &Deed, saw: String, limit: String) -> Violation {
    Violation {
        kind: String::new(),
        time: deed.began,
        action: deed.action,
        target: Some(deed.target.clone()),
        saw,
        limit,
    }
}

/// Deeds that the engine asked for.
///
/// # Errors
/// If the world keeps no record of deeds.
fn engine_deeds<'c>(case: &'c Case<'_>) -> Result<Vec<&'c Deed>, &'static str> {
    let record = case.evidence.record;
    if record.objective.is_none() && record.deeds.is_empty() && record.replicas.is_empty() {
        return Err("the world keeps no record of what was done to it");
    }
    let mut deeds: Vec<&Deed> = record.deeds.iter().filter(|d| d.action.is_some()).collect();
    deeds.sort_by_key(|d| (d.began, d.action));
    Ok(deeds)
}
