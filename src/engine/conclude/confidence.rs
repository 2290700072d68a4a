//! How sure: a monotone map from a few facts to the probability that entity and cause are right.
//!
//! p = 1 / (1 + exp(-x)), x = BASE + MARGIN m + STRENGTH s + SEEN c + CAUSE k + TRACED t with m =
//! (best - second) / best, s = strength of the strongest sign of it or of what its callers see, or
//! of other evidence; c = 1 if the cause itself was seen (a change before the onset, a stock used
//! up, a date that passed, a machine lost), else 0; k = certainty of the cause rule; t = strength
//! of what traces and the lines logged in them say, where the cause is inferred; all in 0..=1.
//! Then at most 1 / (1 + (1 - m)^RIVALS), unless the best alone has a cause that was seen: of two
//! suspects that look alike at most one is right.
//!
//! What each is for: a cause that was seen is nearly always right, one that is inferred every
//! second time, however many signals agree, as they all follow from the same trouble (so their
//! number is no fact here); and metrics alone infer worse than visits that were followed. The
//! numbers are rounded from a fit to 501 answers of the bundled scenarios (four seeds, 61 groups of
//! faults) and 44 of Nezha, in folds of whole groups; BASE and STRENGTH are split by hand: hardly
//! any of those answers has weak signs, which must not be believed. Figures: docs/accuracy.md.
//! Source: logistic model (Cox, 1958). Limit: a fit to synthetic faults; see there.

use super::Case;
use crate::engine::case::SICK_Z;
use crate::engine::diagnose::Sign;
use crate::unit::EntityId;

/// Belief where nothing speaks for it, as log odds.
const BASE: f64 = -3.25;
/// Fit: 0.9 (0.8 to 1.5 on scenarios alone).
const MARGIN: f64 = 1.0;
/// By hand: a sign at the edge of chance takes off as much as no lead at all does.
const STRENGTH: f64 = 1.0;
/// Fit: 1.8 (2.0 on scenarios alone).
const SEEN: f64 = 2.0;
/// Fit: 2.8 (2.1 on scenarios alone).
const CAUSE: f64 = 3.0;
/// Fit: 1.2. Scenarios alone do not ask for it: their traces say what their metrics do.
const TRACED: f64 = 1.25;
/// A runner-up with nine tenths of the score leaves 0.6, one with half of it 0.94.
const RIVALS: i32 = 4;
/// Nothing is ever surer than this.
const MOST: f64 = 0.99;
/// Share of what the best leaves that the others get; the rest says "something else".
const OTHERS: f64 = 0.8;

/// What confidence depends on; each part in 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Facts {
    margin: f64,
    strength: f64,
    seen: f64,
    cause: f64,
    traced: f64,
    /// Whether the runner-up looks alike: its cause was seen too, or neither's was.
    rivalled: bool,
}

impl Facts {
    pub(super) fn of(
        case: &Case<'_>,
        entity: EntityId,
        scores: &[f64],
        certainty: f64,
        [seen, rival_seen]: [bool; 2],
    ) -> Self {
        let (best, second) =
            (scores.first().copied().unwrap_or(0.0), scores.get(1).copied().unwrap_or(0.0));
        let around = case.signs_around(entity).into_iter().filter(|sign| sign.z >= SICK_Z);
        let signs = around.map(Sign::strength).fold(0.0, f64::max);
        let [habits, time, excess] = case.telling(entity);
        Self {
            margin: if best > 0.0 { (best - second) / best } else { 0.0 },
            strength: signs.max(habits).max(time).max(excess),
            seen: f64::from(u8::from(seen)),
            cause: certainty,
            traced: if seen { 0.0 } else { habits.max(time) },
            rivalled: rival_seen || !seen,
        }
    }

    pub(super) fn probability(self) -> f64 {
        let x = BASE
            + MARGIN * self.margin
            + STRENGTH * self.strength
            + SEEN * self.seen
            + CAUSE * self.cause
            + TRACED * self.traced;
        let rival = if self.rivalled { (1.0 - self.margin).powi(RIVALS) } else { 0.0 };
        let alone = 1.0 / (1.0 + rival);
        (1.0 / (1.0 + (-x).exp())).min(alone).min(MOST)
    }
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

    fn facts(p: [f64; 5], rivalled: bool) -> Facts {
        let [margin, strength, seen, cause, traced] = p;
        Facts { margin, strength, seen, cause, traced, rivalled }
    }

    #[test]
    fn the_ends_are_where_the_documentation_says() {
        let nothing = facts([0.0; 5], false);
        assert!(nothing.probability() < 0.05);
        let lone = Facts { margin: 0.8, strength: 0.7, cause: 0.4, ..nothing };
        assert!((0.2..0.5).contains(&lone.probability()), "{}", lone.probability());
        let traced = Facts { traced: 0.8, ..lone };
        assert!((0.5..0.85).contains(&traced.probability()), "{}", traced.probability());
        let story = facts([0.6, 0.9, 1.0, 0.9, 0.0], true);
        assert!(story.probability() > 0.85, "{}", story.probability());
        let rivals = Facts { margin: 0.0, ..story };
        assert!(rivals.probability() <= 0.5, "{}", rivals.probability());
        assert!(Facts { rivalled: false, ..rivals }.probability() > 0.85);
    }

    proptest! {
        #[test]
        fn more_evidence_is_never_less_sure(
            parts in proptest::array::uniform5(0.0f64..=1.0),
            which in 0usize..5,
            more in 0.0f64..=1.0,
            alike in proptest::bool::ANY,
        ) {
            let mut higher = parts;
            higher[which] = higher[which].max(more);
            prop_assert!(facts(higher, alike).probability() >= facts(parts, alike).probability());
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
