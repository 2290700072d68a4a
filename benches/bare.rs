//! The least that could be called a watched fleet, to measure against.
//!
//! In: how many series, how many scrapes. Out: how many values stood out. Services of eight
//! replicas with ten series each share a daily load; waiting follows utilisation as in an M/M/1
//! queue; each value is a level times log-normal noise from a hash of (series, scrape); each series
//! has an exponentially weighted mean and variance. Nothing is stored, named, lost or explained.

/// Series of a replica, and of the replicas of one service together.
const OF_REPLICA: usize = 10;
const OF_SERVICE: usize = 8 * OF_REPLICA;
/// Weight of the newest value.
const WEIGHT: f32 = 0.02;

/// Mean and variance of each series of one service.
#[derive(Clone, Copy)]
struct Watched {
    mean: [f32; OF_SERVICE],
    variance: [f32; OF_SERVICE],
}

/// Watches `series` series, rounded down to whole services, over `scrapes` scrapes.
pub(super) fn watch(series: usize, scrapes: u32) -> u64 {
    let new = Watched { mean: [1.0; OF_SERVICE], variance: [0.01; OF_SERVICE] };
    let mut services = vec![new; series / OF_SERVICE];
    let mut stood_out = 0;
    for scrape in 0..scrapes {
        let daily = 1.0 + 0.4 * (f64::from(scrape) / 5760.0 * std::f64::consts::TAU).sin() as f32;
        for (number, service) in services.iter_mut().enumerate() {
            let utilisation = 0.3 * daily * (1.0 + (number % 7) as f32 / 7.0);
            let waiting = utilisation / (1.0 - utilisation);
            stood_out += u64::from(service.take_in(number as u32, scrape, waiting));
        }
    }
    stood_out
}

impl Watched {
    fn take_in(&mut self, service: u32, scrape: u32, waiting: f32) -> u32 {
        let key = scrape.wrapping_mul(0x85EB_CA6B) ^ service.wrapping_mul(0xC2B2_AE35);
        let mut stood_out = 0;
        for (at, (mean, variance)) in self.mean.iter_mut().zip(&mut self.variance).enumerate() {
            let value = (1.0 + waiting) * noise(key, at as u32);
            let off = value - *mean;
            stood_out += u32::from(off * off > 36.0 * *variance);
            *mean += WEIGHT * off;
            *variance += WEIGHT * (off * off - *variance);
        }
        stood_out
    }
}

/// Log-normal noise, keyed by service, scrape and series: no state, no branch.
fn noise(key: u32, at: u32) -> f32 {
    let one = mixed(key ^ at.wrapping_mul(0x9E37_79B1));
    let two = mixed(one ^ 0x68E3_1DA4);
    // Box and Muller's normal number from two uniform ones.
    let z = (-2.0 * ln(one)).sqrt() * cosine(two);
    let x = 0.03 * z;
    1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0)))
}

fn mixed(mut bits: u32) -> u32 {
    bits = (bits ^ (bits >> 16)).wrapping_mul(0x7FEB_352D);
    bits = (bits ^ (bits >> 15)).wrapping_mul(0x846C_A68B);
    bits ^ (bits >> 16)
}

/// The natural logarithm of a uniform number in (0, 1), to three digits: the power of two, and a
/// parabola for what is left.
fn ln(bits: u32) -> f32 {
    let uniform = ((bits >> 9) as f32 + 0.5) * (1.0 / 8_388_608.0);
    let bits = uniform.to_bits();
    let power = (bits >> 23) as i32 - 127;
    let rest = f32::from_bits((bits & 0x007F_FFFF) | 0x3F80_0000);
    std::f32::consts::LN_2 * (power as f32 + rest * (2.024_66 - 0.344_845 * rest) - 1.674_88)
}

/// The cosine of a uniform angle, to three digits (Taylor about a quarter turn).
fn cosine(bits: u32) -> f32 {
    let turn = (bits >> 8) as f32 * (1.0 / 16_777_216.0) - 0.5;
    let angle = std::f32::consts::TAU * (turn.abs() - 0.25);
    let square = angle * angle;
    angle * (1.0 - square * (1.0 / 6.0 - square * (1.0 / 120.0 - square * (1.0 / 5040.0))))
}
