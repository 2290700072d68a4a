//! Words to people: pages that wake, notifications that do not.
//!
//! In: a treatment and a reason. Out: a page as an action of its own, ruled on like any other, and
//! notifications. Bound: `MOST_PAGES` pages per incident. Limit: who is woken is the world's say.

use super::story;
use super::treatment::{MOST_PAGES, Treatment};
use super::ward::{Ward, Watch};
use crate::engine::guard::Request;
use crate::model::{
    Action, Anomaly, Cause, Decision, Notification, Operation, Risk, Role, SignalClass,
};
use crate::unit::{ActionId, EntityId, Name, Ratio};

/// Why the page goes out that is the whole plan.
pub(super) const FOR_PEOPLE: &str = "the policy leaves this cause to people";
/// Why a plan's own page goes out.
pub(super) const REPORT: &str = "report of an incident that was acted on";
/// Why the page goes out that stands for all other remedies.
pub(super) const NOTHING_LEFT: &str = "no remedy is left to try";

/// Wakes a person with the story as it stands; at most `MOST_PAGES` per incident.
pub(super) fn page(
    ward: &mut Ward,
    treatment: &mut Treatment,
    watch: &Watch<'_>,
    planned: Option<Action>,
    why: &str,
    out: &mut Vec<Decision>,
) {
    if treatment.pages >= MOST_PAGES || ([REPORT, FOR_PEOPLE].contains(&why) && treatment.pages > 0)
    {
        return;
    }
    if why != REPORT && !is_worth_waking(treatment, watch) {
        if treatment.unpaged.is_none() {
            let text = format!("nobody is woken: no user suffers and nothing is sure; {why}");
            notify(treatment, None, text, out);
        }
        treatment.unpaged = Some(why.to_owned());
        return;
    }
    treatment.unpaged = None;
    let summary = story::page(treatment.diagnosis.as_ref(), &treatment.deeds, why);
    let best = treatment.diagnosis.as_ref().and_then(|d| d.hypotheses.first());
    let target = best.map_or_else(|| Name::from("unknown"), |h| h.entity.clone());
    let action = planned.unwrap_or_else(|| Action {
        id: ward.number(),
        incident: treatment.incident,
        target,
        operation: Operation::PageOnCall { summary: String::new() },
        risk: Risk::Safe,
        dry_run: false,
        reason: why.to_owned(),
    });
    let action = Action { operation: Operation::PageOnCall { summary }, ..action };
    let (cause, confidence) =
        best.map_or((Cause::Unknown, Ratio::ZERO), |h| (h.cause, h.confidence));
    let verdicts = watch.guards.rule(&Request {
        now: watch.now,
        action: &action,
        cause,
        confidence,
        mends: false,
        fleet: watch.fleet,
        log: &ward.log,
        around: watch.case.around,
    });
    out.extend(verdicts.into_iter().map(Decision::Verdict));
    ward.log.record(watch.now, &action, watch.fleet);
    treatment.pages += 1;
    treatment.deeds.push(format!("{} paged: {why}", watch.now));
    notify(treatment, Some(action.id), format!("paged the person on call: {why}"), out);
    out.push(Decision::Act(action));
}

/// Belief from which a diagnosis is worth a person's sleep even without suffering users.
const SURE: f64 = 0.6;

/// Whether users fail or wait, something was killed, a remedy did not heal, or the diagnosis is
/// sure. Latency must be felt where users come in, or by caller and callee alike: one slow service
/// inside wakes nobody.
fn is_worth_waking(treatment: &Treatment, watch: &Watch<'_>) -> bool {
    let best = treatment.diagnosis.as_ref().and_then(|d| d.hypotheses.first());
    if best.is_some_and(|h| h.confidence.get() >= SURE) || !treatment.refuted.is_empty() {
        return true;
    }
    let map = watch.case.around.topology;
    let recent = |a: &&Anomaly| a.since >= watch.case.onset();
    let mut slow = Vec::new();
    for anomaly in watch.case.incident.anomalies.iter().filter(recent) {
        match (anomaly.class, anomaly.role) {
            (SignalClass::Event, _) => return true,
            (SignalClass::Log, _) => {}
            (_, Role::Errors | Role::Availability) => return true,
            (_, Role::Latency) => slow.extend(map.find(&anomaly.entity).ok()),
            _ => {}
        }
    }
    slow.sort_unstable();
    slow.dedup();
    let is_entry = |id: &EntityId| !map.has_callers(*id);
    let is_felt = |id: &EntityId| map.callers(*id).any(|caller| slow.contains(&caller));
    slow.iter().any(|id| is_entry(id) || is_felt(id))
}

/// Notes and reports what became of an action.
pub(super) fn say(
    treatment: &mut Treatment,
    action: &Action,
    result: &str,
    out: &mut Vec<Decision>,
) {
    let text = format!("{} of {}: {result}", action.verb(), action.target);
    treatment.deeds.push(text.clone());
    notify(treatment, Some(action.id), text, out);
}

/// Tells the team.
pub(super) fn notify(
    treatment: &Treatment,
    action: Option<ActionId>,
    text: String,
    out: &mut Vec<Decision>,
) {
    out.push(Decision::Notify(Notification { incident: treatment.incident, action, text }));
}
