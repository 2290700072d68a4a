//! F1 of labelled stretches: found if an alert lies within one row; alerts outside are false, runs
//! of them (at most `MERGED` rows apart) once.
//!
//! Source: the rule published with the cloud-monitoring set's evaluation. Known limit: the row of
//! an alert within a stretch does not matter.

use super::{Scored, Tally};

/// Rows beside a stretch that still count for it.
const SLACK: usize = 1;
/// False alerts at most this far apart are one.
const MERGED: usize = 5;

pub(super) const NAMES: [&str; 4] = ["found", "missed", "false alerts", "alert rows"];

pub(super) fn tally(series: &Scored, threshold: f64) -> Tally {
    let mut found = vec![false; series.stretches.len()];
    let (mut outside, mut rows, mut last) = (0.0, 0.0, None::<usize>);
    let mut next = 0;
    for (row, _) in series.scores.iter().enumerate().filter(|(_, s)| **s >= threshold) {
        rows += 1.0;
        while next < found.len() && series.stretches[next].1 + SLACK < row {
            next += 1;
        }
        let mut hit = false;
        for (at, (first, _)) in series.stretches.iter().enumerate().skip(next) {
            if *first > row + SLACK {
                break;
            }
            (found[at], hit) = (true, true);
        }
        if !hit {
            outside += f64::from(u8::from(last.is_none_or(|last| row - last > MERGED)));
            last = Some(row);
        }
    }
    let hits = found.iter().filter(|found| **found).count();
    [hits as f64, (found.len() - hits) as f64, outside, rows]
}

pub(super) fn value([found, missed, outside, _]: &Tally) -> Option<f64> {
    let labelled = found + missed;
    (labelled > 0.0).then(|| 2.0 * found / (2.0 * found + missed + outside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_by_hand() {
        for (alerts, expected) in [
            (&[][..], [0.0, 2.0, 0.0]),
            (&[9], [1.0, 1.0, 0.0]),
            (&[8], [0.0, 2.0, 1.0]),
            (&[13], [1.0, 1.0, 0.0]),
            (&[10, 11, 21], [2.0, 0.0, 0.0]),
            (&[30, 35, 41], [0.0, 2.0, 2.0]),
            (&[14, 30], [0.0, 2.0, 2.0]),
        ] {
            let mut scores = vec![0.0; 50];
            alerts.iter().for_each(|row: &usize| scores[*row] = 1.0);
            let series = Scored { scores, stretches: vec![(10, 12), (20, 20)] };
            assert_eq!(tally(&series, 0.5)[..3], expected, "{alerts:?}");
        }
        assert_eq!(value(&[1.0, 1.0, 0.0, 1.0]), Some(2.0 / 3.0));
    }
}
