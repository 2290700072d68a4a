//! Plan -> verdicts: what stands between a decision and the fleet.
//!
//! Owns the contract of a guardrail and the ruling over all of them. A guardrail sees one action,
//! how sure the engine is, the fleet's sizes and what was done before; it says its ruling with
//! what it saw and its limit, both with units. Over all: any denial denies; else a dry run stays
//! dry, so that nothing leaks; else approval is asked; else it goes. Pages always pass.

pub mod catalog;

mod autonomy;
mod blast_radius;
mod confidence_floor;
mod cooldown;
mod cost_bounds;
mod disruption_budget;
mod dry_run;
mod error_budget;
mod freeze_window;
mod healthy_quorum;
mod kill_switch;
mod one_at_a_time;
mod outcome_breaker;
mod protected_targets;
mod replica_bounds;
mod retry_breaker;
mod risk_approval;

#[cfg(test)]
mod properties;

pub use self::confidence_floor::Config as Floors;
use super::Leeway;
pub use super::action_log::{ActionLog, taken_at_a_time, touched};
use super::case::Surroundings;
pub use super::fleet_size::FleetSize;
use crate::catalog::{KindError, Spec, find};
use crate::model::{Action, Cause, Ruling, Verdict};
use crate::unit::{Ratio, SimDuration, SimTime};

/// What a guardrail sees.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Now.
    pub now: SimTime,
    /// What is to be done.
    pub action: &'a Action,
    /// The cause it answers.
    pub cause: Cause,
    /// How sure the engine is of entity and cause, now; of what a person approved: as approved.
    pub confidence: Ratio,
    /// Whether it only takes back, or makes whole, what the engine did before.
    pub mends: bool,
    /// Replicas of the fleet.
    pub fleet: &'a FleetSize,
    /// What was done before.
    pub log: &'a ActionLog,
    /// The service map, metrics and events as remembered.
    pub around: Surroundings<'a>,
}

/// How long a person is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovalTerms {
    /// From the request to giving up.
    pub timeout: SimDuration,
    /// From the request to asking once more, and louder; absent: never.
    pub escalate_after: Option<SimDuration>,
}

/// What a guardrail says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its ruling.
    pub ruling: Ruling,
    /// What it saw, with unit.
    pub saw: String,
    /// Its limit, with unit.
    pub limit: String,
}

/// Rules on one action.
pub trait Guardrail {
    /// The ruling, with what was seen and the limit.
    fn check(&self, request: &Request<'_>) -> Finding;

    /// How long an approval that it asks for is waited for, if it has a say in that.
    fn approval(&self) -> Option<ApprovalTerms> {
        None
    }

    /// Which other confidence floors would have ruled the same so far; nothing was compared with
    /// a floor unless the kind says so.
    fn leeway(&self) -> Leeway {
        Leeway::default()
    }
}

/// How a kind is built from its parameters.
pub type Build = fn(&Spec) -> Result<Box<dyn Guardrail + Send>, KindError>;

/// The guardrails of a policy; every one must agree.
#[derive(Default)]
pub struct Guards {
    rails: Vec<(String, Box<dyn Guardrail + Send>)>,
}

impl Guards {
    /// The guardrails that a policy names, in its order.
    ///
    /// # Errors
    /// Every unknown kind and every wrong parameter.
    pub fn build(specs: &[Spec]) -> Result<Self, Vec<KindError>> {
        let mut problems = Vec::new();
        let mut rails = Vec::new();
        for spec in specs {
            match find("guardrail", catalog::ALL, &spec.kind).and_then(|e| (e.build)(spec)) {
                Ok(rail) => rails.push((spec.kind.clone(), rail)),
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { rails }) } else { Err(problems) }
    }

    /// How long an approval is waited for: the strictest that a guardrail says, else ten minutes.
    #[must_use]
    pub fn approval(&self) -> ApprovalTerms {
        let terms = self.rails.iter().filter_map(|(_, rail)| rail.approval());
        terms
            .min_by_key(|terms| terms.timeout)
            .unwrap_or(ApprovalTerms { timeout: SimDuration::from_secs(600), escalate_after: None })
    }

    /// One more guardrail.
    pub fn push(&mut self, kind: &str, rail: Box<dyn Guardrail + Send>) {
        self.rails.push((kind.to_owned(), rail));
    }

    /// Which other confidence floors would have ruled the same so far.
    #[must_use]
    pub fn leeway(&self) -> Leeway {
        let mut all = Leeway::default();
        self.rails.iter().for_each(|(_, rail)| all.join(&rail.leeway()));
        all
    }

    /// One verdict per guardrail and, last, the ruling over all of them.
    #[must_use]
    pub fn rule(&self, request: &Request<'_>) -> Vec<Verdict> {
        let verdict = |guardrail: &str, found: Finding| Verdict {
            action: request.action.id,
            guardrail: guardrail.to_owned(),
            ruling: found.ruling,
            saw: found.saw,
            limit: found.limit,
        };
        let mut verdicts: Vec<Verdict> = self
            .rails
            .iter()
            .map(|(kind, rail)| verdict(kind, examine(rail.as_ref(), request)))
            .collect();
        let ruling = over_all(verdicts.iter().map(|v| v.ruling));
        let stopped: Vec<&str> = verdicts
            .iter()
            .filter(|v| v.ruling != Ruling::Allow)
            .map(|v| v.guardrail.as_str())
            .collect();
        let saw = match stopped.as_slice() {
            [] => format!("{} guardrails allow it", verdicts.len()),
            stopped => format!("not allowed by {}", stopped.join(", ")),
        };
        let all = Finding { ruling, saw, limit: "every guardrail must allow it".to_owned() };
        verdicts.push(verdict("all", all));
        verdicts
    }
}

/// A page touches nothing: whoever would stop it would silence the engine.
fn examine(rail: &(dyn Guardrail + Send), request: &Request<'_>) -> Finding {
    if request.action.verb().touches_fleet() {
        return rail.check(request);
    }
    let (saw, limit) = ("a page, which touches no replica".to_owned(), "none for pages".to_owned());
    Finding { ruling: Ruling::Allow, saw, limit }
}

/// The ruling over all: deny, else dry run, else recommend, else approval, else allow.
fn over_all(rulings: impl Iterator<Item = Ruling>) -> Ruling {
    let severity = |ruling: &Ruling| match ruling {
        Ruling::Allow => 0,
        Ruling::NeedsApproval => 1,
        Ruling::Recommend => 2,
        Ruling::DryRun => 3,
        Ruling::Deny => 4,
    };
    rulings.max_by_key(severity).unwrap_or(Ruling::Allow)
}

/// `Allow` if `fine`, else `otherwise`.
fn allow_if(fine: bool, otherwise: Ruling) -> Ruling {
    if fine { Ruling::Allow } else { otherwise }
}
