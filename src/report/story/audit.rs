//! The audit table: every decision about an action, with its reason, in order.
//!
//! In: the journal. Out: rows of who ruled what about which action and why; nothing is collapsed.

use std::collections::BTreeMap;

use super::phrases::{self, answer_words, outcome_words, ruling};
use super::{Told, Tone};
use crate::model::{Body, Decision};
use crate::unit::{ActionId, SimTime};

/// One decision in the audit table.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// When.
    pub time: SimTime,
    /// Who decided: a guardrail's name, `plan`, `people` ...
    pub who: String,
    /// About what.
    pub about: String,
    /// What was ruled or answered.
    pub ruling: String,
    /// Why.
    pub reason: String,
    /// How to take it.
    pub tone: Tone,
}

/// Every decision about an action with its reason, in order.
pub(super) fn audit(told: &Told<'_>) -> Vec<AuditRow> {
    let mut names: BTreeMap<ActionId, String> = BTreeMap::new();
    let mut rows = Vec::new();
    for line in told.journal.lines() {
        let row = match &line.body {
            Body::Decision(decision) => audited(decision, &mut names),
            Body::Outcome(outcome) if outcome.status.is_final() => {
                let (tone, word) = outcome_words(outcome.status);
                Some(("world", outcome.action, word, outcome.detail.clone(), tone))
            }
            Body::Answer(answer) => {
                let (tone, word) = answer_words(answer.kind);
                let said = if answer.detail.is_empty() { "" } else { ": " };
                let reason = format!("{}{said}{}", answer.person, answer.detail);
                Some(("people", answer.action, word, reason, tone))
            }
            _ => None,
        };
        if let Some((who, action, ruling, reason, tone)) = row {
            let name = names.get(&action).cloned().unwrap_or_default();
            let about = format!("{action} {name}");
            let (who, ruling) = (who.to_owned(), ruling.to_owned());
            rows.push(AuditRow { time: line.time, who, about, ruling, reason, tone });
        }
    }
    rows
}

type Audited<'a> = (&'a str, ActionId, &'static str, String, Tone);

fn audited<'a>(
    decision: &'a Decision,
    names: &mut BTreeMap<ActionId, String>,
) -> Option<Audited<'a>> {
    match decision {
        Decision::Plan(plan) => {
            names.extend(plan.actions.iter().map(|a| (a.id, phrases::action(a))));
            None
        }
        Decision::Verdict(verdict) => {
            let (word, tone) = ruling(verdict.ruling);
            let reason = [verdict.saw.as_str(), verdict.limit.as_str()];
            let reason: Vec<&str> = reason.into_iter().filter(|r| !r.is_empty()).collect();
            Some((&verdict.guardrail, verdict.action, word, reason.join("; "), tone))
        }
        Decision::Ask(action) => {
            names.insert(action.id, phrases::action(action));
            Some(("engine", action.id, "asks for approval", action.reason.clone(), Tone::Warn))
        }
        Decision::Act(action) => {
            names.insert(action.id, phrases::action(action));
            let word = if action.dry_run { "says (dry run)" } else { "acts" };
            Some(("engine", action.id, word, action.reason.clone(), Tone::Plain))
        }
        Decision::Verified(seen) => {
            let (word, tone) = match seen.healed {
                true => ("verified: worked", Tone::Good),
                false => ("verified: did not help", Tone::Bad),
            };
            Some(("engine", seen.action, word, seen.checked.clone(), tone))
        }
        _ => None,
    }
}
