//! Many methods, one ranking: a weighted mean of their normalised scores, over all suspects.
//!
//! In: the policy's other methods. Out: for every suspect the weighted sum of scores over the sum
//! of weights of those that speak, 0 where a method is silent. Scores up to 1 are strengths and
//! count as they are: weak evidence stays weak. A method whose best exceeds 1 is divided by that.
//! Source: Dwork et al., "Rank aggregation methods for the web" (2001), score-based (CombMNZ-like)
//! fusion. Who only waits for a slow callee with all its threads (back pressure), or fails no more
//! than calls do that go wrong outside or on the way (an alibi), hands the suspicion on to whom it
//! calls.
//! Limit: weights are given, not learnt; correlated methods vote twice.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Build, Case, ENSEMBLE, Method, Named, Parts, Suspicion, evidence};
use crate::catalog::{Entry, KindError, Spec, nearest, schema_of};
use crate::unit::EntityId;

pub(super) const ENTRY: Entry<Build> = Entry {
    kind: ENSEMBLE,
    summary: "a weighted vote of the policy's other methods",
    help: "The scores of the other methods in the list are weighted (weight 1 unless given) and \
           added; a method whose best exceeds 1 is divided by it first. Every suspect gets a \
           place. The cause is the one named by the method with the heaviest vote for that entity.",
    source: "Dwork et al., Rank aggregation methods for the web, WWW 2001",
    example: "{ weights: {} }",
    schema: schema_of::<Config>,
    build,
};

/// Parameters.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Vote of each method by kind, unit-free, at least 0; 1 if absent.
    weights: BTreeMap<String, f64>,
}

/// What back pressure from a slow callee leaves of the suspicion: queues and time-outs of the
/// caller look like its own waiting and failing.
const HELD_UP_LEAVES: f64 = 0.3;

/// What an alibi leaves: as much as back pressure does.
const EXCUSED_LEAVES: f64 = 0.3;

struct Ensemble {
    config: Config,
    members: Vec<Named>,
}

fn build(spec: &Spec, parts: Parts) -> Result<Box<dyn Method + Send>, KindError> {
    let config: Config = spec.read()?;
    let bad = |problem| KindError::Params { kind: spec.kind.clone(), problem };
    let names = || parts.members.iter().map(|(name, _)| name.as_str());
    for (kind, weight) in &config.weights {
        if !names().any(|name| name == kind) {
            let near = nearest(kind, names());
            let near = crate::catalog::did_you_mean(near);
            return Err(bad(format!("weight for {kind:?}, which the policy does not list{near}")));
        }
        if !(*weight >= 0.0 && weight.is_finite()) {
            return Err(bad(format!("weight of {kind} must be at least 0, found {weight}")));
        }
    }
    Ok(Box::new(Ensemble { config, members: parts.members }))
}

impl Method for Ensemble {
    fn rank(&mut self, case: &Case<'_>, out: &mut Vec<Suspicion>) {
        let suspects = case.around.topology.suspects();
        let blank = |entity| Suspicion { entity, cause: None, score: 0.0, evidence: Vec::new() };
        let mut votes: Vec<(Suspicion, f64)> = suspects.map(|e| (blank(e), 0.0)).collect();
        let mut all = 0.0;
        for (kind, method) in &mut self.members {
            let weight = self.config.weights.get(kind).copied().unwrap_or(1.0);
            let mut said = Vec::new();
            method.rank(case, &mut said);
            let best = said.iter().map(|s| s.score).fold(0.0, f64::max);
            if best <= 0.0 || weight <= 0.0 {
                continue;
            }
            all += weight;
            for suspicion in said {
                count(&mut votes, suspicion, weight / best.max(1.0));
            }
        }
        for (suspicion, _) in &mut votes {
            suspicion.score /= if all > 0.0 { all } else { 1.0 };
        }
        let mut said: Vec<Suspicion> = votes.into_iter().map(|(suspicion, _)| suspicion).collect();
        pass_on(case, &mut said);
        out.extend(said);
    }
}

