//! How sure: a monotone map from margin, strength, breadth and cause certainty to a probability.
//!
//! p = 1 / (1 + exp(-x)), x = BASE + MARGIN m + STRENGTH s + BREADTH b + SEEN c + CAUSE k with m
//! = (best - second) / best in 0..=1, s = strength of the entity's strongest sign or other evidence
//! in 0..=1, b = number of distinct kinds of signal and of evidence on it / 4, at most 1; k =
//! certainty of the cause rule in 0..=1; c = k if the cause itself was seen (a change before the
//! onset, a resource used up, a date that passed), else 0. The constants
//! are set so that no evidence gives about 5 %, one lone symptom about 25 %, a deploy and one
//! strong symptom about 80 % and the article's case (a deploy and three correlated signals) above
//! 85 %; they are beliefs, not fitted to any data set, and the referee's calibration measures say
//! how wrong they are. Source: logistic model (Cox, 1958). Limit: a monotone belief, not a
//! calibrated probability.

use std::collections::BTreeSet;

use super::Case;
use crate::engine::case::SICK_Z;
use crate::engine::diagnose::Sign;
use crate::model::{EntityKind, Role, SignalClass};
use crate::unit::EntityId;

const BASE: f64 = -4.0;
const MARGIN: f64 = 1.6;
const STRENGTH: f64 = 1.0;
const BREADTH: f64 = 2.6;
const SEEN: f64 = 1.2;
const CAUSE: f64 = 1.2;
/// Kinds of signal from which breadth is full.
const FULL_BREADTH: f64 = 4.0;
/// Strength from which evidence that is no sign counts as one more kind: half of a lone symptom's.
const TOLD: f64 = 0.25;
/// Nothing is ever surer than this.
const MOST: f64 = 0.99;
/// Share of what the best leaves that the others get; the rest says "something else".
const OTHERS: f64 = 0.8;

/// What confidence depends on; each part in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Facts {
    margin: f64,
    strength: f64,
    breadth: f64,
    seen: f64,
    cause: f64,
}

impl Facts {
    pub(super) fn of(
        case: &Case<'_>,
        entity: EntityId,
        scores: &[f64],
        certainty: f64,
        seen: bool,
    ) -> Self {
        let (best, second) =
            (scores.first().copied().unwrap_or(0.0), scores.get(1).copied().unwrap_or(0.0));
        let signs = signs(case, entity);
        let kinds: BTreeSet<(SignalClass, Role)> =
            signs.iter().map(|sign| (sign.class, sign.role)).collect();
        let roles: BTreeSet<Role> = kinds.iter().map(|(_, role)| *role).collect();
        let classes: BTreeSet<SignalClass> = kinds.iter().map(|(class, _)| *class).collect();
        let telling = case.telling(entity);
        let views = signs.iter().map(|sign| sign.strength());
        let told = telling.iter().filter(|strength| **strength >= TOLD).count();
        let standing = case.expiry(entity).is_some() || case.full(entity).next().is_some();
        let kinds = roles.len() + classes.len().saturating_sub(1) + told + usize::from(standing);
        Self {
            margin: if best > 0.0 { (best - second) / best } else { 0.0 },
            strength: telling.into_iter().chain(views).fold(case.sickness(entity), f64::max),
            breadth: (kinds as f64 / FULL_BREADTH).min(1.0),
            seen: if seen { certainty } else { 0.0 },
            cause: certainty,
        }
    }

    pub(super) fn probability(self) -> f64 {
        let x = BASE
            + MARGIN * self.margin
            + STRENGTH * self.strength
            + BREADTH * self.breadth
            + SEEN * self.seen
            + CAUSE * self.cause;
        (1.0 / (1.0 + (-x).exp())).min(MOST)
    }
}

/// An entity's sick signs; of one that nobody here measures also what its callers see of it.
fn signs<'a>(case: &'a Case<'_>, entity: EntityId) -> Vec<&'a Sign> {
    if case.around.topology.get(entity).kind == EntityKind::External {
        let all = case.signs_around(entity).into_iter();
        return all.filter(|sign| sign.z >= SICK_Z).collect();
    }
    case.sick_signs(entity).collect()
}

/// Probability per rank: the best gets `top`, the others share a part of the rest by score, and
/// each has at most as much less than the best as its score is less: who ranks lower is believed
/// less, never the same.
pub(super) fn share_out(top: f64, scores: &[f64]) -> Vec<f64> {
    let best = scores.first().copied().unwrap_or(0.0);
    let others: f64 = scores.iter().skip(1).sum();
    let rest = (1.0 - top) * OTHERS;
    let share = |score: &f64| {
        if others > 0.0 && best > 0.0 {
            (rest * score / others).min(top * score / best)
        } else {
            0.0
        }
    };
    scores.iter().enumerate().map(|(i, s)| if i == 0 { top } else { share(s) }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_are_where_the_documentation_says() {
        let nothing = Facts { margin: 0.0, strength: 0.0, breadth: 0.0, seen: 0.0, cause: 0.0 };
        assert!(nothing.probability() < 0.05);
        let lone = Facts { margin: 0.8, strength: 0.7, breadth: 0.25, seen: 0.0, cause: 0.4 };
        assert!((0.2..0.5).contains(&lone.probability()), "{}", lone.probability());
        let story = Facts { margin: 0.4, strength: 0.9, breadth: 0.9, seen: 0.9, cause: 0.9 };
        assert!(story.probability() > 0.85, "{}", story.probability());
    }

    proptest! {
        #[test]
        fn more_evidence_is_never_less_sure(
            parts in proptest::array::uniform5(0.0f64..=1.0),
            which in 0usize..5,
            more in 0.0f64..=1.0,
        ) {
            let facts = |p: [f64; 5]| {
                Facts { margin: p[0], strength: p[1], breadth: p[2], seen: p[3], cause: p[4] }
            };
            let mut higher = parts;
            higher[which] = higher[which].max(more);
            prop_assert!(facts(higher).probability() >= facts(parts).probability());
        }

        #[test]
        fn probabilities_stay_a_distribution(
            top in 0.0f64..=0.99, mut scores in proptest::collection::vec(0.0f64..10.0, 1..20)
        ) {
            scores.sort_by(|a, b| b.total_cmp(a));
            let shares = share_out(top, &scores);
            prop_assert!(shares.iter().sum::<f64>() <= 1.0 + 1e-9);
            prop_assert!(shares.is_sorted_by(|a, b| a >= b));
            for (pair, score) in shares.windows(2).zip(scores.windows(2)) {
                prop_assert!(score[0] == score[1] || top == 0.0 || pair[0] > pair[1]);
            }
        }
    }
}
