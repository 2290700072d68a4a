//! Points that fill a cube evenly: Sobol's sequence and Latin hypercubes.
//!
//! In: a number of points and dimensions; for a hypercube a random stream. Out: points in 0..1 per
//! coordinate. Sources: Sobol' (1967) in the Gray-code order of Antonov and Saleev (1979), with the
//! direction numbers of Joe and Kuo, "Constructing Sobol sequences with better two-dimensional
//! projections" (SIAM J. Sci. Comput. 30, 2008), new-joe-kuo-6; McKay, Beckman and Conover
//! (Technometrics 21, 1979). Limit: `MOST_DIMENSIONS` dimensions for Sobol.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Most dimensions of a Sobol sequence here.
pub const MOST_DIMENSIONS: usize = 21;

const BITS: usize = 32;

/// Degree, coefficients and initial numbers of dimensions 2 and up.
const DIRECTIONS: [(u32, u32, &[u32]); MOST_DIMENSIONS - 1] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
    (6, 1, &[1, 3, 3, 9, 7, 49]),
    (6, 13, &[1, 1, 1, 15, 21, 21]),
    (6, 16, &[1, 3, 1, 13, 27, 49]),
    (6, 19, &[1, 1, 1, 15, 7, 5]),
    (6, 22, &[1, 3, 1, 15, 13, 25]),
    (6, 25, &[1, 1, 5, 5, 19, 61]),
    (7, 1, &[1, 3, 7, 11, 23, 15, 103]),
    (7, 4, &[1, 3, 7, 13, 13, 15, 69]),
];

/// The first `n` points of the sequence, from the second on: the first is the corner 0.
///
/// Panics if `dimensions` is 0 or above `MOST_DIMENSIONS`.
#[must_use]
pub fn sobol(n: usize, dimensions: usize) -> Vec<Vec<f64>> {
    assert!((1..=MOST_DIMENSIONS).contains(&dimensions), "1 to {MOST_DIMENSIONS} dimensions");
    let numbers: Vec<[u32; BITS]> = (0..dimensions).map(direction_numbers).collect();
    let mut state = vec![0u32; dimensions];
    let mut points = Vec::with_capacity(n);
    for index in 0..n as u64 {
        let bit = index.trailing_ones() as usize;
        for (place, v) in state.iter_mut().zip(&numbers) {
            *place ^= v[bit.min(BITS - 1)];
        }
        points.push(state.iter().map(|x| f64::from(*x) / 2f64.powi(BITS as i32)).collect());
    }
    points
}

fn direction_numbers(dimension: usize) -> [u32; BITS] {
    let mut v = [0u32; BITS];
    let Some((degree, coefficients, initial)) =
        dimension.checked_sub(1).and_then(|d| DIRECTIONS.get(d))
    else {
        // The first dimension is van der Corput's.
        (0..BITS).for_each(|i| v[i] = 1 << (BITS - 1 - i));
        return v;
    };
    let s = *degree as usize;
    for i in 0..BITS {
        v[i] = if i < s {
            initial[i] << (BITS - 1 - i)
        } else {
            let mut next = v[i - s] ^ (v[i - s] >> s);
            for k in 1..s {
                if coefficients >> (s - 1 - k) & 1 == 1 {
                    next ^= v[i - k];
                }
            }
            next
        };
    }
    v
}

/// `n` points of which each coordinate has one in each of `n` slices.
#[must_use]
pub fn latin_hypercube(n: usize, dimensions: usize, stream: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
    let mut points = vec![vec![0.0; dimensions]; n];
    for dimension in 0..dimensions {
        let mut slices: Vec<usize> = (0..n).collect();
        for place in (1..n).rev() {
            slices.swap(place, stream.random_range(0..=place));
        }
        for (point, slice) in points.iter_mut().zip(slices) {
            point[dimension] = (slice as f64 + stream.random::<f64>()) / n as f64;
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_first_points_are_the_published_ones() {
        let points = sobol(4, 3);
        assert_eq!(
            points,
            [[0.5, 0.5, 0.5], [0.75, 0.25, 0.25], [0.25, 0.75, 0.75], [0.375, 0.375, 0.625]]
        );
    }

    #[test]
    fn every_dimension_of_sobol_fills_every_slice() {
        let n = 256;
        let mut points = sobol(n - 1, MOST_DIMENSIONS);
        points.push(vec![0.0; MOST_DIMENSIONS]);
        for d in 0..MOST_DIMENSIONS {
            let mut slices: Vec<usize> =
                points.iter().map(|p| (p[d] * n as f64) as usize).collect();
            slices.sort_unstable();
            assert_eq!(slices, (0..n).collect::<Vec<_>>(), "dimension {d}");
        }
    }

    #[test]
    fn a_latin_hypercube_has_one_point_a_slice() {
        let mut stream = ChaCha8Rng::seed_from_u64(1);
        let points = latin_hypercube(20, 3, &mut stream);
        for d in 0..3 {
            let mut slices: Vec<usize> = points.iter().map(|p| (p[d] * 20.0) as usize).collect();
            slices.sort_unstable();
            assert_eq!(slices, (0..20).collect::<Vec<_>>());
        }
    }
}
