//! Ranking -> `Diagnosis`: cause, confidence and causal tree for every suspect.
//!
//! Owns the one place where scores become probabilities (`confidence`), the evidence rules that
//! name a cause (`cause`), and the story for people (`tree`). In: a case and one method's
//! suspicions. Out: hypotheses for every suspect, strictly ordered: by score, then by name.
//! Limit: one root cause per incident is assumed when probability is shared out.

mod apart;
mod cause;
mod confidence;
mod rollout;
mod tree;
mod witness;

use std::collections::BTreeMap;

use super::case::Case;
use super::diagnose::{Sign, Suspicion};
use crate::model::{Calibration, Cause, Diagnosis, Evidence, Hypothesis};
use crate::unit::{EntityId, Ratio};

/// A hypothesis keeps at most this much evidence, the heaviest.
const MOST_EVIDENCE: usize = 8;
/// What a remedy that should have removed the cause, and did not heal, leaves of its hypothesis.
const REFUTED_LEAVES: f64 = 0.3;
/// The same for remedies that only ease: more room does not prove that room was not the matter.
const EASED_LEAVES: f64 = 0.95;

/// What not knowing the cause leaves of the confidence that entity *and* cause are right: nearly
/// nothing can be done about an unknown cause, and hardly any label says so.
const UNKNOWN_LEAVES: f64 = 0.3;

/// Confidence from which a runner-up is worth telling apart.
const WORTH_TELLING: f64 = 0.02;

/// A suspect with everything known of it.
struct Ranked {
    entity: EntityId,
    score: f64,
    cause: Cause,
    certainty: f64,
    seen: bool,
    evidence: Vec<Evidence>,
}

/// The diagnosis that follows from a ranking.
#[must_use]
pub(super) fn conclude(
    case: &Case<'_>,
    said: Vec<Suspicion>,
    calibration: Option<&Calibration>,
) -> Diagnosis {
    let ranked = ranked(case, &said);
    let scores: Vec<f64> = ranked.iter().map(|r| r.score).collect();
    let top = ranked.first().map_or(0.0, |best| {
        let seen = [best.seen, ranked.get(1).is_some_and(|second| second.seen)];
        let facts = confidence::Facts::of(case, best.entity, &scores, best.certainty, seen);
        let times = refutations(case, best.entity, best.cause);
        let sure = facts.probability() * leaves(best.cause).powi(times as i32);
        let known = if best.cause == Cause::Unknown { UNKNOWN_LEAVES } else { 1.0 };
        let most = rollout::most(case, best.entity, best.cause);
        known * sure.min(most).min(witness::most(case, best.entity))
    });
    let raw = confidence::share_out(top, &scores);
    // The one place where a calibration is applied: behind every belief, before every guardrail.
    let shares = calibration.map_or_else(|| raw.clone(), |map| map.shares(raw.clone()));
    let tree = ranked.first().and_then(|best| tree::grow(case, best.entity, best.cause));
    let name = |entity| case.around.topology.name(entity).clone();
    let hypotheses: Vec<Hypothesis> = ranked
        .into_iter()
        .zip(shares)
        .map(|(r, share)| Hypothesis {
            entity: name(r.entity),
            cause: r.cause,
            confidence: Ratio::clamped(share),
            evidence: r.evidence,
        })
        .collect();
    let summary = summary(case, &hypotheses);
    Diagnosis { incident: case.incident.id, hypotheses, tree, summary }
}

fn ranked(case: &Case<'_>, said: &[Suspicion]) -> Vec<Ranked> {
    let topology = case.around.topology;
    let mut ranked: Vec<Ranked> = Vec::new();
    let mut of: BTreeMap<EntityId, &Suspicion> = BTreeMap::new();
    for suspicion in said.iter().rev() {
        of.insert(suspicion.entity, suspicion);
    }
    for entity in topology.suspects() {
        let known = of.get(&entity);
        let cause::Judgement { cause, certainty, seen, evidence: because } =
            cause::judge(case, entity, known.and_then(|s| s.cause));
        let mut evidence: Vec<Evidence> = known.map(|s| s.evidence.clone()).unwrap_or_default();
        let mut score = known.map_or(0.0, |s| s.score.max(0.0));
        evidence.extend(because);
        for _ in 0..refutations(case, entity, cause) {
            score *= leaves(cause);
            evidence.push(Evidence {
                method: "refuted".to_owned(),
                text: format!("a remedy for {cause} of {} did not heal", topology.name(entity)),
                weight: leaves(cause) - 1.0,
                time: None,
            });
        }
        evidence.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        evidence.truncate(MOST_EVIDENCE);
        ranked.push(Ranked { entity, score, cause, certainty, seen, evidence });
    }
    ranked.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| topology.name(a.entity).cmp(topology.name(b.entity)))
    });
    ranked
}

const fn leaves(cause: Cause) -> f64 {
    match cause {
        Cause::ResourceExhaustion | Cause::TrafficSurge | Cause::DependencyFailure => EASED_LEAVES,
        _ => REFUTED_LEAVES,
    }
}

