//! The whole chain on a scripted feed: the small shop, a bad deploy, and a world that answers.

use super::*;
use crate::engine::case_fixture::{ONSET, Shop};
use crate::model::names::{DURATION, ERROR_RATIO, MEMORY_UTILIZATION};
use crate::model::{
    Action, Answer, AnswerKind, Batch, Cause, EventKind, Operation, Outcome, OutcomeStatus, Policy,
    Ruling, Verb,
};
use crate::unit::{SimDuration, SimTime};

const DEFAULT: &str = include_str!("../../../scenarios/policies/default.yaml");

/// A shop, a policy, and how the world and its people answer.
struct Feed {
    policy: Policy,
    status: OutcomeStatus,
    heals: bool,
    answer: Option<AnswerKind>,
    frames: i64,
}

impl Default for Feed {
    fn default() -> Self {
        let policy = serde_saphyr::from_str(DEFAULT).unwrap();
        Self { policy, status: OutcomeStatus::Applied, heals: true, answer: None, frames: 160 }
    }
}

impl Feed {
    /// Plays it; 30 s after a rollback was given the shop is well again if `heals`.
    fn play(&self, sick: &Shop) -> Vec<(SimTime, Decision)> {
        let mut engine = crate::engine::build(&self.policy, 1).unwrap();
        let (mut said, mut batch, well) = (Vec::new(), Batch::default(), Shop::new());
        let mut pending: Vec<(SimTime, Outcome)> = Vec::new();
        let mut cured: Option<SimTime> = None;
        for at in 0..self.frames {
            let now = SimTime::from_secs(at * 15);
            let shop = if cured.is_some_and(|cured| now >= cured) { &well } else { sick };
            (batch.frame, batch.has_frame) = (shop.frame(at), true);
            batch.events = sick.seen(now - SimDuration::from_secs(15), now);
            let due = |(time, _): &(SimTime, Outcome)| *time <= now;
            batch.outcomes = pending.iter().filter(|p| due(p)).map(|p| p.1.clone()).collect();
            pending.retain(|p| !due(p));
            let input =
                StepInput { now, topology: sick.topology(), series: sick.series(), batch: &batch };
            let mut out = Vec::new();
            engine.step(&input, &mut out);
            batch.clear();
            for decision in &out {
                match decision {
                    Decision::Act(action) => {
                        let time = now + SimDuration::from_secs(30);
                        pending.push((time, self.outcome(action, time)));
                        if self.heals && action.verb() == Verb::Rollback {
                            cured = Some(time);
                        }
                    }
                    Decision::Ask(action) => batch.answers.extend(self.answer(action, now)),
                    _ => {}
                }
            }
            said.extend(out.into_iter().map(|decision| (now, decision)));
        }
        said
    }

    fn outcome(&self, action: &Action, time: SimTime) -> Outcome {
        Outcome { action: action.id, time, status: self.status, detail: String::new() }
    }

    fn answer(&self, action: &Action, time: SimTime) -> Option<Answer> {
        let kind = self.answer?;
        Some(Answer { action: action.id, time, kind, person: "kim".into(), detail: String::new() })
    }
}

/// Deploy, memory, latency, errors, OOM kill: the article's story on `cart`.
fn story() -> Shop {
    Shop::new()
        .change(ONSET - SimDuration::from_secs(90), EventKind::Deploy, "cart")
        .step("cart", MEMORY_UTILIZATION, 0.3, 0.95)
        .late_step("cart", DURATION, 0.1, 2.4, 2)
        .late_step("web", DURATION, 0.15, 2.5, 2)
        .late_step("cart", ERROR_RATIO, 0.001, 0.12, 3)
        .event(ONSET + SimDuration::from_secs(90), "cart", "OOMKilling")
}

fn verbs(said: &[(SimTime, Decision)]) -> Vec<(Verb, String)> {
    let acts = said.iter().filter_map(|(_, decision)| match decision {
        Decision::Act(action) => Some((action.verb(), action.target.to_string())),
        _ => None,
    });
    acts.collect()
}

fn pages(said: &[(SimTime, Decision)]) -> Vec<String> {
    let acts = said.iter().filter_map(|(_, decision)| match decision {
        Decision::Act(Action { operation: Operation::PageOnCall { summary }, .. }) => {
            Some(summary.clone())
        }
        _ => None,
    });
    acts.collect()
}

fn verified(said: &[(SimTime, Decision)]) -> Vec<bool> {
    let all = said.iter().filter_map(|(_, decision)| match decision {
        Decision::Verified(verification) => Some(verification.healed),
        _ => None,
    });
    all.collect()
}