/// What is not an entity's own doing counts against the callee that did it, along the calls. Who
/// is excused keeps a part; a ring of callees that hold each other up keeps all in it.
fn pass_on(case: &Case<'_>, said: &mut [Suspicion]) {
    let topology = case.around.topology;
    let place = |entity: EntityId, said: &[Suspicion]| {
        said.binary_search_by_key(&entity, |suspicion| suspicion.entity).ok()
    };
    let mut passes: Vec<Option<(usize, f64)>> = Vec::with_capacity(said.len());
    for at in 0..said.len() {
        let entity = said[at].entity;
        let (held, excused) = (case.held_up_by(entity), case.excused_by(entity));
        let mut keeps = 1.0;
        if let Some(callee) = held {
            keeps *= HELD_UP_LEAVES;
            let text = format!("its threads or connections wait for {}", topology.name(callee));
            said[at].evidence.push(evidence("held_up", HELD_UP_LEAVES - 1.0, None, text));
        }
        if let Some(callee) = excused {
            keeps *= EXCUSED_LEAVES;
            let text = format!("it fails no more than its calls to {} do", topology.name(callee));
            said[at].evidence.push(evidence("alibi", EXCUSED_LEAVES - 1.0, None, text));
        }
        let to = held.or(excused).and_then(|callee| place(callee, said));
        passes.push(to.map(|to| (to, keeps)));
    }
    // The same trouble seen from several places is one: the most that is passed on counts.
    let mut passed: Vec<Option<(f64, usize)>> = vec![None; said.len()];
    for (start, suspicion) in said.iter().enumerate() {
        let (mut at, mut rest, mut been) = (start, suspicion.score, vec![start]);
        while let Some((to, keeps)) = passes[at].filter(|(to, _)| !been.contains(to)) {
            rest *= 1.0 - keeps;
            been.push(to);
            at = to;
        }
        if at != start && passed[at].is_none_or(|(most, _)| rest > most) {
            passed[at] = Some((rest, start));
        }
    }
    for at in 0..said.len() {
        said[at].score *= passes[at].map_or(1.0, |(_, keeps)| keeps);
        let Some((rest, from)) = passed[at].filter(|(rest, _)| *rest > said[at].score) else {
            continue;
        };
        let from = topology.name(said[from].entity);
        let text = format!("what {from} suffers comes from its calls to it");
        said[at].evidence.push(evidence("passed_on", rest, None, text));
        said[at].score = rest;
    }
}

/// Adds one method's suspicion to the votes.
fn count(votes: &mut [(Suspicion, f64)], said: Suspicion, factor: f64) {
    // Suspects stand in the order of their ids.
    let Ok(at) = votes.binary_search_by_key(&said.entity, |(vote, _)| vote.entity) else {
        return;
    };
    let (sum, heaviest) = &mut votes[at];
    let vote = said.score * factor;
    sum.score += vote;
    if said.cause.is_some() && vote > *heaviest {
        (sum.cause, *heaviest) = (said.cause, vote);
    }
    let weighed =
        |e: crate::model::Evidence| crate::model::Evidence { weight: e.weight * vote, ..e };
    sum.evidence.extend(said.evidence.into_iter().map(weighed));
}

#[cfg(test)]
mod tests {
    use super::super::super::case_fixture::Shop;
    use super::*;

    struct Fixed(Vec<(u32, f64)>);

    impl Method for Fixed {
        fn rank(&mut self, _: &Case<'_>, out: &mut Vec<Suspicion>) {
            out.extend(self.0.iter().map(|(entity, score)| Suspicion {
                entity: EntityId(*entity),
                cause: None,
                score: *score,
                evidence: Vec::new(),
            }));
        }
    }

    fn member(name: &str, scores: &[(u32, f64)]) -> Named {
        (name.to_owned(), Box::new(Fixed(scores.to_vec())))
    }

    #[test]
    fn scores_above_one_are_normalised_all_are_weighted_and_complete() {
        let members = vec![
            member("baro", &[(0, 100.0), (1, 50.0)]),
            member("random_walk", &[(1, 0.1)]),
            member("deepest_callee", &[]),
        ];
        let spec: Spec =
            serde_saphyr::from_str("ensemble: { weights: { random_walk: 3 } }").unwrap();
        let mut ensemble = build(&spec, Parts { seed: 1, members }).unwrap();
        let mut out = Vec::new();
        Shop::new().with_case(|case| ensemble.rank(case, &mut out));
        let scores: Vec<f64> = out.iter().map(|s| s.score).collect();
        let expected = [0.25, 0.2, 0.0, 0.0, 0.0];
        assert!(scores.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{scores:?}");
    }

    #[test]
    fn a_weight_for_nobody_is_refused() {
        let spec: Spec = serde_saphyr::from_str("ensemble: { weights: { barro: 3 } }").unwrap();
        let parts = Parts { seed: 1, members: vec![member("baro", &[])] };
        let error = build(&spec, parts).err().unwrap().to_string();
        assert!(error.contains("did you mean \"baro\"?"), "{error}");
    }
}
