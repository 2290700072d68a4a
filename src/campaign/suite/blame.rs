//! At which stage a trial went wrong, from its journal, its labels and the referee's findings.
//!
//! In: a trial and its incidents. Out: the first stage on the way from fault to recovery at which
//! it left the right path, and what happened there. If every stage was right, the slowest is named.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::campaign::document::IncidentDocument;
use crate::model::{
    AnswerKind, Body, Decision, Hypothesis, OutcomeStatus, Ruling, StageReached, TrueIncident,
    Verb, Verdict,
};
use crate::referee::Stages;
use crate::trial::Trial;
use crate::unit::{ActionId, IncidentId, SimDuration, SimTime};

/// A stage, and what went wrong there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blame {
    /// detect, correlate, diagnose, decide, guard, approve, apply, recover, harm or timing.
    pub stage: String,
    /// What happened there, for a person.
    pub what: String,
    /// From when on; null if it never happened.
    pub at: Option<SimTime>,
}

/// Where the trial left the right path.
#[must_use]
pub(super) fn blame(trial: &Trial, incidents: &[IncidentDocument]) -> Blame {
    harm(trial)
        .or_else(|| labels(trial).iter().find_map(|truth| answer(trial, incidents, truth)))
        .unwrap_or_else(|| slowest(incidents))
}

fn labels(trial: &Trial) -> &[TrueIncident] {
    trial.truth.as_ref().map_or(&[], |truth| &truth.incidents)
}

fn say(stage: &str, at: Option<SimTime>, what: impl Into<String>) -> Blame {
    Blame { stage: stage.to_owned(), what: what.into(), at }
}

/// Rules that were broken come first: they are what somebody would be called for.
fn harm(trial: &Trial) -> Option<Blame> {
    let found = trial.scorecard.findings.first()?;
    let breach = found.safety.violations.first()?;
    let more = found.safety.violations.len() - 1;
    let more = if more > 0 { format!("; {more} more") } else { String::new() };
    let deed = match breach.action.and_then(|id| action(trial, id)) {
        Some((verb, target)) => format!("{verb} of {target}"),
        None => breach.target.as_ref().map_or("an act".to_owned(), ToString::to_string),
    };
    let (kind, saw, limit) = (&breach.kind, &breach.saw, &breach.limit);
    let what = format!("{kind} by {deed}: saw {saw}, limit {limit}{more}");
    let passed = breach.action.and_then(|id| let_through(trial, id));
    Some(say("harm", Some(breach.time), format!("{what}{}", passed.unwrap_or_default())))
}

fn action(trial: &Trial, id: ActionId) -> Option<(Verb, String)> {
    trial.journal.decisions().find_map(|(_, decision)| match decision {
        Decision::Act(action) if action.id == id => {
            Some((action.verb(), action.target.to_string()))
        }
        _ => None,
    })
}

/// Which guardrails let an action pass.
fn let_through(trial: &Trial, id: ActionId) -> Option<String> {
    let verdicts = verdicts(trial, id);
    let names: Vec<&str> = verdicts
        .iter()
        .filter(|v| v.guardrail != "all" && v.ruling == Ruling::Allow)
        .map(|v| v.guardrail.as_str())
        .collect();
    let list = if names.is_empty() { "no guardrail".to_owned() } else { names.join(", ") };
    Some(format!(" (let through by {list})"))
}

fn verdicts(trial: &Trial, id: ActionId) -> Vec<&Verdict> {
    let decisions = trial.journal.decisions();
    decisions
        .filter_map(|(_, decision)| match decision {
            Decision::Verdict(verdict) if verdict.action == id => Some(verdict),
            _ => None,
        })
        .collect()
}

/// The first wrong step in the answer to one labelled incident.
fn answer(trial: &Trial, incidents: &[IncidentDocument], truth: &TrueIncident) -> Option<Blame> {
    let mine: Vec<&IncidentDocument> =
        incidents.iter().filter(|incident| incident.answers.contains(&truth.id)).collect();
    let Some(first) = mine.first() else { return Some(unseen(trial, truth)) };
    let root = truth.root_causes.first().map_or("?", |name| name.as_str());
    let wanted = truth.cause.map_or(root.to_owned(), |cause| format!("{root}/{cause}"));
    let Some(top) = mine.iter().find_map(|incident| acted_upon(trial, incident.id)) else {
        return Some(say("diagnose", Some(first.opened_at), format!("no diagnosis; {wanted}")));
    };
    let right = truth.root_causes.contains(&top.entity)
        && truth.cause.is_none_or(|cause| cause == top.cause);
    if !right {
        let what =
            format!("blamed {}/{} ({}), was {wanted}", top.entity, top.cause, top.confidence);
        return Some(say("diagnose", first.stages.diagnosed, what));
    }
    decided(trial, &mine, truth).or_else(|| recovered(trial, &mine, truth))
}

/// The first hypothesis of the last diagnosis before the incident's first plan, else of the last.
fn acted_upon(trial: &Trial, id: IncidentId) -> Option<&Hypothesis> {
    let mut last = None;
    for (_, decision) in trial.journal.decisions() {
        match decision {
            Decision::Diagnosis(diagnosis) if diagnosis.incident == id => {
                last = diagnosis.hypotheses.first();
            }
            Decision::Plan(plan) if plan.incident == id && last.is_some() => break,
            _ => {}
        }
    }
    last
}

