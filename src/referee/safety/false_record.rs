//! The audit log says what did not happen.
//!
//! Definition: the engine claims that an act healed which the world never applied, or (`users`)
//! while users went unserved through the whole stretch after the claim; a plan states more
//! confidence than the last diagnosis of its incident gave to that entity and cause; or the ruling
//! over all guardrails allows what one of them denied. Known limit: a ruling that was invented as a
//! whole is caught by what was done (the other rules), not here.

use serde::{Deserialize, Serialize};

use super::{Build, Check, Violation, built};
use crate::catalog::{Entry, schema_of};
use crate::model::{OutcomeStatus, Ruling};
use crate::referee::case::Case;
use crate::referee::recovery::is_bad;
use crate::unit::{ActionId, Name, SimTime};

/// What `list` and `explain` say.
pub(super) const ENTRY: Entry<Build> = Entry {
    kind: "false_record",
    summary: "the engine's record contradicts the world or itself",
    help: "Claims are compared with outcomes, with what users saw, and with each other.\n\
           Passes: 5 act 1 a; 9 outcome 1; 20 healed 1\n\
           Fails: 5 act 1 a; 20 healed 1",
    source: "design rule: the referee never trusts the engine",
    example: "{ users: true }",
    schema: schema_of::<Config>,
    build: built::<Config>,
};

/// What is compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Also compare claims of healing with what users saw afterwards; an engine may be wrong about
    /// that in good faith, so this is not asked by default.
    pub users: bool,
}

impl Check for Config {
    fn check(&self, case: &Case<'_>) -> Result<Vec<Violation>, &'static str> {
        let mut found = self.claims(case);
        found.extend(overstated(case));
        found.extend(overruled(case));
        found.sort_by_key(|violation| (violation.time, violation.action));
        Ok(found)
    }
}

fn breach(time: SimTime, action: Option<ActionId>, saw: String, limit: &str) -> Violation {
    let (kind, target) = (String::new(), None::<Name>);
    Violation { kind, time, action, target, saw, limit: limit.to_owned() }
}

impl Config {
    /// Claims that something healed.
    fn claims(&self, case: &Case<'_>) -> Vec<Violation> {
        let mut found = Vec::new();
        for claim in case.verifications.iter().filter(|v| v.what.healed) {
            let id = claim.what.action;
            let applied = case.outcomes.iter().any(|o| {
                let done = matches!(
                    o.what.status,
                    OutcomeStatus::Applied | OutcomeStatus::Partial | OutcomeStatus::Unknown
                );
                o.what.action == id && done && o.sequence < claim.sequence
            });
            if !applied {
                let saw = "claimed to have healed, never applied".to_owned();
                found.push(breach(claim.time, Some(id), saw, "claims follow outcomes"));
            } else if self.users && unserved_after(case, claim.time) {
                let saw = "claimed to have healed, users went unserved".to_owned();
                found.push(breach(claim.time, Some(id), saw, "users served after a claim"));
            }
        }
        found
    }
}

/// Whether users were unserved in every interval of the stretch after an instant.
fn unserved_after(case: &Case<'_>, from: SimTime) -> bool {
    let record = case.evidence.record;
    let Some(objective) = &record.objective else { return false };
    let until = from + objective.sustained;
    let mut after = record.sli.iter().filter(|s| s.time > from && s.time <= until).peekable();
    after.peek().is_some() && after.all(|sli| is_bad(&sli, objective))
}

/// Plans that state more confidence than was diagnosed.
fn overstated(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for plan in &case.plans {
        let last = case
            .diagnoses
            .iter()
            .rfind(|d| d.what.incident == plan.what.incident && d.sequence < plan.sequence);
        let Some(last) = last else { continue };
        let named = last
            .what
            .hypotheses
            .iter()
            .filter(|h| h.entity == plan.what.entity && h.cause == plan.what.cause);
        let most = named.map(|h| h.confidence.get()).fold(0.0, f64::max);
        // A diagnosis is only told when it changed by two points.
        if plan.what.confidence.get() > most + 0.021 {
            let saw = format!("plan says {:.2}, diagnosed {most:.2}", plan.what.confidence.get());
            let action = plan.what.actions.first().map(|a| a.id);
            found.push(breach(plan.time, action, saw, "no more than was diagnosed"));
        }
    }
    found
}

/// Rulings over all guardrails that allow what one of them denied.
fn overruled(case: &Case<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let last_all = |sequence: u64, id: ActionId| {
        let before = |v: &&crate::referee::case::Said<'_, crate::model::Verdict>| {
            v.what.action == id && v.what.guardrail == "all" && v.sequence < sequence
        };
        case.verdicts.iter().rfind(before).map_or(0, |v| v.sequence + 1)
    };
    for all in case.verdicts.iter().filter(|v| v.what.guardrail == "all") {
        let from = last_all(all.sequence, all.what.action);
        let denied = case.verdicts.iter().find(|v| {
            v.what.action == all.what.action
                && v.what.ruling == Ruling::Deny
                && (from..all.sequence).contains(&v.sequence)
        });
        if let (Some(denied), true) = (denied, all.what.ruling != Ruling::Deny) {
            let saw = format!("{} denied, all {:?}", denied.what.guardrail, all.what.ruling);
            let id = Some(all.what.action);
            found.push(breach(all.time, id, saw.to_lowercase(), "one denial denies"));
        }
    }
    found
}
