//! From the best hypothesis to a plan: the first alternative that applies and was not tried.
//!
//! In: the table cause -> remedies and one patient. Out: a course with its actions numbered, and
//! the remedies left out with the reason. Without any remedy left the plan is a page.

use super::treatment::{Course, NOTHING_LEFT_PLACE, Treatment};
use super::ward::Watch;
use crate::engine::experience::Experience;
use crate::engine::outside::Outside;
use crate::engine::remediate::{
    Group, Jump, NotApplicable, Patient, Prescription, Remedy, StepCheck, Table,
};
use crate::model::{Action, Diagnosis, Hypothesis, Operation, Plan, Risk, Verb};
use crate::unit::{ActionId, SimDuration, SimTime};

/// What a plan is made from, beside the patient.
pub(super) struct Means<'a> {
    /// The decision table.
    pub(super) remedies: &'a Table,
    /// What is known of remedies.
    pub(super) experience: &'a Experience,
    /// Plans of one incident at most.
    pub(super) max_plans: u32,
}

/// The course to take for the best hypothesis; its actions are numbered from `first`.
pub(super) fn make(
    means: &Means<'_>,
    patient: &Patient<'_>,
    treatment: &Treatment,
    first: u32,
) -> Course {
    let hypothesis = patient.hypothesis;
    let (mut rejected, mut chosen) = (Vec::new(), None);
    let (rule, groups) = means.remedies.alternatives(patient);
    for (index, group) in groups.iter().enumerate() {
        let place = (rule, index);
        let key = (hypothesis.entity.clone(), hypothesis.cause, place);
        let tried = treatment.tried.get(&key);
        let held = |since: &SimTime| group.first().is_some_and(|r| r.held(patient, *since));
        if treatment.plans >= means.max_plans {
            reject(group, "too many plans in this incident", &mut rejected);
        } else if tried.is_some_and(|since| !held(since)) {
            reject(group, "tried before in this incident", &mut rejected);
        } else if chosen.is_none() {
            chosen = prescribe(group, patient, &mut rejected).map(|p| (place, p));
        } else {
            reject(group, "kept for when the plan does not heal", &mut rejected);
        }
    }
    if chosen.is_some() {
        rejected.push((Verb::PageOnCall, "kept for when no remedy is left".to_owned()));
    }
    let (place, prescriptions) =
        chosen.unwrap_or_else(|| (NOTHING_LEFT_PLACE, vec![page(patient)]));
    let main = prescriptions.iter().map(|p| p.operation.verb()).find(|v| v.touches_fleet());
    let learnt = main.map_or(1.0, |verb| means.experience.weight(hypothesis.cause, verb));
    let numbered = prescriptions.iter().zip(first..);
    let actions = numbered.map(|(p, number)| action(patient, p.clone(), number)).collect();
    let plan = Plan {
        incident: patient.incident().id,
        entity: hypothesis.entity.clone(),
        cause: hypothesis.cause,
        confidence: crate::unit::Ratio::clamped(hypothesis.confidence.get() * learnt),
        actions,
        rejected,
    };
    let mut course = Course::new(plan, place);
    course.learnt = learnt;
    for (index, prescription) in prescriptions.into_iter().enumerate() {
        course.settles[index] = prescription.settle;
        course.undos[index] = prescription.undo;
        course.completes[index] = prescription.complete;
        course.checks[index] = prescription.check;
    }
    course
}

/// The course that somebody else prescribes, asked anew each time; nothing said is a page.
pub(super) fn prescribed(
    outside: &Outside,
    patient: &Patient<'_>,
    diagnosis: &Diagnosis,
    treatment: &Treatment,
    (first, max_plans): (u32, u32),
) -> Course {
    let hypothesis = patient.hypothesis;
    let spent = treatment.plans >= max_plans;
    let now = patient.around().now;
    let orders = if spent { None } else { outside.remediate(now, patient.incident(), diagnosis) };
    let orders = orders.unwrap_or_default();
    let place = match orders.is_empty() {
        true => NOTHING_LEFT_PLACE,
        false => (NOTHING_LEFT_PLACE.0, treatment.plans as usize),
    };
    let mut prescriptions: Vec<Prescription> = orders
        .into_iter()
        .map(|o| Prescription::new(o.target, o.operation, o.risk, o.reason, o.settle))
        .collect();
    if prescriptions.is_empty() {
        prescriptions.push(page(patient));
    }
    let settles: Vec<SimDuration> = prescriptions.iter().map(|p| p.settle).collect();
    let numbered = prescriptions.into_iter().zip(first..);
    let plan = Plan {
        incident: patient.incident().id,
        entity: hypothesis.entity.clone(),
        cause: hypothesis.cause,
        confidence: hypothesis.confidence,
        actions: numbered.map(|(p, number)| action(patient, p, number)).collect(),
        rejected: vec![(Verb::PageOnCall, "kept for when no remedy is left".to_owned())],
    };
    let mut course = Course::new(plan, place);
    course.settles = settles;
    course
}