fn unseen(trial: &Trial, truth: &TrueIncident) -> Blame {
    let after = |time: &SimTime| *time >= truth.claim().start;
    let signals = trial
        .journal
        .decisions()
        .filter(|(time, decision)| after(time) && matches!(decision, Decision::Anomaly(_)));
    let signals: Vec<SimTime> = signals.map(|(time, _)| time).collect();
    match signals.first() {
        None => say("detect", None, format!("no detector raised anything for {}", truth.id)),
        Some(first) => {
            let what = format!("{} signals, but no incident answers {}", signals.len(), truth.id);
            say("correlate", Some(*first), what)
        }
    }
}

fn decided(trial: &Trial, mine: &[&IncidentDocument], truth: &TrueIncident) -> Option<Blame> {
    let first = mine
        .iter()
        .find_map(|incident| incident.actions.iter().find(|action| action.verb.touches_fleet()));
    let Some(first) = first else {
        let at = mine.iter().find_map(|incident| incident.stages.decided);
        let what = match at {
            None => "no plan was made".to_owned(),
            Some(_) => "the plan changes nothing, it only pages a person".to_owned(),
        };
        return truth
            .acceptable
            .iter()
            .any(|verb| verb.touches_fleet())
            .then(|| say("decide", at, what));
    };
    let (verb, target) = (first.verb, &first.target);
    if !truth.acceptable.is_empty() && !truth.acceptable.contains(&verb) {
        let accepted: Vec<&str> = truth.acceptable.iter().map(|verb| verb.as_str()).collect();
        let what = format!("planned {verb} of {target}; what helps is {}", accepted.join(" or "));
        return Some(say("decide", mine[0].stages.decided, what));
    }
    if first.acted_at.is_some() {
        return failed(first.outcome, first.acted_at, &format!("{verb} of {target}"));
    }
    let held: Vec<String> = verdicts(trial, first.id)
        .iter()
        .filter(|v| v.guardrail != "all" && v.ruling != Ruling::Allow)
        .map(|v| format!("{} (saw {}, limit {})", v.guardrail, v.saw, v.limit))
        .collect();
    let what = format!("{verb} of {target} was held back by {}", held.join(", "));
    if first.verdict == Some(Ruling::NeedsApproval) {
        let answer = trial.journal.lines().iter().find_map(|line| match &line.body {
            Body::Answer(answer) if answer.action == first.id => Some(answer),
            _ => None,
        });
        let then = match answer.map(|answer| answer.kind) {
            Some(AnswerKind::Refused) => "; a person refused",
            Some(_) => "; a person answered too late",
            None => "; nobody answered",
        };
        return Some(say("approve", answer.map(|a| a.time), format!("{what}{then}")));
    }
    Some(say("guard", mine[0].stages.decided, what))
}

fn failed(outcome: Option<OutcomeStatus>, at: Option<SimTime>, what: &str) -> Option<Blame> {
    let how = match outcome {
        Some(OutcomeStatus::Failed) => "failed",
        Some(OutcomeStatus::Partial) => "was done in part only",
        Some(OutcomeStatus::NotApplicable) => "makes no sense there",
        None | Some(OutcomeStatus::Started) => "did not end",
        Some(OutcomeStatus::Applied | OutcomeStatus::Unknown) => return None,
    };
    Some(say("apply", at, format!("{what} {how}")))
}

fn recovered(trial: &Trial, mine: &[&IncidentDocument], truth: &TrueIncident) -> Option<Blame> {
    let found = trial.scorecard.findings.first()?;
    let timed = found.timing.iter().find(|timed| timed.truth == truth.id)?;
    let lost = timed.stages.onset.is_some() && timed.stages.recovered.is_none();
    let at = mine.iter().find_map(|incident| incident.stages.applied);
    lost.then(|| say("recover", at, "the remedy was applied, users are still not served"))
}

fn slowest(incidents: &[IncidentDocument]) -> Blame {
    let Some(main) = crate::campaign::judge::main_incident(incidents) else {
        return say("detect", None, "no incident was opened");
    };
    let gaps = gaps(&main.stages);
    match gaps.into_iter().max_by_key(|(_, took)| *took) {
        Some(((stage, at), took)) => {
            let name = serde_json::to_value(stage).ok();
            let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or("stage");
            let took = SimDuration::from_secs(took.secs_f64().round() as i64);
            say(
                "timing",
                Some(at),
                format!("every stage was right; the slowest: {name} took {took}"),
            )
        }
        None => say("timing", Some(main.opened_at), "every stage was right"),
    }
}

fn gaps(stages: &Stages) -> Vec<((StageReached, SimTime), SimDuration)> {
    let reached: Vec<(StageReached, SimTime)> =
        stages.in_order().into_iter().filter_map(|(stage, at)| Some((stage, at?))).collect();
    reached.windows(2).map(|pair| (pair[1], pair[1].1.since(pair[0].1))).collect()
}
