//! Ranked root causes that somebody else produced, scored like an engine's.
//!
//! In: for each labelled incident a ranking, or none. Out: the same `Localization` as on a
//! scorecard, with the same definitions: ties cost rank, no answer is a miss, chance stands beside.
//! Limit: there is no confidence in a ranking, so nothing is said of calibration.

use serde::{Deserialize, Serialize};

use super::case::service_in;
use super::commitment::strict_rank;
use super::measure::localization::{Found, Localization, summarise};
use super::related::hops;
use crate::model::{Cause, Topology, TrueIncident};
use crate::unit::Name;

/// One suspect of a ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Suspect {
    /// The entity.
    pub entity: Name,
    /// How strongly it is suspected; higher is stronger, ties cost rank.
    pub score: f64,
    /// What is said to be wrong with it.
    pub cause: Option<Cause>,
}

/// One labelled incident and what was answered to it.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The service map of its case.
    pub topology: &'a Topology,
    /// The label.
    pub truth: &'a TrueIncident,
    /// The ranking; empty if there was no answer.
    pub suspects: &'a [Suspect],
    /// Whether causes are scored: false for a method that names entities only.
    pub with_causes: bool,
}

/// The scores over all incidents, and each incident's own.
#[must_use]
pub fn score_answers(answers: &[Answered<'_>]) -> (Localization, Vec<Found>) {
    let found: Vec<Found> = answers.iter().map(look).collect();
    (summarise(&found.iter().collect::<Vec<_>>()), found)
}

fn look(answer: &Answered<'_>) -> Found {
    let map = answer.topology;
    let scores = by_service(answer);
    let roots = || answer.truth.root_causes.iter().map(|root| service_in(map, root));
    let ranks: Vec<Option<u64>> = roots().map(|root| strict_rank(&scores, root)).collect();
    let top = scores.iter().map(|(_, score)| *score).fold(f64::NEG_INFINITY, f64::max);
    let tops: Vec<&Name> = scores.iter().filter(|(_, s)| *s == top).map(|(n, _)| n).collect();
    let cause = answer.truth.cause.filter(|_| answer.with_causes);
    let named = |cause| {
        let best = answer.suspects.iter().filter(|s| s.score == top);
        let right =
            |s: &&Suspect| s.cause == Some(cause) && roots().any(|r| *r == *service(map, s));
        tops.len() == 1 && best.filter(right).count() == 1
    };
    let near = tops.iter().map(|name| {
        let ways = roots().filter_map(|root| hops(map, name, root));
        ways.min().map_or(0.0, |hops| 1.0 / (1.0 + f64::from(hops)))
    });
    Found {
        truth: answer.truth.id.clone(),
        latest_ranks: ranks.clone(),
        ranks,
        candidates: map.suspects().count() as u64,
        answered: !answer.suspects.is_empty(),
        cause_right: cause.map(named),
        proximity: Some(near.min_by(f64::total_cmp).unwrap_or(0.0)),
    }
}

fn service<'n>(map: &'n Topology, suspect: &'n Suspect) -> &'n Name {
    service_in(map, &suspect.entity)
}

/// The highest score of each service; replicas count as their service.
fn by_service(answer: &Answered<'_>) -> Vec<(Name, f64)> {
    let mut scores: Vec<(Name, f64)> = Vec::new();
    for suspect in answer.suspects {
        let name = service(answer.topology, suspect);
        match scores.iter_mut().find(|(known, _)| known == name) {
            Some((_, score)) => *score = score.max(suspect.score),
            None => scores.push((name.clone(), suspect.score)),
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntityKind;
    use crate::unit::{SimDuration, SimTime, Window};

    fn map() -> Topology {
        let mut map = Topology::default();
        let (web, cart, db) = (map.service("web"), map.service("cart"), map.service("db"));
        map.add("cart-0", EntityKind::Replica, Some(cart)).unwrap();
        map.call(web, cart);
        map.call(cart, db);
        map
    }

    fn truth() -> TrueIncident {
        let window = Window { start: SimTime::from_secs(0), end: SimTime::from_secs(60) };
        TrueIncident {
            id: "t".to_owned(),
            window,
            onset: None,
            root_causes: vec![Name::from("cart")],
            cause: Some(Cause::BadDeploy),
            acceptable: Vec::new(),
            forbidden: Vec::new(),
            tolerance_before: SimDuration::ZERO,
            tolerance_after: SimDuration::ZERO,
            alarm: None,
        }
    }

    fn score(suspects: &[(&str, f64, Option<Cause>)], with_causes: bool) -> Localization {
        let (topology, truth) = (map(), truth());
        let suspects: Vec<Suspect> = suspects
            .iter()
            .map(|(entity, score, cause)| Suspect {
                entity: Name::from(*entity),
                score: *score,
                cause: *cause,
            })
            .collect();
        let topology = &topology;
        let answer = Answered { topology, truth: &truth, suspects: &suspects, with_causes };
        score_answers(&[answer]).0
    }

    #[test]
    fn ranks_count_services_ties_cost_and_no_answer_is_a_miss() {
        let ac_1 = |suspects: &[_]| score(suspects, false).ac_1.value;
        assert_eq!(ac_1(&[("cart", 2.0, None), ("web", 1.0, None)]), Some(1.0));
        assert_eq!(ac_1(&[("cart-0", 2.0, None), ("web", 1.0, None)]), Some(1.0), "a replica");
        assert_eq!(ac_1(&[("cart", 1.0, None), ("web", 1.0, None)]), Some(0.0), "a tie");
        assert_eq!(ac_1(&[]), Some(0.0), "no answer");
        assert_eq!(score(&[], false).mrr.value, Some(0.0));
        assert_eq!(score(&[("web", 1.0, None)], false).proximity.value, Some(0.5));
        let chance = score(&[], false).ac_1.chance;
        assert_eq!(chance, Some(1.0 / 3.0), "three services can be blamed");
    }

    #[test]
    fn causes_are_scored_only_where_they_are_named() {
        let right = [("cart", 2.0, Some(Cause::BadDeploy))];
        assert_eq!(score(&right, true).cause_accuracy.value, Some(1.0));
        let wrong = [("cart", 2.0, Some(Cause::ConfigDrift))];
        assert_eq!(score(&wrong, true).cause_accuracy.value, Some(0.0));
        assert_eq!(score(&right, false).cause_accuracy.value, None);
    }
}