/// Why a later step of a plan makes no sense any more, if it does not: what went before may have
/// been enough. A runbook's steps have checks of their own.
pub(super) fn outdated(course: &Course, action: &Action, watch: &Watch<'_>) -> Option<String> {
    let own = course.checks.get(course.next).is_some_and(Option::is_some);
    if course.next == 0 || own || course.mends.contains(&action.id) {
        return None;
    }
    let plan = &course.plan;
    let hypothesis = Hypothesis {
        entity: plan.entity.clone(),
        cause: plan.cause,
        confidence: plan.confidence,
        evidence: Vec::new(),
    };
    let patient = Patient { case: watch.case, hypothesis: &hypothesis, fleet: watch.fleet };
    let group = watch.remedies.group(course.alternative, plan.cause)?;
    let remedy = group.iter().find(|remedy| remedy.verb() == action.verb())?;
    remedy.prescribe(&patient).err().map(|NotApplicable(why)| why)
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
        let mut one = Vec::new();
        let why = match expand(remedy.as_ref(), patient, rejected, found.len()) {
            Ok(prescriptions) => {
                one = prescriptions;
                None
            }
            Err(NotApplicable(why)) => Some(why),
        };
        match why {
            None => found.append(&mut one),
            Some(why) if found.is_empty() => {
                rejected.push((remedy.verb(), why));
                let rest = group.iter().skip(1);
                let why = "the remedy before it does not apply";
                rejected.extend(rest.map(|r| (r.verb(), why.to_owned())));
                return None;
            }
            Some(why) => rejected.push((remedy.verb(), why)),
        }
    }
    Some(found)
}

/// A remedy's prescriptions: one, or those of a runbook's steps that apply. `base` is the place of
/// its first one in the plan.
fn expand(
    remedy: &dyn Remedy,
    patient: &Patient<'_>,
    rejected: &mut Vec<(Verb, String)>,
    base: usize,
) -> Result<Vec<Prescription>, NotApplicable> {
    let Some(book) = remedy.runbook() else { return Ok(vec![remedy.prescribe(patient)?]) };
    let steps = book.steps_for(patient);
    let mut kept = Vec::new();
    for (index, (step, verb)) in steps.into_iter().enumerate() {
        match step {
            Ok(prescription) => kept.push((index, prescription)),
            Err(NotApplicable(why)) => rejected.push((verb, format!("{}: {why}", book.name))),
        }
    }
    if kept.is_empty() {
        return Err(NotApplicable(format!("no step of the runbook {} applies", book.name)));
    }
    let places: Vec<usize> = kept.iter().map(|(index, _)| *index).collect();
    let land = |jump: Jump| match jump {
        Jump::Step(to) => match places.iter().position(|place| *place >= to) {
            Some(place) => Jump::Step(base + place),
            None => Jump::Escalate,
        },
        other => other,
    };
    let moved = kept.into_iter().map(|(_, prescription)| {
        let check = prescription.check.map(|check| StepCheck {
            then: land(check.then),
            otherwise: land(check.otherwise),
            ..check
        });
        Prescription { check, ..prescription }
    });
    Ok(moved.collect())
}

fn page(patient: &Patient<'_>) -> Prescription {
    Prescription::new(
        patient.hypothesis.entity.clone(),
        Operation::PageOnCall { summary: String::new() },
        Risk::Safe,
        "a person takes over: no remedy is left".to_owned(),
        SimDuration::ZERO,
    )
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
