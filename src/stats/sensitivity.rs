//! Which knobs matter: Sobol's first-order and total indices from Saltelli's design.
//!
//! In: the outputs at the points of `design` in its order. Out: per knob the share of the output's
//! variance that it explains alone, and together with others. Sources: Saltelli et al., "Variance
//! based sensitivity analysis of model output" (Computer Physics Communications 181, 2010) for the
//! design and the first-order estimator, Jansen (1999) for the total one. Limit: with little
//! variance or few points the estimates scatter, below 0 too; the interval says how far.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::design::sobol;
use super::interval::Span;
use super::summary::{mean, quantile_sorted, sorted};

/// Indices of one knob.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Indices {
    /// Share of the variance explained by the knob alone.
    pub first: f64,
    /// Its 95 % interval, if there are points enough.
    pub first_span: Option<Span>,
    /// Share explained by the knob with all its interactions.
    pub total: f64,
    /// Its 95 % interval.
    pub total_span: Option<Span>,
}

/// Points to be run: `base` rows of A, `base` of B, then for each knob A with that column of B.
#[must_use]
pub fn design(base: usize, knobs: usize) -> Vec<Vec<f64>> {
    let points = sobol(base, 2 * knobs);
    let a: Vec<Vec<f64>> = points.iter().map(|p| p[..knobs].to_vec()).collect();
    let b: Vec<Vec<f64>> = points.iter().map(|p| p[knobs..].to_vec()).collect();
    let mut all = [a.clone(), b.clone()].concat();
    for knob in 0..knobs {
        all.extend(a.iter().zip(&b).map(|(a, b)| {
            let mut mixed = a.clone();
            mixed[knob] = b[knob];
            mixed
        }));
    }
    all
}

/// The indices of each knob; absent if the outputs do not vary. `outputs` stand in design order.
///
/// Panics if the number of outputs is not that of a design.
#[must_use]
pub fn indices(
    outputs: &[f64],
    knobs: usize,
    replicates: usize,
    stream: &mut ChaCha8Rng,
) -> Option<Vec<Indices>> {
    let base = outputs.len() / (knobs + 2);
    assert_eq!(outputs.len(), base * (knobs + 2), "outputs belong to a design");
    let rows: Vec<usize> = (0..base).collect();
    let point = estimate(outputs, knobs, &rows)?;
    let mut drawn: Vec<Vec<(f64, f64)>> = Vec::new();
    for _ in 0..replicates {
        let sample: Vec<usize> = (0..base).map(|_| stream.random_range(0..base)).collect();
        drawn.extend(estimate(outputs, knobs, &sample));
    }
    let span = |knob: usize, total: bool| {
        let of = |d: &Vec<(f64, f64)>| if total { d[knob].1 } else { d[knob].0 };
        let found = sorted(&drawn.iter().map(of).collect::<Vec<_>>());
        Some(Span { low: quantile_sorted(&found, 0.025)?, high: quantile_sorted(&found, 0.975)? })
    };
    let knob = |k: usize| Indices {
        first: point[k].0,
        first_span: span(k, false),
        total: point[k].1,
        total_span: span(k, true),
    };
    Some((0..knobs).map(knob).collect())
}

fn estimate(outputs: &[f64], knobs: usize, rows: &[usize]) -> Option<Vec<(f64, f64)>> {
    let base = outputs.len() / (knobs + 2);
    let both: Vec<f64> = rows.iter().flat_map(|r| [outputs[*r], outputs[base + r]]).collect();
    let centre = mean(&both)?;
    let variance = both.iter().map(|y| (y - centre).powi(2)).sum::<f64>() / both.len() as f64;
    if variance <= 1e-12 * (1.0 + centre * centre) {
        return None;
    }
    let n = rows.len() as f64;
    let knob = |k: usize| {
        let mixed = |r: usize| outputs[(2 + k) * base + r];
        let sum = |of: &dyn Fn(usize) -> f64| rows.iter().map(|r| of(*r)).sum::<f64>() / n;
        let first = sum(&|r| (outputs[base + r] - centre) * (mixed(r) - outputs[r])) / variance;
        let total = sum(&|r| (outputs[r] - mixed(r)).powi(2)) / 2.0 / variance;
        (first, total)
    };
    Some((0..knobs).map(knob).collect())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_ishigami_function_has_its_known_indices() {
        let pi = std::f64::consts::PI;
        let f = |p: &Vec<f64>| {
            let x: Vec<f64> = p.iter().map(|u| pi * (2.0 * u - 1.0)).collect();
            x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
        };
        let outputs: Vec<f64> = design(4096, 3).iter().map(f).collect();
        let found = indices(&outputs, 3, 50, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        for (knob, (first, total)) in
            [(0.3139, 0.5576), (0.4424, 0.4424), (0.0, 0.2437)].into_iter().enumerate()
        {
            assert!((found[knob].first - first).abs() < 0.02, "{knob} {found:?}");
            assert!((found[knob].total - total).abs() < 0.02, "{knob} {found:?}");
        }
    }

    #[test]
    fn an_output_that_never_varies_has_no_indices() {
        let outputs = vec![3.0; 16 * 4];
        assert_eq!(indices(&outputs, 2, 10, &mut ChaCha8Rng::seed_from_u64(1)), None);
    }
}
