//! F1 of range-based precision and recall: alerts and labels are stretches that overlap in part.
//!
//! Recall of a labelled stretch is half existence (any alert in it) and half the share of its rows
//! that alert; precision of a run of alerts is the share of its rows that are labelled. Both are
//! divided by the number of stretches on the other side that take part. Flat positional bias.
//! Source: Tatbul, Lee, Zdonik, Alam and Gottschlich, "Precision and Recall for Time Series",
//! NeurIPS 2018, with alpha 0.5 for recall, 0 for precision, and cardinality 1/x.

use super::{Scored, Tally};

/// Weight of existence in recall.
const EXISTENCE: f64 = 0.5;

pub(super) const NAMES: [&str; 4] = ["recall sum", "stretches", "precision sum", "alert runs"];

pub(super) fn tally(series: &Scored, threshold: f64) -> Tally {
    let runs = runs(&series.scores, threshold);
    let recall: f64 = series.stretches.iter().map(|one| recall(*one, &runs)).sum();
    let precision: f64 = runs.iter().map(|run| overlap(*run, &series.stretches)).sum();
    [recall, series.stretches.len() as f64, precision, runs.len() as f64]
}

pub(super) fn value([recall, labelled, precision, runs]: &Tally) -> Option<f64> {
    if *labelled == 0.0 {
        return None;
    }
    let (recall, precision) = (recall / labelled, precision / runs.max(1.0));
    let sum = recall + precision;
    Some(if sum > 0.0 { 2.0 * recall * precision / sum } else { 0.0 })
}

fn recall(stretch: (usize, usize), runs: &[(usize, usize)]) -> f64 {
    let share = overlap(stretch, runs);
    let exists = f64::from(u8::from(share > 0.0));
    EXISTENCE * exists + (1.0 - EXISTENCE) * share
}

/// Share of `one`'s rows in `others`, divided by how many of them take part.
fn overlap(one: (usize, usize), others: &[(usize, usize)]) -> f64 {
    let from = others.partition_point(|other| other.1 < one.0);
    let near = others[from..].iter().take_while(|other| other.0 <= one.1);
    let (mut rows, mut parts) = (0, 0);
    for other in near {
        rows += other.1.min(one.1) - other.0.max(one.0) + 1;
        parts += 1;
    }
    rows as f64 / (one.1 - one.0 + 1) as f64 / f64::from(parts.max(1))
}

/// Runs of rows that alert.
fn runs(scores: &[f64], threshold: f64) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (row, _) in scores.iter().enumerate().filter(|(_, s)| **s >= threshold) {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => runs.push((row, row)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_by_hand() {
        let series = |alerts: &[usize]| {
            let mut scores = vec![0.0; 30];
            alerts.iter().for_each(|row| scores[*row] = 1.0);
            Scored { scores, stretches: vec![(10, 13)] }
        };
        assert_eq!(tally(&series(&[]), 0.5), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(tally(&series(&[10, 11, 12, 13]), 0.5), [1.0, 1.0, 1.0, 1.0]);
        assert_eq!(tally(&series(&[13, 14]), 0.5), [0.625, 1.0, 0.5, 1.0]);
        assert_eq!(tally(&series(&[10, 12, 20]), 0.5), [0.625, 1.0, 2.0, 3.0]);
        assert_eq!(value(&[1.0, 1.0, 1.0, 2.0]), Some(2.0 / 3.0));
    }
}
