//! A random walk with restart on a small weighted graph: where the walker is found in the long run.
//!
//! In: outgoing weights per vertex, restart probabilities. Out: visiting probabilities, sum 1.
//! Source: Page, Brin, Motwani, Winograd, "The PageRank citation ranking" (1999), personalised.
//! Limit: power iteration with a fixed number of rounds; weights must not be negative.

/// Long-run share of visits to each vertex.
///
/// `edges[v]` lists (to, weight); a vertex without weight sends its walker to a restart.
/// `restart` is the chance per step to begin anew at a vertex drawn from `home` (weights).
#[must_use]
pub fn visits(edges: &[Vec<(usize, f64)>], home: &[f64], restart: f64, rounds: usize) -> Vec<f64> {
    assert_eq!(edges.len(), home.len(), "one restart weight per vertex");
    assert!((0.0..=1.0).contains(&restart), "a chance is from 0 to 1");
    let total: f64 = home.iter().sum();
    let uniform = 1.0 / home.len().max(1) as f64;
    let home: Vec<f64> =
        home.iter().map(|h| if total > 0.0 { h / total } else { uniform }).collect();
    let mut share = home.clone();
    for _ in 0..rounds {
        share = step(edges, &home, restart, &share);
    }
    share
}

fn step(edges: &[Vec<(usize, f64)>], home: &[f64], restart: f64, share: &[f64]) -> Vec<f64> {
    let mut next = vec![0.0; share.len()];
    let mut homeless = 0.0;
    for (vertex, out) in edges.iter().enumerate() {
        let weight: f64 = out.iter().map(|(_, w)| w).sum();
        if weight <= 0.0 {
            homeless += share[vertex];
            continue;
        }
        homeless += share[vertex] * restart;
        for (to, w) in out {
            next[*to] += share[vertex] * (1.0 - restart) * w / weight;
        }
    }
    for (vertex, h) in home.iter().enumerate() {
        next[vertex] += homeless * h;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(edges: &[Vec<(usize, f64)>], home: &[f64], restart: f64, expected: &[f64]) {
        let found = visits(edges, home, restart, 200);
        assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{found:?}");
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() < 1e-6, "{found:?} is not {expected:?}");
        }
    }

    #[test]
    fn small_graphs_have_known_answers() {
        check(&[vec![(1, 1.0)], vec![(0, 1.0)]], &[1.0, 1.0], 0.0, &[0.5, 0.5]);
        check(&[vec![], vec![]], &[3.0, 1.0], 0.15, &[0.75, 0.25]);
        check(&[vec![(0, 1.0)], vec![(0, 1.0)]], &[0.0, 1.0], 0.5, &[0.5, 0.5]);
        check(&[vec![], vec![]], &[0.0, 0.0], 0.5, &[0.5, 0.5]);
    }
}
