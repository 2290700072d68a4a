//! The steps of a treatment: rule on an action, give it, hear its outcome, judge its effect, page.
//!
//! In: one treatment and what just happened. Out: decisions and the next phase. A denied, refused
//! or failed step ends its plan; what was applied before it is still judged and always reported. A
//! step that was done in part is made whole, and what did not heal is taken back where that can be
//! done; both are actions like any other and pass the guardrails.

use super::active::Active;

use super::page::{FOR_PEOPLE, NOTHING_LEFT, REPORT, notify, page, say};
use super::plan;
use super::treatment::{
    Course, MOST_FAILURES, NOTHING_LEFT_PLACE, OUTCOME_TIMEOUT, Phase, Treatment,
};
use super::ward::{Ward, Watch};
use crate::engine::remediate::{Jump, passes};
use crate::model::{
    Action, Answer, AnswerKind, Decision, Operation, Outcome, OutcomeStatus, Plan, Risk, Ruling,
    Verb, Verification,
};
use crate::unit::{Name, SimTime};

/// Rules on the step at hand and does what the ruling says; `approved` if a person said yes.
pub(super) fn run(
    ward: &mut Ward,
    treatment: &mut Treatment,
    watch: &Watch<'_>,
    approved: bool,
    out: &mut Vec<Decision>,
) {
    let Some(mut course) = treatment.course.take() else {
        treatment.phase = Phase::Handed { idle: false, above: None };
        return;
    };
    if let Some((target, operation, why)) = course.due.pop() {
        mend(ward, treatment, &mut course, (target, operation, why), out);
    }
    let Some(action) = course.plan.actions.get(course.next).cloned() else {
        return finish(treatment, course, watch.now, out);
    };
    if !action.verb().touches_fleet() {
        course.next += 1;
        let only_pages = course.plan.actions.iter().all(|a| !a.verb().touches_fleet());
        let why = match course.alternative {
            NOTHING_LEFT_PLACE => NOTHING_LEFT,
            _ if only_pages => FOR_PEOPLE,
            _ => REPORT,
        };
        treatment.course = Some(course);
        return page(ward, treatment, watch, Some(action), why, out);
    }
    if let Some(why) = plan::outdated(&course, &action, watch) {
        course.next += 1;
        treatment.course = Some(course);
        return say(treatment, &action, &format!("not needed any more: {why}"), out);
    }
    out.extend(treatment.untold(&course.plan).map(Decision::Diagnosis));
    let sure = if approved { course.plan.confidence } else { treatment.standing(&course) };
    let verdicts = watch.guards.rule(&ward.request(&action, &course, sure, watch));
    let ruling = verdicts.last().map_or(Ruling::Deny, |verdict| verdict.ruling);
    let reasons: Vec<String> = verdicts
        .iter()
        .filter(|v| v.ruling != Ruling::Allow && v.guardrail != "all")
        .map(|v| format!("{}: {}, limit: {}", v.guardrail, v.saw, v.limit))
        .collect();
    out.extend(verdicts.into_iter().map(Decision::Verdict));
    treatment.course = Some(course);
    match ruling {
        Ruling::Allow => act(ward, treatment, action, watch, out),
        Ruling::NeedsApproval if approved => act(ward, treatment, action, watch, out),
        Ruling::NeedsApproval => {
            let terms = watch.guards.approval();
            let again = terms.escalate_after.map(|after| watch.now + after);
            treatment.phase = Phase::Asking { until: watch.now + terms.timeout, again };
            out.push(Decision::Ask(action));
        }
        Ruling::Recommend => {
            say(treatment, &action, "recommended to a person, not done", out);
            skip(treatment);
            let why = format!("recommended: {} of {}", action.verb(), action.target);
            page(ward, treatment, watch, None, &why, out);
        }
        Ruling::DryRun => {
            say(treatment, &action, "dry run: would have been done", out);
            skip(treatment);
        }
        Ruling::Deny => deny(ward, treatment, &action, &reasons.join("; "), watch, out),
    }
}

