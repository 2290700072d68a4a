//! Logistic regression on a few features, with slopes that never fall below 0.
//!
//! In: rows of features and whether the answer was right. Out: one slope a feature, then the
//! intercept. Newton's method on the penalised likelihood (ridge `PENALTY` on the slopes keeps
//! separable data finite); a slope that wants to be negative is held at 0, the rest fitted again.
//! Targets are Platt's (n+ + 1)/(n+ + 2) and 1/(n- + 2). Sources: Platt, "Probabilistic outputs for
//! support vector machines" (1999); Kull, Silva Filho and Flach, "Beta calibration" (AISTATS 2017).

const PENALTY: f64 = 1e-3;
const ROUNDS: usize = 100;
const ENOUGH: f64 = 1e-10;

/// Slopes and, last, the intercept; `None` without answers.
#[must_use]
pub fn fit<const K: usize>(rows: &[([f64; K], bool)]) -> Option<Vec<f64>> {
    if rows.is_empty() {
        return None;
    }
    let mut free = [true; K];
    loop {
        let found = newton(rows, free);
        let Some(bad) = (0..K).find(|i| free[*i] && found[*i] < 0.0) else { return Some(found) };
        free[bad] = false;
    }
}

fn newton<const K: usize>(rows: &[([f64; K], bool)], free: [bool; K]) -> Vec<f64> {
    let right = rows.iter().filter(|(_, right)| *right).count() as f64;
    let wrong = rows.len() as f64 - right;
    let (high, low) = ((right + 1.0) / (right + 2.0), 1.0 / (wrong + 2.0));
    let width = K + 1;
    let mut weights = vec![0.0; width];
    weights[K] = ((right + 1.0) / (wrong + 1.0)).ln();
    for _ in 0..ROUNDS {
        let mut slope = vec![0.0; width];
        let mut bend = vec![vec![0.0; width]; width];
        for (features, right) in rows {
            let x = |i: usize| match i {
                i if i == K => 1.0,
                i if free[i] => features[i],
                _ => 0.0,
            };
            let sum: f64 = (0..width).map(|i| weights[i] * x(i)).sum();
            let p = 1.0 / (1.0 + (-sum).exp());
            let target = if *right { high } else { low };
            for i in 0..width {
                slope[i] += (target - p) * x(i);
                for (j, cell) in bend[i].iter_mut().enumerate() {
                    *cell += (p * (1.0 - p)).max(1e-9) * x(i) * x(j);
                }
            }
        }
        for i in 0..width {
            let penalty = if i < K { PENALTY } else { 0.0 };
            slope[i] -= penalty * weights[i];
            // A held slope gets a row of its own, so that the system stays solvable.
            bend[i][i] += if i < K && !free[i] { 1.0 } else { penalty + 1e-9 };
        }
        let step = solve(bend, slope);
        let size: f64 = step.iter().map(|s| s.abs()).sum();
        // Damped: a far step on nearly separable data would overshoot.
        let damp = (4.0 / size.max(4.0)).min(1.0);
        weights.iter_mut().zip(&step).for_each(|(w, s)| *w += damp * s);
        if size < ENOUGH {
            break;
        }
    }
    weights
}

/// Gauss elimination with pivots; the matrix is symmetric and positive.
fn solve(mut matrix: Vec<Vec<f64>>, mut values: Vec<f64>) -> Vec<f64> {
    let n = values.len();
    for column in 0..n {
        let size = |row: &usize| matrix[*row][column].abs();
        let pivot = (column..n).max_by(|a, b| size(a).total_cmp(&size(b))).unwrap_or(column);
        matrix.swap(column, pivot);
        values.swap(column, pivot);
        let above = matrix[column].clone();
        if above[column] == 0.0 {
            continue;
        }
        for row in column + 1..n {
            let factor = matrix[row][column] / above[column];
            for (cell, from) in matrix[row].iter_mut().zip(&above).skip(column) {
                *cell -= factor * from;
            }
            values[row] -= factor * values[column];
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|j| matrix[row][j] * values[j]).sum();
        let own = matrix[row][row];
        values[row] = if own == 0.0 { 0.0 } else { (values[row] - known) / own };
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logit(p: f64) -> f64 {
        (p / (1.0 - p)).ln()
    }

    #[test]
    fn two_groups_are_met_exactly_but_for_the_targets() {
        let group = |x: f64, right: usize, n: usize| (0..n).map(move |i| ([x], i < right));
        let rows: Vec<_> = group(0.0, 200, 1000).chain(group(1.0, 800, 1000)).collect();
        let found = fit(&rows).unwrap();
        assert!((found[1] - logit(0.2)).abs() < 0.02, "{found:?}");
        assert!((found[0] - (logit(0.8) - logit(0.2))).abs() < 0.04, "{found:?}");
    }

    #[test]
    fn a_falling_feature_is_held_at_zero_and_separable_data_stay_finite() {
        let falling: Vec<_> = (0..40).map(|i| ([f64::from(i) / 40.0], i < 20)).collect();
        let found = fit(&falling).unwrap();
        assert_eq!(found[0], 0.0);
        assert!(found[1].abs() < 0.1, "{found:?}");
        let separable: Vec<_> = (0..40).map(|i| ([f64::from(i) / 40.0], i >= 20)).collect();
        assert!(fit(&separable).unwrap().iter().all(|w| w.is_finite()));
        assert_eq!(fit::<1>(&[]), None);
    }
}
