//! The Numenta Anomaly Benchmark's score, standard profile.
//!
//! Rows of the probation are not scored. Within a window the best alert counts, early ones more;
//! each alert outside costs up to the profile's weight, less just behind a window; a window
//! without an alert costs 1. Sum of all series, scaled so that saying nothing is 0 and perfect 100.
//! Source: Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms: the Numenta Anomaly
//! Benchmark", ICMLA 2015; rows, widths and the cut at 3 as in NAB v1.1's sweeper.

use super::{Scored, Tally};

/// Cost of a false alert (standard profile).
const FALSE_ALERT: f64 = 0.11;
/// Share of the rows, and most rows, that are not scored.
const PROBATION: (f64, usize) = (0.15, 750);

pub(super) const NAMES: [&str; 4] = ["raw score", "windows", "windows found", "false alert rows"];

/// The scaled sigmoid: 1 far before 0, -1 far behind.
fn sigmoid(x: f64) -> f64 {
    if x > 3.0 { -1.0 } else { 2.0 / (1.0 + (5.0 * x).exp()) - 1.0 }
}

pub(super) fn tally(series: &Scored, threshold: f64) -> Tally {
    let rows = series.scores.len();
    let probation = ((PROBATION.0 * rows as f64) as usize).min(PROBATION.1);
    let alerts = (probation..rows).filter(|row| series.scores[*row] >= threshold);
    let mut best: Vec<Option<f64>> = vec![None; series.stretches.len()];
    let (mut raw, mut outside) = (0.0, 0.0);
    for row in alerts {
        let before = series.stretches.iter().rposition(|(first, _)| *first <= row);
        match before.map(|at| (at, series.stretches[at])) {
            Some((at, (first, last))) if row <= last => {
                let width = (last - first + 1) as f64;
                let credit = sigmoid(-((last - row + 1) as f64) / width) / sigmoid(-1.0);
                best[at] = Some(best[at].map_or(credit, |old| old.max(credit)));
            }
            Some((_, (first, last))) => {
                let reach = (last - first) as f64;
                let behind = (row - last) as f64 / reach.max(1.0);
                raw += FALSE_ALERT * sigmoid(behind);
                outside += 1.0;
            }
            None => {
                raw -= FALSE_ALERT;
                outside += 1.0;
            }
        }
    }
    raw += best.iter().map(|credit| credit.unwrap_or(-1.0)).sum::<f64>();
    [raw, best.len() as f64, best.iter().flatten().count() as f64, outside]
}

pub(super) fn value([raw, windows, ..]: &Tally) -> Option<f64> {
    (*windows > 0.0).then(|| 100.0 * (raw + windows) / (2.0 * windows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(alerts: &[usize], stretches: &[(usize, usize)], expected: f64) {
        let mut scores = vec![0.0; 200];
        alerts.iter().for_each(|row| scores[*row] = 1.0);
        let [raw, ..] = tally(&Scored { scores, stretches: stretches.to_vec() }, 0.5);
        assert!((raw - expected).abs() < 1e-4, "{alerts:?}: {raw}, expected {expected}");
    }

    #[test]
    fn cases_by_hand() {
        check(&[], &[(100, 119)], -1.0);
        check(&[], &[], 0.0);
        // The window's first row is perfect; only the best alert within it counts.
        check(&[100, 105, 119], &[(100, 119)], 1.0);
        // Its last row: 2 / (1 + exp(-5 * 0.05)) - 1 = 0.124353, over 0.986614.
        check(&[119], &[(100, 119)], 0.126_040);
        // Far from every window, in the probation, and just behind a window.
        check(&[50], &[(100, 119)], -1.11);
        check(&[29], &[(100, 119)], -1.0);
        check(&[120], &[(100, 119)], -1.0 - 0.11 * 0.130_822);
        check(&[199], &[(100, 119)], -1.11);
    }
}