/// Puts an action in that makes the last step whole or takes it back; the plan is told anew.
fn mend(
    ward: &mut Ward,
    treatment: &Treatment,
    course: &mut Course,
    (target, operation, why): (Name, Operation, String),
    out: &mut Vec<Decision>,
) {
    let action = Action {
        id: ward.number(),
        incident: treatment.incident,
        target,
        operation,
        risk: Risk::Reversible,
        dry_run: false,
        reason: why,
    };
    course.insert(action.clone());
    course.mends.push(action.id);
    let confidence = treatment.standing(course);
    let kept = (Verb::PageOnCall, "kept for when no remedy is left".to_owned());
    out.push(Decision::Plan(Plan {
        actions: vec![action],
        rejected: vec![kept],
        confidence,
        ..course.plan.clone()
    }));
}

fn act(
    ward: &mut Ward,
    treatment: &mut Treatment,
    action: Action,
    watch: &Watch<'_>,
    out: &mut Vec<Decision>,
) {
    ward.log.record(watch.now, &action, watch.fleet);
    ward.changes(watch.now, &action.target);
    treatment.phase = Phase::Acting { until: watch.now + OUTCOME_TIMEOUT };
    out.push(Decision::Act(action));
}

/// The step is over without effect; the next one is ready.
fn skip(treatment: &mut Treatment) {
    if let Some(course) = &mut treatment.course {
        course.next += 1;
    }
    treatment.phase = Phase::Ready;
}

fn deny(
    ward: &mut Ward,
    treatment: &mut Treatment,
    action: &Action,
    why: &str,
    watch: &Watch<'_>,
    out: &mut Vec<Decision>,
) {
    say(treatment, action, &format!("denied ({why})"), out);
    if abandon(treatment) {
        return;
    }
    let sure = treatment.course.take().map(|course| course.plan.confidence.get());
    let why = format!("{} of {} was denied: {why}", action.verb(), action.target);
    page(ward, treatment, watch, None, &why, out);
    treatment.phase = Phase::Handed { idle: false, above: sure };
}

/// Drops the rest of a plan but its pages. Returns whether something was applied, so that the
/// plan goes on to be judged.
fn abandon(treatment: &mut Treatment) -> bool {
    let Some(course) = &mut treatment.course else { return false };
    if course.applied.is_empty() {
        return false;
    }
    cut(course);
    treatment.phase = Phase::Ready;
    true
}

/// The plan ends after the step at hand, but for its pages.
fn cut(course: &mut Course) {
    let next = course.next + 1;
    let mut index = 0;
    course.plan.actions.retain(|action| {
        index += 1;
        index <= next || !action.verb().touches_fleet()
    });
    course.next = next;
}

/// The plan's steps are done: wait for their effect, or hand over where it cannot be known.
fn finish(treatment: &mut Treatment, course: Course, now: SimTime, out: &mut Vec<Decision>) {
    rule_out(treatment, &course, now);
    if course.undoing {
        return again(treatment, now);
    }
    if course.applied.is_empty() || course.unknown {
        if course.unknown {
            let text = "nobody can know what the actions did: no effect is judged".to_owned();
            notify(treatment, None, text, out);
        }
        // Whoever was only told may still be spared the work when more is known.
        let above = (!course.unknown).then(|| course.plan.confidence.get());
        let idle = course.applied.is_empty();
        treatment.phase = Phase::Handed { idle, above };
        return;
    }
    treatment.phase = Phase::Settling { until: now + course.settle };
    treatment.course = Some(course);
}

/// This alternative is not tried again in this incident, unless it holds for a while.
fn rule_out(treatment: &mut Treatment, course: &Course, now: SimTime) {
    treatment.tried.insert(course.key(), now);
}

