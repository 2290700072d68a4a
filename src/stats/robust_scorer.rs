//! BARO's robust scorer as published: which column left its past by the most IQRs, upwards.
//!
//! In: columns without NaN and the row at which the trouble began. Out: columns with their largest
//! (value - median) / IQR since, largest first; equal ones keep their order. Constant columns (on
//! either side) are left out; an IQR of 0 counts as 1, so such scores depend on the unit. Source:
//! Pham, Ha, Zhang, "BARO" (FSE 2024), section 3.2; `tests/it/published.rs` holds the ranks
//! against the authors' own code. The kind `baro` ranks services by a like score with floors.

use super::robust::quantile;

/// Below this an IQR is rounding: ten times the distance of 1 from the next number, as published.
const FLAT: f64 = 10.0 * f64::EPSILON;

/// Columns and their scores, the most suspect first.
///
/// Panics if a column is shorter than `cut`.
#[must_use]
pub fn rank(columns: &[Vec<f64>], cut: usize) -> Vec<(usize, f64)> {
    let mut scratch = Vec::with_capacity(cut);
    let mut scores: Vec<(usize, f64)> = Vec::with_capacity(columns.len());
    for (index, column) in columns.iter().enumerate() {
        let (before, since) = column.split_at(cut);
        if is_constant(before) || is_constant(since) {
            continue;
        }
        scratch.clear();
        scratch.extend_from_slice(before);
        let Some([low, middle, high]) = quartiles(&mut scratch) else { continue };
        let most = since.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let iqr = if high - low < FLAT { 1.0 } else { high - low };
        scores.push((index, (most - middle) / iqr));
    }
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    scores
}

fn quartiles(values: &mut [f64]) -> Option<[f64; 3]> {
    // What one search has put in order stays in order for the next.
    let middle = quantile(values, 0.5)?;
    Some([quantile(values, 0.25)?, middle, quantile(values, 0.75)?])
}

fn is_constant(values: &[f64]) -> bool {
    values.first().is_none_or(|first| values.iter().all(|value| value == first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_that_rose_by_most_iqrs_is_first_and_constant_ones_are_left_out() {
        let past = [1.0, 2.0, 3.0, 4.0, 5.0];
        let column = |since: [f64; 2]| [&past[..], &since[..]].concat();
        let columns = [column([4.0, 5.0]), column([5.0, 9.0]), column([7.0, 7.0]), vec![1.0; 7]];
        assert_eq!(rank(&columns, 5), [(1, 3.0), (0, 1.0)]);
    }

    #[test]
    fn falling_is_no_suspicion_and_a_flat_past_has_a_scale_of_one() {
        let falls = vec![5.0, 6.0, 7.0, -90.0, -95.0];
        let flat = vec![5.0, 5.0, 5.0, 5.0, 6.0, 8.0, 9.0];
        assert_eq!(rank(&[falls], 3)[0].1, -96.0);
        assert_eq!(rank(&[flat], 5), [(0, 4.0)]);
    }
}
