//! How far confidences can be believed: Brier score with its parts, calibration error, the curve of
//! risk against coverage.
//!
//! In: pairs of confidence and whether the answer was right. Out: plain numbers, absent without
//! answers. Sources: Brier (1950); Murphy, "A new vector partition of the probability score" (1973)
//! with the two within-bin terms of Stephenson, Coelho and Jolliffe (2008), so that the parts add
//! up exactly; bins of equal mass: Nguyen and O'Connor (EMNLP 2015); risk and coverage: El-Yaniv
//! and Wiener (JMLR 2010), area: Geifman, Uziel and El-Yaniv (ICLR 2019).

/// One answer: confidence, and whether it was right.
pub type Answer = (f64, bool);

/// One bin of equal mass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Mean confidence in it.
    pub confidence: f64,
    /// Share right in it.
    pub accuracy: f64,
    /// Answers in it.
    pub n: u64,
}

/// The Brier score and its parts: `score = reliability - resolution + uncertainty + within`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Brier {
    /// Mean of (confidence - right)^2.
    pub score: f64,
    /// Distance of the bins from the diagonal; 0 is calibrated.
    pub reliability: f64,
    /// How far the bins' shares are from the base rate; more is better.
    pub resolution: f64,
    /// base rate x (1 - base rate): what always saying the base rate scores.
    pub uncertainty: f64,
    /// What the bins hide: spread of confidences inside them.
    pub within: f64,
}

/// Answers sorted by confidence.
#[must_use]
pub fn sorted(answers: &[Answer]) -> Vec<Answer> {
    let mut copy = answers.to_vec();
    copy.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    copy
}

/// At most `most` bins of about equal mass with at least five answers; equal confidences stay
/// together.
#[must_use]
pub fn bins(answers: &[Answer], most: usize) -> Vec<Bin> {
    groups(&sorted(answers), most).iter().map(|group| bin(group)).collect()
}

fn groups(ascending: &[Answer], most: usize) -> Vec<&[Answer]> {
    let wanted = (ascending.len() / 5).clamp(1, most.max(1));
    let mass = ascending.len().div_ceil(wanted);
    let mut found = Vec::new();
    let mut rest = ascending;
    while !rest.is_empty() {
        let mut end = mass.min(rest.len());
        while end < rest.len() && rest[end].0 == rest[end - 1].0 {
            end += 1;
        }
        let (group, after) = rest.split_at(end);
        found.push(group);
        rest = after;
    }
    found
}

fn bin(group: &[Answer]) -> Bin {
    let n = group.len() as f64;
    let right = group.iter().filter(|(_, right)| *right).count() as f64;
    let confidence = group.iter().map(|(c, _)| c).sum::<f64>() / n;
    Bin { confidence, accuracy: right / n, n: group.len() as u64 }
}

/// Mean gap between confidence and share right, weighted by mass; absent without answers.
#[must_use]
pub fn calibration_error(answers: &[Answer], most: usize) -> Option<f64> {
    let gap = |b: &Bin| b.n as f64 * (b.confidence - b.accuracy).abs();
    let sum: f64 = bins(answers, most).iter().map(gap).sum();
    (!answers.is_empty()).then(|| sum / answers.len() as f64)
}

/// The Brier score and its parts over bins of equal mass; absent without answers.
#[must_use]
pub fn brier(answers: &[Answer], most: usize) -> Option<Brier> {
    if answers.is_empty() {
        return None;
    }
    let ascending = sorted(answers);
    let n = ascending.len() as f64;
    let base = ascending.iter().filter(|(_, right)| *right).count() as f64 / n;
    let score = ascending.iter().map(|(c, right)| (c - f64::from(*right)).powi(2)).sum::<f64>() / n;
    let (mut reliability, mut resolution) = (0.0, 0.0);
    for group in groups(&ascending, most) {
        let bin = bin(group);
        reliability += bin.n as f64 * (bin.confidence - bin.accuracy).powi(2) / n;
        resolution += bin.n as f64 * (bin.accuracy - base).powi(2) / n;
    }
    let uncertainty = base * (1.0 - base);
    let within = score - reliability + resolution - uncertainty;
    Some(Brier { score, reliability, resolution, uncertainty, within })
}

/// Share answered and share wrong among them, surest answers first; equal confidences come at
/// once, because no threshold can part them.
#[must_use]
pub fn risk_coverage(answers: &[Answer]) -> Vec<(f64, f64)> {
    let descending: Vec<Answer> = sorted(answers).into_iter().rev().collect();
    let n = descending.len() as f64;
    let (mut wrong, mut curve) = (0.0, Vec::new());
    for (place, (confidence, right)) in descending.iter().enumerate() {
        wrong += f64::from(!right);
        if descending.get(place + 1).is_none_or(|next| next.0 != *confidence) {
            let answered = (place + 1) as f64;
            curve.push((answered / n, wrong / answered));
        }
    }
    curve
}

/// Area below the curve of risk against coverage: the mean risk over all coverages.
#[must_use]
pub fn area(answers: &[Answer]) -> Option<f64> {
    let mut before = 0.0;
    let mut sum = 0.0;
    for (coverage, risk) in risk_coverage(answers) {
        sum += (coverage - before) * risk;
        before = coverage;
    }
    (!answers.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_calibrated_set_has_no_reliability_term_and_an_honest_ranking_a_small_area() {
        let group = |c: f64, right: usize| (0..10).map(move |i| (c, i < right));
        let honest: Vec<Answer> = group(0.2, 2).chain(group(0.8, 8)).collect();
        let parts = brier(&honest, 10).unwrap();
        assert!((parts.score - 0.16).abs() < 1e-12 && parts.reliability.abs() < 1e-12);
        assert!((parts.resolution - 0.09).abs() < 1e-12, "{parts:?}");
        assert!(calibration_error(&honest, 10).unwrap() < 1e-12);
        assert_eq!(risk_coverage(&honest), [(0.5, 0.2), (1.0, 0.5)]);
        assert!((area(&honest).unwrap() - 0.35).abs() < 1e-12);
        assert_eq!((brier(&[], 10), area(&[]), calibration_error(&[], 10)), (None, None, None));
    }

    proptest! {
        #[test]
        fn the_parts_add_up(
            answers in prop::collection::vec((0.0..=1.0f64, any::<bool>()), 1..80)
        ) {
            let parts = brier(&answers, 10).unwrap();
            let sum = parts.reliability - parts.resolution + parts.uncertainty + parts.within;
            prop_assert!((sum - parts.score).abs() < 1e-12);
            let curve = risk_coverage(&answers);
            prop_assert!(curve.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!(curve.last().unwrap().0, 1.0);
        }
    }
}