#[test]
fn the_story_of_the_article_is_healed_and_told() {
    let said = Feed::default().play(&story());
    let acts: Vec<Verb> = verbs(&said).into_iter().map(|(verb, _)| verb).collect();
    assert_eq!(acts, [Verb::Rollback, Verb::PageOnCall]);
    assert_eq!(verbs(&said)[0].1, "cart");
    assert!(verified(&said).iter().all(|healed| *healed) && !verified(&said).is_empty());
    let first = said.iter().find_map(|(_, d)| match d {
        Decision::Plan(plan) => Some((plan.entity.to_string(), plan.cause)),
        _ => None,
    });
    assert_eq!(first, Some(("cart".to_owned(), Cause::BadDeploy)));
    let page = &pages(&said)[0];
    for part in ["bad_deploy of cart", "confidence", "evidence", "rollback of cart: applied"] {
        assert!(page.contains(part), "{page}");
    }
    assert!(
        said.iter().any(|(_, d)| matches!(d, Decision::Notify(n) if n.text.contains("healed")))
    );
}

#[test]
fn every_action_has_its_verdicts_first_and_all_comes_last() {
    let said = Feed::default().play(&story());
    for (index, (_, decision)) in said.iter().enumerate() {
        let Decision::Act(action) = decision else { continue };
        let before = said[..index].iter().rev().find_map(|(_, d)| match d {
            Decision::Verdict(v) if v.action == action.id => Some((v.guardrail.clone(), v.ruling)),
            _ => None,
        });
        assert_eq!(before, Some(("all".to_owned(), Ruling::Allow)));
    }
}

#[test]
fn what_does_not_heal_is_tried_otherwise_and_then_escalated() {
    let said = Feed { heals: false, frames: 400, ..Feed::default() }.play(&story());
    let acts: Vec<Verb> = verbs(&said).into_iter().map(|(verb, _)| verb).collect();
    assert_eq!(acts[0], Verb::Rollback);
    assert_eq!(acts.iter().filter(|verb| **verb == Verb::Rollback).count(), 1, "{acts:?}");
    assert_eq!(verified(&said).first(), Some(&false));
    assert_eq!(pages(&said).len(), 2, "{acts:?}");
    assert!(pages(&said)[1].contains("not healed"), "{}", pages(&said)[1]);
}

#[test]
fn a_recording_is_told_honestly() {
    let feed = Feed { status: OutcomeStatus::Unknown, heals: false, ..Feed::default() };
    let said = feed.play(&story());
    assert_eq!(verbs(&said).len(), 2);
    assert!(verified(&said).is_empty());
}

#[test]
fn a_dry_run_says_everything_and_only_pages() {
    let text = include_str!("../../../scenarios/policies/dry-run.yaml");
    let said =
        Feed { policy: serde_saphyr::from_str(text).unwrap(), ..Feed::default() }.play(&story());
    assert_eq!(verbs(&said).iter().map(|v| v.0).collect::<Vec<_>>(), [Verb::PageOnCall]);
    assert!(
        said.iter().any(|(_, d)| matches!(d, Decision::Notify(n) if n.text.contains("dry run")))
    );
}

#[test]
fn below_the_floor_a_person_is_paged_instead() {
    let text = DEFAULT.replace("default: 0.85", "default: 0.995");
    let said =
        Feed { policy: serde_saphyr::from_str(&text).unwrap(), ..Feed::default() }.play(&story());
    assert_eq!(verbs(&said).iter().map(|v| v.0).collect::<Vec<_>>(), [Verb::PageOnCall]);
    assert!(pages(&said)[0].contains("confidence_floor"), "{}", pages(&said)[0]);
}

#[track_caller]
fn asked(answer: Option<AnswerKind>, expected: &[Verb]) {
    let text = DEFAULT.replace("rollback: { strategy: canary }", "rollback: { risk: risky }");
    let policy = serde_saphyr::from_str(&text).unwrap();
    let said =
        Feed { policy, answer, heals: answer == Some(AnswerKind::Approved), ..Feed::default() }
            .play(&story());
    assert!(said.iter().any(|(_, d)| matches!(d, Decision::Ask(a) if a.verb() == Verb::Rollback)));
    assert_eq!(verbs(&said).iter().map(|v| v.0).collect::<Vec<_>>(), expected);
}

#[test]
fn a_person_may_approve_refuse_or_sleep() {
    asked(Some(AnswerKind::Approved), &[Verb::Rollback, Verb::PageOnCall]);
    asked(Some(AnswerKind::Refused), &[]);
    asked(None, &[Verb::PageOnCall]);
}

#[test]
fn a_healthy_shop_and_an_engine_without_stages_say_nothing() {
    assert!(Feed::default().play(&Shop::new()).is_empty());
    let text = include_str!("../../../scenarios/policies/none.yaml");
    let none = Feed { policy: serde_saphyr::from_str(text).unwrap(), ..Feed::default() };
    assert!(none.play(&story()).is_empty());
}