fn refutations(case: &Case<'_>, entity: EntityId, cause: Cause) -> usize {
    let name = case.around.topology.name(entity);
    case.around.refuted.iter().filter(|(n, c)| n == name && *c == cause).count()
}

fn summary(case: &Case<'_>, hypotheses: &[Hypothesis]) -> String {
    let Some(best) = hypotheses.first() else {
        return "no suspect: the service map is empty".to_owned();
    };
    let because: Vec<&str> = best.evidence.iter().take(3).map(|e| e.text.as_str()).collect();
    let because = if because.is_empty() { "no evidence".to_owned() } else { because.join("; ") };
    let mut text = format!("{} of {} ({}): {because}", best.cause, best.entity, best.confidence);
    // Two suspects that hardly anything speaks for need no telling apart.
    let runner_up = hypotheses.get(1).filter(|second| second.confidence.get() >= WORTH_TELLING);
    let find = |name| case.around.topology.find(name).ok();
    if let Some(second) = runner_up
        && let (Some(a), Some(b)) = (find(&best.entity), find(&second.entity))
    {
        let how = apart::tell(case, a, best.cause, b);
        text.push_str(&format!(
            ". To tell it from {} ({}): {how}",
            second.entity, second.confidence
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::case_fixture::{ONSET, Shop};
    use super::*;
    use crate::catalog::Spec;
    use crate::engine::diagnose;
    use crate::model::EventKind;
    use crate::model::names::{DURATION, ERROR_RATIO, MEMORY_UTILIZATION};
    use crate::unit::SimDuration;

    fn diagnose(shop: &Shop) -> Diagnosis {
        let kinds = ["change_proximity", "deepest_callee", "baro", "random_walk", "ensemble"];
        let specs: Vec<Spec> = kinds.map(Spec::plain).to_vec();
        let mut method = diagnose::build(&specs, 1).unwrap().unwrap();
        shop.with_case(|case| {
            let mut said = Vec::new();
            method.rank(case, &mut said);
            conclude(case, said, None)
        })
    }

    fn leak() -> Shop {
        Shop::new()
            .change(ONSET - SimDuration::from_secs(90), EventKind::Deploy, "cart")
            .step("cart", MEMORY_UTILIZATION, 0.3, 0.95)
            .late_step("cart", DURATION, 0.1, 2.4, 2)
            .late_step("web", DURATION, 0.15, 2.5, 2)
            .late_step("cart", ERROR_RATIO, 0.001, 0.12, 3)
            .event(ONSET + SimDuration::from_secs(90), "cart", "OOMKilling")
    }

    #[test]
    fn a_leak_after_a_deploy_is_a_bad_deploy_with_confidence() {
        let found = diagnose(&leak());
        let best = &found.hypotheses[0];
        assert_eq!((best.entity.as_str(), best.cause), ("cart", Cause::BadDeploy));
        assert!(best.confidence.get() >= 0.85, "{} {:?}", best.confidence, best.evidence);
        assert_eq!(found.hypotheses.len(), 5);
        let sum: f64 = found.hypotheses.iter().map(|h| h.confidence.get()).sum();
        assert!(sum <= 1.0, "{sum}");
        assert!(found.tree.unwrap().text.contains("v2"));
    }

    #[test]
    fn with_neither_a_deploy_nor_a_full_resource_it_is_exhaustion_and_less_sure() {
        let shop = Shop::new()
            .step("cart", MEMORY_UTILIZATION, 0.3, 0.7)
            .late_step("cart", DURATION, 0.1, 2.4, 2);
        let found = diagnose(&shop);
        assert_eq!(found.hypotheses[0].cause, Cause::ResourceExhaustion);
        assert!(found.hypotheses[0].confidence < diagnose(&leak()).hypotheses[0].confidence);
    }

    #[test]
    fn no_evidence_is_said_so() {
        let found = diagnose(&Shop::new());
        assert_eq!(found.hypotheses[0].cause, Cause::Unknown);
        assert!(found.hypotheses[0].confidence.get() < 0.25, "{}", found.hypotheses[0].confidence);
    }

    #[test]
    fn a_refuted_hypothesis_loses_confidence() {
        let before = diagnose(&leak()).hypotheses[0].confidence.get();
        let after = diagnose(&leak().refuted("cart", Cause::BadDeploy));
        let same = after.hypotheses.iter().find(|h| h.entity.as_str() == "cart").unwrap();
        assert!(same.confidence.get() < before - 0.2, "{before} {}", same.confidence);
    }

    #[test]
    fn one_frame_is_enough_to_rank_but_not_to_act() {
        let shop = Shop::new().step("cart", DURATION, 0.1, 0.4).frames_after(1);
        let found = diagnose(&shop);
        assert_eq!(found.hypotheses[0].entity.as_str(), "cart");
        assert!(found.hypotheses[0].confidence.get() < 0.7, "{}", found.hypotheses[0].confidence);
    }
}