/// The final outcome of the step at hand.
pub(super) fn outcome(
    treatment: &mut Treatment,
    now: SimTime,
    outcome: &Outcome,
    out: &mut Vec<Decision>,
) {
    let Some(action) = treatment.step().cloned() else { return };
    let status = format!("{:?}", outcome.status).to_lowercase();
    let result = format!("{status} at {}: {}", outcome.time, outcome.detail);
    say(treatment, &action, result.trim_end_matches(": "), out);
    let Some(course) = &mut treatment.course else { return };
    let lesson = (course.plan.cause, action.verb(), false);
    match outcome.status {
        OutcomeStatus::Started => {}
        OutcomeStatus::Applied | OutcomeStatus::Partial | OutcomeStatus::Unknown => {
            course.unknown |= outcome.status == OutcomeStatus::Unknown;
            let settle = course.settles.get(course.next).copied().unwrap_or_default();
            course.settle = course.settle.max(settle);
            course.applied.push(action.id);
            let whole = course.completes.get(course.next).cloned().flatten();
            let undo = course.undos.get(course.next).cloned().flatten();
            if let (OutcomeStatus::Partial, Some(operation)) = (outcome.status, whole.or(undo)) {
                let why = format!("{} of {} was done in part", action.verb(), action.target);
                course.due.push((action.target.clone(), operation, why));
            }
            match course.checks.get(course.next).and_then(Option::as_ref) {
                Some(check) => {
                    let within = check.verify.as_ref().map(|v| v.within).unwrap_or_default();
                    treatment.phase = Phase::Checking { until: now + within };
                }
                None => skip(treatment),
            }
        }
        OutcomeStatus::Failed | OutcomeStatus::NotApplicable => {
            let branch = course.checks.get(course.next).and_then(Option::as_ref);
            let otherwise = branch.map(|check| check.otherwise);
            // What the platform failed to do teaches nothing of the remedy.
            if outcome.status == OutcomeStatus::NotApplicable {
                treatment.lessons.push(lesson);
                if undoes(action.verb()) {
                    let told = (course.plan.entity.clone(), course.plan.cause);
                    treatment.refuted.push(told);
                }
            }
            match otherwise {
                Some(jump) => leap(treatment, jump, now),
                None => failed(treatment, outcome.status, now),
            }
        }
    }
}

/// Whether the verb undoes one thing that must have happened: where there is nothing to be undone
/// the diagnosis is wrong, and no other remedy for it is right.
const fn undoes(verb: Verb) -> bool {
    matches!(verb, Verb::Rollback | Verb::ReconcileConfig | Verb::DisableFlag)
}

/// Measures what a runbook's step should have changed, and goes where its check says.
pub(super) fn check(treatment: &mut Treatment, watch: &Watch<'_>, out: &mut Vec<Decision>) {
    let Phase::Checking { until } = treatment.phase else { return };
    let Some(action) = treatment.step().cloned() else { return };
    let Some(course) = &treatment.course else { return };
    let Some(check) = course.checks.get(course.next).cloned().flatten() else { return };
    let around = &watch.case.around;
    let pass = check.verify.as_ref().is_none_or(|v| passes(v, around, &action.target));
    if !pass && watch.now < until {
        return;
    }
    let what = check.verify.as_ref().map_or("applied".to_owned(), |v| v.metric.clone());
    let result = if pass { "checked, passes" } else { "checked, does not pass" };
    say(treatment, &action, &format!("{result} ({what})"), out);
    leap(treatment, if pass { check.then } else { check.otherwise }, watch.now);
}

/// Goes on with a runbook.
fn leap(treatment: &mut Treatment, jump: Jump, now: SimTime) {
    let Some(course) = &mut treatment.course else { return };
    match jump {
        Jump::Step(to) => {
            debug_assert!(to > course.next, "a runbook goes forward only");
            course.next = to;
            treatment.phase = Phase::Ready;
        }
        Jump::Done => {
            cut(course);
            treatment.phase = Phase::Ready;
        }
        Jump::Escalate => {
            treatment.escalate = Some("a runbook could not go on".to_owned());
            if let Some(course) = treatment.course.take() {
                rule_out(treatment, &course, now);
                treatment.refuted.push((course.plan.entity, course.plan.cause));
            }
            again(treatment, now);
        }
    }
}

/// A step failed: judge what was applied before it, else try the next alternative. What the
/// platform failed to do says nothing of the remedy, which is tried again before a worse one is.
fn failed(treatment: &mut Treatment, status: OutcomeStatus, now: SimTime) {
    if abandon(treatment) {
        return;
    }
    let Some(course) = treatment.course.take() else { return };
    let failures = treatment.failures.entry(course.key()).or_default();
    *failures += 1;
    if status != OutcomeStatus::Failed || *failures >= MOST_FAILURES {
        rule_out(treatment, &course, now);
    }
    again(treatment, now);
}

/// Deliberates anew; after too many plans the next one is a page.
pub(super) fn again(treatment: &mut Treatment, now: SimTime) {
    treatment.phase = Phase::Deliberating { since: now };
    (treatment.agreed, treatment.changed) = (0, true);
}

