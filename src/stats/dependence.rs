//! How two series move together.
//!
//! In: two slices of equal length, NaN for absent. Out: Pearson's correlation in -1..=1, or
//! nothing where it is undefined. Source: Pearson (1895). Limit: linear dependence only.

/// Correlation over the positions where both have a value; absent below three of them or if one
/// does not move.
#[must_use]
pub fn pearson(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> Option<f64> {
    let pairs: Vec<(f64, f64)> = a.zip(b).filter(|(x, y)| !x.is_nan() && !y.is_nan()).collect();
    if pairs.len() < 3 {
        return None;
    }
    let n = pairs.len() as f64;
    let mean_a = pairs.iter().map(|p| p.0).sum::<f64>() / n;
    let mean_b = pairs.iter().map(|p| p.1).sum::<f64>() / n;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        ab += (x - mean_a) * (y - mean_b);
        aa += (x - mean_a).powi(2);
        bb += (y - mean_b).powi(2);
    }
    let scale = (aa * bb).sqrt();
    (scale > 0.0).then(|| (ab / scale).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: &[f64], b: &[f64], expected: Option<f64>) {
        let found = pearson(a.iter().copied(), b.iter().copied());
        match (found, expected) {
            (Some(f), Some(e)) => assert!((f - e).abs() < 1e-12, "{f}"),
            (f, e) => assert_eq!(f, e),
        }
    }

    #[test]
    fn known_pairs() {
        check(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0], Some(1.0));
        check(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0], Some(-1.0));
        check(&[1.0, f64::NAN, 2.0, 3.0], &[1.0, 9.0, 2.0, 3.0], Some(1.0));
        check(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0], None);
        check(&[1.0, 2.0], &[1.0, 2.0], None);
    }
}
