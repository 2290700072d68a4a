//! The audit record of one act: everything that a review needs, gathered from the journal.
//!
//! In: a `Case` and one act on the fleet. Out: what was detected, how sure the engine was, on what
//! evidence, what else was considered, what each guardrail ruled, who approved it, what was done,
//! with which result, and who was told; and which of these parts are missing. Source: the article
//! ("every autonomous action must be logged with full context"). Limit: asks whether a part is
//! there, not whether it is true; that is the other rules' business.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::case::{Case, Said};
use crate::model::{Action, AnswerKind, OutcomeStatus, Risk, Ruling, Verb, Verdict};
use crate::unit::{ActionId, IncidentId, Name, Ratio, SimTime};

/// Everything that is known of one act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRecord {
    /// The act.
    pub action: ActionId,
    /// The incident that it answers.
    pub incident: IncidentId,
    /// When it was done.
    pub time: SimTime,
    /// What was done.
    pub verb: Verb,
    /// To whom.
    pub target: Name,
    /// How dangerous it was held to be.
    pub risk: Risk,
    /// Why, as the engine says.
    pub reason: String,
    /// Whether a plan written before it lists it.
    pub planned: bool,
    /// Signals of the incident that were told before it.
    pub detected: Vec<u32>,
    /// Confidence of the plan that lists it, else of the last diagnosis before it.
    pub confidence: Option<Ratio>,
    /// What spoke for and against the hypothesis.
    pub evidence: Vec<String>,
    /// Other hypotheses, and remedies that were left out.
    pub alternatives: Vec<String>,
    /// What each guardrail ruled before it.
    pub verdicts: Vec<Verdict>,
    /// Who let it pass: a person, or the guardrails.
    pub approver: Option<String>,
    /// How it ended; absent if that was never told.
    pub result: Option<OutcomeStatus>,
    /// What the team was told about it.
    pub notification: Option<String>,
}

impl AuditRecord {
    /// The record of one act.
    #[must_use]
    pub fn of(case: &Case<'_>, act: &Said<'_, Action>) -> Self {
        let (id, incident) = (act.what.id, act.what.incident);
        let before = |sequence: u64| sequence < act.sequence;
        let plan = case
            .plans
            .iter()
            .rfind(|p| before(p.sequence) && p.what.actions.iter().any(|a| a.id == id));
        let diagnosis =
            case.diagnoses.iter().rfind(|d| d.what.incident == incident && before(d.sequence));
        let blamed = |plan: &crate::model::Plan| {
            let all = diagnosis.map(|d| d.what.hypotheses.as_slice()).unwrap_or_default();
            all.iter().find(|h| h.entity == plan.entity && h.cause == plan.cause)
        };
        let hypothesis = match plan {
            Some(plan) => blamed(plan.what),
            None => None,
        }
        .or_else(|| diagnosis.and_then(|d| d.what.hypotheses.first()));
        let verdicts: Vec<Verdict> = case
            .verdicts
            .iter()
            .filter(|v| v.what.action == id && before(v.sequence))
            .map(|v| v.what.clone())
            .collect();
        let detected =
            case.opened.iter().filter(|o| case.survivor(o.id) == case.survivor(incident));
        let told = detected.flat_map(|o| o.gained.iter().filter(|(_, at)| **at <= act.time));
        let stated = plan.map(|p| p.what.confidence).filter(|_| diagnosis.is_some());
        Self {
            action: id,
            incident,
            time: act.time,
            verb: act.what.verb(),
            target: act.what.target.clone(),
            risk: act.what.risk,
            reason: act.what.reason.clone(),
            planned: plan.is_some(),
            detected: told.map(|(anomaly, _)| *anomaly).collect(),
            confidence: stated.or_else(|| hypothesis.map(|h| h.confidence)),
            evidence: hypothesis.map(evidence).unwrap_or_default(),
            alternatives: alternatives(plan.map(|p| p.what), diagnosis.map(|d| d.what)),
            approver: approver(case, act, &verdicts),
            verdicts,
            result: case.final_outcome(id).map(|o| o.what.status),
            notification: notification(case, act),
        }
    }

    /// The records of every act on the fleet in a trial, in order.
    #[must_use]
    pub fn all(evidence: &super::Evidence<'_>) -> Vec<Self> {
        let case = Case::read(evidence);
        case.fleet_acts().map(|act| Self::of(&case, &act)).collect()
    }

    /// Parts that are missing, but for the message to the team, which has a rule of its own;
    /// `settled` says that a result must be known by now.
    #[must_use]
    pub fn missing(&self, settled: bool) -> Vec<&'static str> {
        let parts = [
            (self.planned, "plan"),
            (!self.detected.is_empty(), "what was detected"),
            (self.confidence.is_some(), "confidence"),
            (!self.evidence.is_empty(), "evidence"),
            (!self.alternatives.is_empty(), "alternatives"),
            (!self.verdicts.is_empty(), "verdicts"),
            (self.approver.is_some(), "approver"),
            (self.result.is_some() || !settled, "result"),
        ];
        parts.into_iter().filter(|(there, _)| !there).map(|(_, name)| name).collect()
    }
}

fn evidence(hypothesis: &crate::model::Hypothesis) -> Vec<String> {
    hypothesis.evidence.iter().map(|e| format!("{} ({})", e.text, e.method)).collect()
}

fn alternatives(
    plan: Option<&crate::model::Plan>,
    diagnosis: Option<&crate::model::Diagnosis>,
) -> Vec<String> {
    let Some(plan) = plan else { return Vec::new() };
    let rejected = plan.rejected.iter().map(|(verb, why)| format!("{verb}: {why}"));
    let others = diagnosis.map(|d| d.hypotheses.as_slice()).unwrap_or_default();
    let others = others.iter().filter(|h| h.entity != plan.entity || h.cause != plan.cause);
    let others = others.map(|h| format!("{} of {} ({})", h.cause, h.entity, h.confidence));
    rejected.chain(others).collect()
}

fn approver(case: &Case<'_>, act: &Said<'_, Action>, verdicts: &[Verdict]) -> Option<String> {
    let answers = case.answers.iter().filter(|a| a.what.action == act.what.id);
    let mut yes =
        answers.filter(|a| a.what.kind == AnswerKind::Approved && a.sequence < act.sequence);
    let person = yes.next_back().map(|a| a.what.person.to_string());
    let all = verdicts.iter().rfind(|v| v.guardrail == "all");
    person.or_else(|| all.filter(|v| v.ruling == Ruling::Allow).map(|_| "guardrails".to_owned()))
}

fn notification(case: &Case<'_>, act: &Said<'_, Action>) -> Option<String> {
    let names = case.notifications.iter().find(|n| n.what.action == Some(act.what.id));
    let later = || {
        let mine = |n: &&Said<'_, crate::model::Notification>| {
            n.what.incident == act.what.incident && n.sequence > act.sequence
        };
        case.notifications.iter().find(mine)
    };
    names.or_else(later).map(|n| n.what.text.clone())
}
