//! Linear regression by least squares with a small ridge.
//!
//! In: rows of regressors and a response. Out: intercept and weights. Normal equations solved by
//! Gaussian elimination with pivoting; the ridge keeps them solvable when regressors move together.
//! Source: Hoerl and Kennard, "Ridge Regression", Technometrics 1970. Limit: few regressors.

/// Share of each regressor's own square that is added to it.
const RIDGE: f64 = 1e-6;

/// A fitted line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    weights: Vec<f64>,
}

impl Line {
    /// The response that regressors foretell.
    #[must_use]
    pub fn foretell(&self, x: &[f64]) -> f64 {
        self.weights[0] + x.iter().zip(&self.weights[1..]).map(|(x, w)| x * w).sum::<f64>()
    }
}

/// Fits a line; `None` with fewer rows than weights, or if nothing determines them.
#[must_use]
pub fn ridge(rows: &[(Vec<f64>, f64)]) -> Option<Line> {
    let width = rows.first()?.0.len() + 1;
    if rows.len() < width.max(2) {
        return None;
    }
    let mut system = vec![vec![0.0; width + 1]; width];
    for (x, y) in rows {
        let full: Vec<f64> = std::iter::once(1.0).chain(x.iter().copied()).collect();
        for i in 0..width {
            for j in 0..width {
                system[i][j] += full[i] * full[j];
            }
            system[i][width] += full[i] * y;
        }
    }
    for (i, row) in system.iter_mut().enumerate().skip(1) {
        row[i] += RIDGE * row[i] + f64::MIN_POSITIVE.sqrt();
    }
    solve(system).map(|weights| Line { weights })
}

fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let width = system.len();
    for column in 0..width {
        let pivot = (column..width)
            .max_by(|a, b| system[*a][column].abs().total_cmp(&system[*b][column].abs()))?;
        system.swap(column, pivot);
        let head = system[column][column];
        if head == 0.0 || !head.is_finite() {
            return None;
        }
        let pivot = system[column].clone();
        for (_, row) in system.iter_mut().enumerate().filter(|(i, _)| *i != column) {
            let factor = row[column] / head;
            row.iter_mut().zip(&pivot).skip(column).for_each(|(cell, p)| *cell -= factor * p);
        }
    }
    Some((0..width).map(|i| system[i][width] / system[i][i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_again_and_too_few_rows_say_nothing() {
        let rows: Vec<(Vec<f64>, f64)> = (0..20)
            .map(|i| (f64::from(i), f64::from(i * i % 7)))
            .map(|(a, b)| (vec![a, b], 3.0 + 2.0 * a - b))
            .collect();
        let line = ridge(&rows).unwrap();
        assert!((line.foretell(&[5.0, 2.0]) - 11.0).abs() < 1e-3, "{line:?}");
        assert_eq!(ridge(&rows[..2]), None);
    }

    #[test]
    fn regressors_that_do_not_move_do_no_harm() {
        let rows: Vec<(Vec<f64>, f64)> = (0..9).map(|i| (vec![0.0], f64::from(i % 3))).collect();
        assert!((ridge(&rows).unwrap().foretell(&[0.0]) - 1.0).abs() < 1e-9);
    }
}
