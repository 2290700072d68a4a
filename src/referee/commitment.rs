//! Which diagnosis counts as the engine's answer.
//!
//! The answer is what the engine believed when it committed itself: the last diagnosis before its
//! first act on the fleet inside the claim; if it never acted, before its first plan; if it never
//! planned, the last one inside the claim. It comes from the incident that acted or planned, else
//! from the first answering incident that was diagnosed, so that splitting an incident buys no
//! second guess. A diagnosis from before the claim is not about this truth.

use super::case::{Case, Said};
use crate::model::{Cause, Diagnosis, Hypothesis, TrueIncident};
use crate::unit::{IncidentId, Name, Window};

/// The answer to the truth at `index`, if one was given.
#[must_use]
pub(super) fn committed<'a>(case: &Case<'a>, index: usize) -> Option<Said<'a, Diagnosis>> {
    answer(case, &case.answering(index), case.truths()[index].claim())
}

/// The last diagnosis inside the claim, whatever was decided before.
#[must_use]
pub(super) fn latest<'a>(case: &Case<'a>, index: usize) -> Option<Said<'a, Diagnosis>> {
    last(case, &case.answering(index), case.truths()[index].claim(), u64::MAX)
}

/// The answer given for one incident that answers no truth.
#[must_use]
pub(super) fn committed_alone<'a>(case: &Case<'a>, id: IncidentId) -> Option<Said<'a, Diagnosis>> {
    answer(case, &[id], case.evidence.window)
}

/// Distinct entities with the highest confidence given to each, replicas counted as their service.
#[must_use]
pub(super) fn entity_scores(case: &Case<'_>, diagnosis: &Diagnosis) -> Vec<(Name, f64)> {
    let mut scores: Vec<(Name, f64)> = Vec::new();
    for Hypothesis { entity, confidence, .. } in &diagnosis.hypotheses {
        let service = case.service(entity);
        match scores.iter_mut().find(|(name, _)| name == service) {
            Some((_, score)) => *score = score.max(confidence.get()),
            None => scores.push((service.clone(), confidence.get())),
        }
    }
    scores
}

/// Rank of `entity`: how many entities are given at least its confidence, itself included.
#[must_use]
pub(super) fn strict_rank(scores: &[(Name, f64)], entity: &Name) -> Option<u64> {
    let (_, own) = scores.iter().find(|(name, _)| name == entity)?;
    Some(scores.iter().filter(|(_, score)| score >= own).count() as u64)
}

/// Whether one hypothesis stands alone at the top and is right in entity and cause.
#[must_use]
pub(super) fn top(
    case: &Case<'_>,
    diagnosis: &Diagnosis,
    truth: &TrueIncident,
    cause: Cause,
) -> bool {
    let blames = |h: &Hypothesis| {
        truth.root_causes.iter().any(|root| case.service(root) == case.service(&h.entity))
    };
    let right = diagnosis.hypotheses.iter().find(|h| h.cause == cause && blames(h));
    right.is_some_and(|best| {
        diagnosis.hypotheses.iter().filter(|h| h.confidence >= best.confidence).count() == 1
    })
}

fn answer<'a>(case: &Case<'a>, ids: &[IncidentId], claim: Window) -> Option<Said<'a, Diagnosis>> {
    let act = case
        .fleet_acts()
        .find(|a| ids.contains(&a.what.incident) && claim.contains(a.time))
        .map(|a| (a.sequence, a.what.incident));
    let plan = || {
        case.plans
            .iter()
            .find(|p| ids.contains(&p.what.incident) && claim.contains(p.time))
            .map(|p| (p.sequence, p.what.incident))
    };
    match act.or_else(plan) {
        Some((sequence, incident)) => last(case, &[incident], claim, sequence),
        None => ids.iter().find_map(|id| last(case, &[*id], claim, u64::MAX)),
    }
}

fn last<'a>(
    case: &Case<'a>,
    ids: &[IncidentId],
    claim: Window,
    before: u64,
) -> Option<Said<'a, Diagnosis>> {
    let counts = |d: &&Said<'a, Diagnosis>| {
        ids.contains(&d.what.incident) && claim.contains(d.time) && d.sequence < before
    };
    case.diagnoses.iter().rev().find(counts).copied()
}
