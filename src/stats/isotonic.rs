//! Isotonic regression: the rising step function nearest to what was seen.
//!
//! In: pairs of score and whether it was right, in any order. Out: knots of score and share right,
//! rising in both; between knots a straight line is meant. Source: pool adjacent violators (Ayer et
//! al., Annals of Mathematical Statistics 26, 1955); as calibration: Zadrozny and Elkan (KDD 2002).
//! The ends are kept inside the rule of succession's 1/(n+2), because n answers never prove
//! certainty. Limit: with few answers it follows the noise; cross-validation decides.

struct Block {
    first: f64,
    last: f64,
    right: f64,
    n: f64,
}

impl Block {
    fn share(&self) -> f64 {
        self.right / self.n
    }
}

/// Knots of the fit; empty for no answers.
#[must_use]
pub fn fit(answers: &[(f64, bool)]) -> Vec<[f64; 2]> {
    let mut sorted = answers.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut blocks: Vec<Block> = Vec::new();
    for (score, right) in sorted {
        let right = f64::from(right);
        match blocks.last_mut().filter(|block| block.last == score && block.first == score) {
            Some(block) => (block.right, block.n) = (block.right + right, block.n + 1.0),
            None => blocks.push(Block { first: score, last: score, right, n: 1.0 }),
        }
    }
    let mut pooled: Vec<Block> = Vec::new();
    for block in blocks {
        pooled.push(block);
        while let [.., before, after] = pooled.as_slice() {
            if before.share() < after.share() {
                break;
            }
            let merged = Block {
                first: before.first,
                last: after.last,
                right: before.right + after.right,
                n: before.n + after.n,
            };
            pooled.truncate(pooled.len() - 2);
            pooled.push(merged);
        }
    }
    let least = 1.0 / (answers.len() as f64 + 2.0);
    let mut knots = Vec::new();
    for block in &pooled {
        let share = block.share().clamp(least, 1.0 - least);
        knots.push([block.first, share]);
        if block.last > block.first {
            knots.push([block.last, share]);
        }
    }
    knots
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn violators_are_pooled_and_ties_stay_together() {
        let answers = [(0.1, false), (0.2, true), (0.3, false), (0.9, true), (0.9, true)];
        let knots = fit(&answers);
        let n = 1.0 / 7.0;
        assert_eq!(knots, [[0.1, n], [0.2, 0.5], [0.3, 0.5], [0.9, 1.0 - n]]);
        assert!(fit(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn knots_rise_in_both_numbers(
            answers in prop::collection::vec((0.0..=1.0f64, any::<bool>()), 1..60)
        ) {
            let knots = fit(&answers);
            prop_assert!(knots.is_sorted_by(|a, b| a[0] < b[0] && a[1] <= b[1]));
            prop_assert!(knots.iter().all(|k| k[1] > 0.0 && k[1] < 1.0));
        }
    }
}