/// What a person said about the step at hand.
pub(super) fn answer(treatment: &mut Treatment, answer: &Answer, out: &mut Vec<Decision>) {
    let Some(action) = treatment.step().cloned() else { return };
    if !matches!(treatment.phase, Phase::Asking { .. }) {
        return;
    }
    match answer.kind {
        AnswerKind::Acknowledged | AnswerKind::Fixed => {}
        AnswerKind::Approved => {
            say(treatment, &action, &format!("approved by {}", answer.person), out);
            treatment.phase = Phase::Approved;
        }
        AnswerKind::Refused => {
            say(treatment, &action, &format!("refused by {}", answer.person), out);
            if !abandon(treatment) {
                treatment.course = None;
                treatment.phase = Phase::Handed { idle: false, above: None };
            }
        }
    }
}

/// Ends waits that took too long.
pub(super) fn time_out(
    ward: &mut Ward,
    treatment: &mut Treatment,
    watch: &Watch<'_>,
    out: &mut Vec<Decision>,
) {
    let now = watch.now;
    let Some(action) = treatment.step().cloned() else { return };
    match treatment.phase {
        Phase::Asking { until, again: Some(again) } if now >= again && now < until => {
            say(treatment, &action, "no answer yet: the request is escalated", out);
            treatment.phase = Phase::Asking { until, again: None };
            out.push(Decision::Ask(action));
        }
        Phase::Asking { until, .. } if now >= until => {
            say(treatment, &action, "nobody answered the request for approval", out);
            let why = format!("approval of {} was not answered", action.verb());
            page(ward, treatment, watch, None, &why, out);
            treatment.course = None;
            treatment.phase = Phase::Handed { idle: false, above: None };
        }
        Phase::Acting { until } if now >= until => {
            say(treatment, &action, "no outcome in time", out);
            failed(treatment, OutcomeStatus::Unknown, now);
        }
        _ => {}
    }
}

/// Judges the effect of a finished plan when it is due, or as soon as the signals are over.
pub(super) fn judge(
    treatment: &mut Treatment,
    active: &Active,
    now: SimTime,
    out: &mut Vec<Decision>,
) {
    let Phase::Settling { until } = treatment.phase else { return };
    if active.any() && now < until {
        return;
    }
    let Some(course) = treatment.course.take() else { return };
    let eased = active.lasts() && active.is_over(&course.plan.entity);
    let healed = eased || !active.lasts();
    let checked = match (healed, eased) {
        (true, true) => "its own signals are over; what goes on is another's",
        (true, false) => "all signals of the incident are over",
        (false, _) => "signals still active",
    };
    let (cause, planned) = (course.plan.cause, &course.plan.actions);
    for action in &course.applied {
        let verb = planned.iter().find(|a| a.id == *action).map(Action::verb);
        treatment.lessons.extend(verb.map(|verb| (cause, verb, healed)));
        let checked = checked.to_owned();
        out.push(Decision::Verified(Verification { action: *action, healed, checked }));
    }
    let text = format!("{}: {checked}", if healed { "healed" } else { "not healed" });
    treatment.deeds.push(format!("{now} {text}"));
    notify(treatment, course.applied.first().copied(), text, out);
    let cured = (course.plan.entity.clone(), course.plan.cause);
    if eased {
        again(treatment, now);
    } else if healed {
        treatment.phase = Phase::Healed { of: cured };
    } else {
        let undone = undo(&course);
        treatment.refuted.push(cured);
        if undone.is_empty() {
            return again(treatment, now);
        }
        let mut plan = course.plan;
        plan.actions.clear();
        let mut back = Course::new(plan, course.alternative);
        (back.due, back.undoing) = (undone, true);
        treatment.course = Some(back);
        treatment.phase = Phase::Ready;
    }
}

/// What takes back a plan's actions that did not heal, the last one first.
fn undo(course: &Course) -> Vec<(Name, Operation, String)> {
    let done = course.plan.actions.iter().zip(&course.undos);
    let mine = done.filter(|(action, _)| course.applied.contains(&action.id));
    mine.filter_map(|(action, undo)| {
        let why = format!("{} of {} did not heal: taken back", action.verb(), action.target);
        Some((action.target.clone(), undo.clone()?, why))
    })
    .collect()
}

/// The last word on a closed incident.
pub(super) fn farewell(treatment: &mut Treatment, now: SimTime, out: &mut Vec<Decision>) {
    judge(treatment, &Active::default(), now, out);
    let pages = treatment.pages;
    let text = match treatment.plans {
        0 => "closed: over by itself, nothing was done".to_owned(),
        plans => format!("closed after {plans} plan(s) and {pages} page(s)"),
    };
    notify(treatment, None, text, out);
}
