//! One random stream per named entity, derived from (seed, name).
//!
//! The key of a stream is BLAKE3 in keyed-derivation mode over the seed and the name; the stream
//! is ChaCha8, a specified generator, so that the same name gives the same draws on every machine
//! and in every version. One more draw or one more entity here shifts nothing there.
//!
//! `noise` is counter-based: the value depends on (seed, series, tick) only, so a whole frame can
//! be filled in any order and by any number of threads. It is SplitMix64's finaliser (Steele, Lea,
//! Flood, "Fast splittable pseudorandom number generators", 2014) over the mixed counters.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A pinned random generator.
pub type Stream = ChaCha8Rng;

/// Gives out streams for one seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// Streams of `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream named `name`, e.g. `"fleet/cart/replica-3/memory"`, from its beginning.
    #[must_use]
    pub fn stream(self, name: &str) -> Stream {
        ChaCha8Rng::from_seed(self.key(name))
    }

    /// A seed derived for a part that has streams of its own.
    #[must_use]
    pub fn child(self, name: &str) -> Self {
        let key = self.key(name);
        Self { seed: u64::from_le_bytes(key[..8].try_into().expect("eight bytes")) }
    }

    /// A uniform number in 0..1 (never 0 or 1) that depends on the seed and the two counters only.
    #[must_use]
    pub fn uniform(self, lane: u64, tick: u64) -> f64 {
        self.lane(lane).uniform(tick)
    }

    /// One of the counters of `uniform`, for whoever draws from it again and again.
    #[must_use]
    pub fn lane(self, lane: u64) -> Lane {
        Lane(mix(self.seed ^ lane.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// A standard normal number that depends on the seed and the two counters only: the normal
    /// quantile of `uniform`, so that one hash makes one number.
    #[must_use]
    pub fn normal(self, lane: u64, tick: u64) -> f64 {
        normal_quantile(self.uniform(lane, tick))
    }

    fn key(self, name: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("windtunnel 2026 random stream v1");
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(name.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

/// Counter noise of one seed and lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lane(u64);

impl Lane {
    /// 64 bits that depend on the seed, the lane and the tick only.
    #[must_use]
    #[inline]
    pub fn bits(self, tick: u64) -> u64 {
        mix(self.0 ^ tick)
    }

    /// A uniform number in 0..1 (never 0 or 1).
    #[must_use]
    #[inline]
    pub fn uniform(self, tick: u64) -> f64 {
        uniform(self.bits(tick))
    }

    /// As `bits`, for many lanes at one tick: other bits, and half the work. The halves of one long
    /// product are folded (the step of Wang Yi's wyhash, as in his `wyhash64`).
    #[must_use]
    #[inline]
    pub fn bits_at(self, tick: Tick) -> u64 {
        let left = u128::from(self.0 ^ tick.left);
        let product = left * u128::from(self.0.rotate_left(32) ^ tick.right);
        (product >> 64) as u64 ^ product as u64
    }
}

/// One tick of many lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    left: u64,
    right: u64,
}

impl Tick {
    /// The tick of this number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let left = mix(number);
        Self { left, right: mix(left) }
    }
}

/// Bits as a number in 0..1, never 0 or 1.
#[must_use]
#[inline]
pub fn uniform(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

#[inline]
pub(super) fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The standard normal quantile at `p` in 0..1 (exclusive), exact to about 16 digits: algorithm
/// AS 241 (Wichura, "The percentage points of the normal distribution", Applied Statistics 37,
/// 1988). Seven draws in eight need neither a logarithm nor a root.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE.0, &CENTRE.1, r);
    }
    let r = (-p.min(1.0 - p).ln()).sqrt();
    let (near, far) = (r - 1.6, r - 5.0);
    let z = if r <= 5.0 { ratio(&FLANK.0, &FLANK.1, near) } else { ratio(&TAIL.0, &TAIL.1, far) };
    if q < 0.0 { -z } else { z }
}

/// A ratio of polynomials; coefficients by rising power.
fn ratio(above: &[f64; 8], below: &[f64; 8], x: f64) -> f64 {
    let sum = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    sum(above) / sum(below)
}

type Rational = ([f64; 8], [f64; 8]);

#[expect(clippy::excessive_precision, reason = "digits as published")]
const CENTRE: Rational = (
    [
        3.387_132_872_796_366_608,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_082_9e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561e3,
    ],
);
#[expect(clippy::excessive_precision, reason = "digits as published")]
const FLANK: Rational = (
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_7e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_4e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        6.897_673_349_851_000_045_5e-1,
        1.481_039_764_274_800_745_9e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
);
#[expect(clippy::excessive_precision, reason = "digits as published")]
const TAIL: Rational = (
    [
        6.657_904_643_501_103_777_2,
        5.463_784_911_164_114_369_9,
        1.784_826_539_917_291_335_8,
        2.965_605_718_285_048_912_3e-1,
        2.653_218_952_657_612_309_3e-2,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_9e-1,
        1.369_298_809_227_358_053_1e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
);

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn streams_are_pinned_and_independent_of_each_other() {
        let streams = Streams::new(7);
        let first = streams.stream("fleet/cart").next_u64();
        let mut other = streams.stream("fleet/web");
        other.next_u64();
        assert_eq!(first, streams.stream("fleet/cart").next_u64());
        assert_ne!(first, streams.stream("fleet/web").next_u64());
        assert_ne!(first, Streams::new(8).stream("fleet/cart").next_u64());
        insta::assert_snapshot!(first.to_string(), @"15726689616574740906");
    }

    #[test]
    fn normal_quantiles_meet_the_law_from_the_centre_to_the_tails() {
        use statrs::function::erf::erfc;
        for p in [1e-18, 1e-12, 1e-5, 0.01, 0.074, 0.076, 0.3, 0.5, 0.7, 0.925, 0.999, 1.0 - 1e-9] {
            let z = normal_quantile(p);
            let back = 0.5 * erfc(-z / std::f64::consts::SQRT_2);
            assert!((back / p - 1.0).abs() < 1e-6, "{p}: {z} {back}");
        }
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-14);
    }

    #[test]
    fn counter_noise_has_the_moments_of_a_standard_normal() {
        let streams = Streams::new(1);
        let n = 200_000u64;
        let draws = (0..n).map(|i| streams.normal(i % 10, i / 10));
        let (sum, squares) = draws.fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
        let (mean, variance) = (sum / n as f64, squares / n as f64);
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn lanes_and_ticks_know_nothing_of_each_other() {
        let streams = Streams::new(5);
        let (lanes, ticks) = (300_u64, 300_u64);
        let draw =
            |lane: u64, tick: u64| uniform(streams.lane(lane).bits_at(Tick::new(tick))) - 0.5;
        let all = || (0..lanes).flat_map(|lane| (0..ticks).map(move |tick| (lane, tick)));
        let n = (lanes * ticks) as f64;
        // A uniform number less its mean has the variance 1/12; a product of two, a 144th.
        let mean = all().map(|(lane, tick)| draw(lane, tick)).sum::<f64>() / n;
        assert!(mean.abs() < 4.0 / (12.0 * n).sqrt(), "{mean}");
        for (lanes_on, ticks_on) in [(0, 1), (1, 0), (1, 1), (7, 0), (0, 60), (0, 240)] {
            let pair = |(l, t)| draw(l, t) * draw(l + lanes_on, t + ticks_on);
            let together = all().map(pair).sum::<f64>() / n;
            assert!(together.abs() < 4.0 / (144.0 * n).sqrt(), "{lanes_on} {ticks_on} {together}");
        }
        for bit in 0..64 {
            let set = all().filter(|(lane, tick)| {
                streams.lane(*lane).bits_at(Tick::new(*tick)) >> bit & 1 == 1
            });
            let share = set.count() as f64 / n;
            assert!((share - 0.5).abs() < 4.0 * 0.5 / n.sqrt(), "bit {bit}: {share}");
        }
    }
}
