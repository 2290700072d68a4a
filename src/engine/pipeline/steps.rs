//! The steps of a treatment: rule on an action, give it, hear its outcome, judge its effect, page.
//!
//! In: one treatment and what just happened. Out: decisions and the next phase. A denied, refused
//! or failed step ends its plan; what was applied before it is still judged and always reported.

use super::page::{FOR_PEOPLE, NOTHING_LEFT, REPORT, notify, page, say};
use super::treatment::{APPROVAL_TIMEOUT, Course, OUTCOME_TIMEOUT, Phase, Treatment};
use super::ward::{Ward, Watch};
use crate::model::{
    Action, Answer, AnswerKind, Decision, Outcome, OutcomeStatus, Ruling, Verification,
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
        treatment.phase = Phase::Handed { above: None };
        return;
    };
    let Some(action) = course.plan.actions.get(course.next).cloned() else {
        return finish(treatment, course, watch.now, out);
    };
    if !action.verb().touches_fleet() {
        course.next += 1;
        let only_pages = course.plan.actions.iter().all(|a| !a.verb().touches_fleet());
        let why = match course.alternative {
            usize::MAX => NOTHING_LEFT,
            _ if only_pages => FOR_PEOPLE,
            _ => REPORT,
        };
        treatment.course = Some(course);
        return page(ward, treatment, watch, Some(action), why, out);
    }
    let verdicts = watch.guards.rule(&ward.request(&action, &course, watch));
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
            treatment.phase = Phase::Asking { until: watch.now + APPROVAL_TIMEOUT };
            out.push(Decision::Ask(action));
        }
        Ruling::DryRun => {
            say(treatment, &action, "dry run: would have been done", out);
            skip(treatment);
        }
        Ruling::Deny => deny(ward, treatment, &action, &reasons.join("; "), watch, out),
    }
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
    treatment.phase = Phase::Handed { above: sure };
}

/// Drops the rest of a plan but its pages. Returns whether something was applied, so that the
/// plan goes on to be judged.
fn abandon(treatment: &mut Treatment) -> bool {
    let Some(course) = &mut treatment.course else { return false };
    if course.applied.is_empty() {
        return false;
    }
    let next = course.next + 1;
    let keep = |index: usize, action: &Action| index < next || !action.verb().touches_fleet();
    let mut index = 0;
    course.plan.actions.retain(|action| {
        index += 1;
        keep(index - 1, action)
    });
    course.next = next;
    treatment.phase = Phase::Ready;
    true
}

/// The plan's steps are done: wait for their effect, or hand over where it cannot be known.
fn finish(treatment: &mut Treatment, course: Course, now: SimTime, out: &mut Vec<Decision>) {
    rule_out(treatment, &course);
    if course.applied.is_empty() || course.unknown {
        if course.unknown {
            let text = "nobody can know what the actions did: no effect is judged".to_owned();
            notify(treatment, None, text, out);
        }
        treatment.phase = Phase::Handed { above: None };
        return;
    }
    treatment.phase = Phase::Settling { until: now + course.settle };
    treatment.course = Some(course);
}

/// This alternative is not tried again in this incident.
fn rule_out(treatment: &mut Treatment, course: &Course) {
    let key: (Name, _, usize) = (course.plan.entity.clone(), course.plan.cause, course.alternative);
    treatment.tried.insert(key);
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
    match outcome.status {
        OutcomeStatus::Started => {}
        OutcomeStatus::Applied | OutcomeStatus::Partial | OutcomeStatus::Unknown => {
            course.unknown |= outcome.status == OutcomeStatus::Unknown;
            course.settle = course.settle.max(course.settles[course.next]);
            course.applied.push(action.id);
            skip(treatment);
        }
        OutcomeStatus::Failed | OutcomeStatus::NotApplicable => failed(treatment, now),
    }
}

/// A step failed: judge what was applied before it, else try the next alternative.
fn failed(treatment: &mut Treatment, now: SimTime) {
    if !abandon(treatment)
        && let Some(course) = treatment.course.take()
    {
        rule_out(treatment, &course);
        again(treatment, now);
    }
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
                treatment.phase = Phase::Handed { above: None };
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
        Phase::Asking { until } if now >= until => {
            say(treatment, &action, "nobody answered the request for approval", out);
            let why = format!("approval of {} was not answered", action.verb());
            page(ward, treatment, watch, None, &why, out);
            treatment.course = None;
            treatment.phase = Phase::Handed { above: None };
        }
        Phase::Acting { until } if now >= until => {
            say(treatment, &action, "no outcome in time", out);
            failed(treatment, now);
        }
        _ => {}
    }
}

/// Judges the effect of a finished plan when it is due, or as soon as the signals are over.
pub(super) fn judge(
    treatment: &mut Treatment,
    active: bool,
    now: SimTime,
    out: &mut Vec<Decision>,
) {
    let Phase::Settling { until } = treatment.phase else { return };
    if active && now < until {
        return;
    }
    let Some(course) = treatment.course.take() else { return };
    let healed = !active;
    let checked =
        if healed { "all signals of the incident are over" } else { "signals still active" };
    for action in &course.applied {
        let checked = checked.to_owned();
        out.push(Decision::Verified(Verification { action: *action, healed, checked }));
    }
    let text = format!("{}: {checked}", if healed { "healed" } else { "not healed" });
    treatment.deeds.push(format!("{now} {text}"));
    notify(treatment, course.applied.first().copied(), text, out);
    let cured = (course.plan.entity, course.plan.cause);
    if healed {
        treatment.phase = Phase::Healed { of: cured };
    } else {
        treatment.refuted.push(cured);
        again(treatment, now);
    }
}

/// The last word on a closed incident.
pub(super) fn farewell(treatment: &mut Treatment, now: SimTime, out: &mut Vec<Decision>) {
    judge(treatment, false, now, out);
    let pages = treatment.pages;
    let text = match treatment.plans {
        0 => "closed: over by itself, nothing was done".to_owned(),
        plans => format!("closed after {plans} plan(s) and {pages} page(s)"),
    };
    notify(treatment, None, text, out);
}
