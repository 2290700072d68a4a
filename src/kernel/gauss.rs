//! Standard normal numbers from 64 random bits, for measurements by the hundred thousand.
//!
//! In: bits of a counter (`Lane::bits`). Out: a normal number that depends on them only. The
//! ziggurat method (Marsaglia and Tsang, "The ziggurat method for generating random variables",
//! J. Stat. Software 5(8), 2000) with 256 layers; layer and place in it come from different bits,
//! as Doornik ("An improved ziggurat method ...", 2005) asks. 99 draws in 100 cost a product and a
//! comparison; the law is exact. What a rejected draw needs further is hashed from the bits.

use std::sync::LazyLock;

use super::streams::{mix, uniform};

const LAYERS: usize = 256;
/// Where the tail begins with 256 layers (Marsaglia and Tsang, 2000).
const TAIL: f64 = 3.654_152_885_361_009;
/// Area of a layer: `TAIL * density(TAIL)` and the tail beyond, for the density `exp(-x^2 / 2)`.
const AREA: f64 = 0.004_928_673_233_974_658;
/// Up to here `exp` is a short series.
const NEAR: f64 = 0.25;

/// The layers: right edges `x`, falling, and the density there.
#[derive(Debug)]
pub struct Gauss {
    x: [f64; LAYERS + 1],
    y: [f64; LAYERS + 1],
}

static GAUSS: LazyLock<Gauss> = LazyLock::new(Gauss::layers);

fn density(x: f64) -> f64 {
    (-0.5 * x * x).exp()
}

impl Gauss {
    /// The one table there is.
    #[must_use]
    pub fn table() -> &'static Self {
        &GAUSS
    }

    fn layers() -> Self {
        let mut x = [0.0; LAYERS + 1];
        (x[0], x[1]) = (AREA / density(TAIL), TAIL);
        for layer in 2..LAYERS {
            let above = AREA / x[layer - 1] + density(x[layer - 1]);
            x[layer] = (-2.0 * above.ln()).sqrt();
        }
        Self { x, y: x.map(density) }
    }

    /// The standard normal number of these bits.
    #[must_use]
    #[inline]
    pub fn normal(&self, bits: u64) -> f64 {
        let layer = (bits & 0xff) as usize;
        let x = signed(bits) * self.x[layer];
        if x.abs() < self.x[layer + 1] { x } else { self.at_the_edge(layer, x, bits) }
    }

    /// A factor of lognormal noise: `exp(sigma * z)`.
    #[must_use]
    #[inline]
    pub fn factor(&self, sigma: f64, bits: u64) -> f64 {
        exp(sigma * self.normal(bits))
    }

    /// Four of them at once, digit by digit the same: their series go side by side.
    #[must_use]
    #[inline]
    pub fn factors(&self, sigmas: [f64; 4], bits: [u64; 4]) -> [f64; 4] {
        let x = |i: usize| sigmas[i] * self.normal(bits[i]);
        let (a, b, c, d) = (x(0), x(1), x(2), x(3));
        if a.abs().max(b.abs()).max(c.abs().max(d.abs())) > NEAR {
            return [exp(a), exp(b), exp(c), exp(d)];
        }
        [series(a), series(b), series(c), series(d)]
    }

    /// A draw beyond the next layer's edge: under the density or not, or in the tail.
    #[cold]
    fn at_the_edge(&self, mut layer: usize, mut x: f64, mut bits: u64) -> f64 {
        let mut next = move || {
            bits = mix(bits);
            bits
        };
        loop {
            if layer == 0 {
                loop {
                    let beyond = -uniform(next()).ln() / TAIL;
                    if -2.0 * uniform(next()).ln() > beyond * beyond {
                        return (TAIL + beyond).copysign(x);
                    }
                }
            }
            let (low, high) = (self.y[layer], self.y[layer + 1]);
            if low + (high - low) * uniform(next()) < density(x) {
                return x;
            }
            let again = next();
            layer = (again & 0xff) as usize;
            x = signed(again) * self.x[layer];
            if x.abs() < self.x[layer + 1] {
                return x;
            }
        }
    }
}

/// 53 bits as a number in -1..1.
#[inline]
fn signed(bits: u64) -> f64 {
    ((bits as i64) >> 11) as f64 / (1u64 << 52) as f64
}

/// `e` to the power of `x`: near 0 by its series up to the seventh power, which is off by less than
/// 6e-10 of the result; else as the library has it.
#[inline]
fn exp(x: f64) -> f64 {
    if x.abs() > NEAR { x.exp() } else { series(x) }
}

#[inline]
fn series(x: f64) -> f64 {
    let high = 1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x / 5040.0));
    let square = x * x;
    1.0 + x + square * (0.5 + x / 6.0) + square * square * high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Streams;

    #[test]
    fn layers_have_equal_areas_and_reach_the_top() {
        let gauss = Gauss::table();
        let tail = statrs::function::erf::erfc(TAIL / std::f64::consts::SQRT_2)
            * (std::f64::consts::PI / 2.0).sqrt();
        assert!((TAIL * density(TAIL) + tail - AREA).abs() < 1e-13);
        assert!(gauss.x.windows(2).all(|pair| pair[0] > pair[1]));
        let top = gauss.x[LAYERS - 1] * (1.0 - density(gauss.x[LAYERS - 1]));
        assert!((top - AREA).abs() < 1e-9, "{top}");
    }

    #[test]
    fn draws_follow_the_normal_law_from_the_centre_to_the_tails() {
        let (lane, n) = (Streams::new(3).lane(0), 2_000_000_u32);
        let draws: Vec<f64> =
            (0..n).map(|i| Gauss::table().normal(lane.bits(u64::from(i)))).collect();
        for limit in [-4.0, -3.6, -3.0, -2.0, -1.0, -0.3, 0.0, 0.1, 0.5, 1.5, 2.5, 3.3, 3.7, 4.2] {
            let share = draws.iter().filter(|z| **z > limit).count() as f64 / f64::from(n);
            let law = 0.5 * statrs::function::erf::erfc(limit / std::f64::consts::SQRT_2);
            let error = (law * (1.0 - law) / f64::from(n)).sqrt();
            assert!((share - law).abs() < 4.0 * error + 1e-6, "{limit}: {share} and {law}");
        }
        let moment = |k: i32| draws.iter().map(|z| z.powi(k)).sum::<f64>() / f64::from(n);
        let found = [1, 2, 3, 4].map(moment);
        for (moment, (expected, room)) in
            found.iter().zip([(0.0, 0.003), (1.0, 0.005), (0.0, 0.01), (3.0, 0.03)])
        {
            assert!((moment - expected).abs() < room, "{found:?}");
        }
    }

    #[test]
    fn four_factors_at_once_are_the_same_as_one_by_one() {
        let (gauss, lane) = (Gauss::table(), Streams::new(4).lane(0));
        for n in 0..20_000 {
            let bits = [4 * n, 4 * n + 1, 4 * n + 2, 4 * n + 3].map(|n| lane.bits(n));
            let sigmas = [0.02, 0.01, 0.1, 0.0];
            let one_by_one: [f64; 4] = std::array::from_fn(|i| gauss.factor(sigmas[i], bits[i]));
            assert_eq!(gauss.factors(sigmas, bits), one_by_one);
        }
    }

    #[test]
    fn the_short_exponential_is_as_near_as_it_says() {
        for step in -400..=400 {
            let x = f64::from(step) * 1e-3;
            assert!((exp(x) / x.exp() - 1.0).abs() < 6e-10, "{x}");
        }
    }
}
