//! From the best hypothesis to a plan: the first alternative that applies and was not tried.
//!
//! In: the table cause -> remedies and one patient. Out: a course with its actions numbered, and
//! the remedies left out with the reason. Without any remedy left the plan is a page.

use super::treatment::{Course, MOST_PLANS, Treatment};
use crate::engine::outside::Outside;
use crate::engine::remediate::{NotApplicable, Patient, Prescription, Remedy, Table};
use crate::model::{Action, Diagnosis, Operation, Plan, Risk, Verb};
use crate::unit::{ActionId, SimDuration};

type Group = [Box<dyn Remedy + Send>];

/// The course to take for the best hypothesis; its actions are numbered from `first`.
pub(super) fn make(
    remedies: &Table,
    patient: &Patient<'_>,
    treatment: &Treatment,
    first: u32,
) -> Course {
    let hypothesis = patient.hypothesis;
    let mut rejected = Vec::new();
    let mut chosen = None;
    for (index, group) in remedies.alternatives(hypothesis.cause).iter().enumerate() {
        let key = (hypothesis.entity.clone(), hypothesis.cause, index);
        if treatment.plans >= MOST_PLANS {
            reject(group, "too many plans in this incident", &mut rejected);
        } else if treatment.tried.contains(&key) {
            reject(group, "tried before in this incident", &mut rejected);
        } else if chosen.is_none() {
            chosen = prescribe(group, patient, &mut rejected).map(|p| (index, p));
        }
    }
    let (alternative, prescriptions) = chosen.unwrap_or_else(|| (usize::MAX, vec![page(patient)]));
    let settles = prescriptions.iter().map(|p| p.settle).collect();
    let numbered = prescriptions.into_iter().zip(first..);
    let actions = numbered.map(|(p, number)| action(patient, p, number)).collect();
    let plan = Plan {
        incident: patient.incident().id,
        entity: hypothesis.entity.clone(),
        cause: hypothesis.cause,
        confidence: hypothesis.confidence,
        actions,
        rejected,
    };
    let (applied, settle) = (Vec::new(), SimDuration::ZERO);
    Course { plan, settles, alternative, next: 0, applied, unknown: false, settle }
}

/// The course that somebody else prescribes, asked anew each time; nothing said is a page.
pub(super) fn prescribed(
    outside: &Outside,
    patient: &Patient<'_>,
    diagnosis: &Diagnosis,
    treatment: &Treatment,
    first: u32,
) -> Course {
    let hypothesis = patient.hypothesis;
    let spent = treatment.plans >= MOST_PLANS;
    let now = patient.around().now;
    let orders = if spent { None } else { outside.remediate(now, patient.incident(), diagnosis) };
    let orders = orders.unwrap_or_default();
    let alternative = if orders.is_empty() { usize::MAX } else { treatment.plans as usize };
    let mut prescriptions: Vec<Prescription> = orders
        .into_iter()
        .map(|order| Prescription {
            target: order.target,
            operation: order.operation,
            risk: order.risk,
            expected: order.reason,
            settle: order.settle,
        })
        .collect();
    if prescriptions.is_empty() {
        prescriptions.push(page(patient));
    }
    let settles = prescriptions.iter().map(|p| p.settle).collect();
    let numbered = prescriptions.into_iter().zip(first..);
    let plan = Plan {
        incident: patient.incident().id,
        entity: hypothesis.entity.clone(),
        cause: hypothesis.cause,
        confidence: hypothesis.confidence,
        actions: numbered.map(|(p, number)| action(patient, p, number)).collect(),
        rejected: Vec::new(),
    };
    let (applied, settle) = (Vec::new(), SimDuration::ZERO);
    Course { plan, settles, alternative, next: 0, applied, unknown: false, settle }
}

fn reject(group: &Group, why: &str, rejected: &mut Vec<(Verb, String)>) {
    rejected.extend(group.iter().map(|remedy| (remedy.verb(), why.to_owned())));
}

/// A group's prescriptions; nothing if its first remedy does not apply.
fn prescribe(
    group: &Group,
    patient: &Patient<'_>,
    rejected: &mut Vec<(Verb, String)>,
) -> Option<Vec<Prescription>> {
    let mut found = Vec::new();
    for remedy in group {
        match remedy.prescribe(patient) {
            Ok(prescription) => found.push(prescription),
            Err(NotApplicable(why)) if found.is_empty() => {
                rejected.push((remedy.verb(), why));
                let rest = group.iter().skip(1);
                let why = "the remedy before it does not apply";
                rejected.extend(rest.map(|r| (r.verb(), why.to_owned())));
                return None;
            }
            Err(NotApplicable(why)) => rejected.push((remedy.verb(), why)),
        }
    }
    Some(found)
}

fn page(patient: &Patient<'_>) -> Prescription {
    Prescription {
        target: patient.hypothesis.entity.clone(),
        operation: Operation::PageOnCall { summary: String::new() },
        risk: Risk::Safe,
        expected: "a person takes over: no remedy is left".to_owned(),
        settle: SimDuration::ZERO,
    }
}

fn action(patient: &Patient<'_>, prescription: Prescription, number: u32) -> Action {
    let hypothesis = patient.hypothesis;
    let because = hypothesis.evidence.first().map_or("no evidence", |e| e.text.as_str());
    Action {
        id: ActionId(number),
        incident: patient.incident().id,
        target: prescription.target,
        operation: prescription.operation,
        risk: prescription.risk,
        dry_run: false,
        reason: format!(
            "{} of {} ({}): {because}; expected: {}",
            hypothesis.cause, hypothesis.entity, hypothesis.confidence, prescription.expected
        ),
    }
}
