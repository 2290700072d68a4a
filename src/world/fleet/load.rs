//! How many requests users send: daily shape, noise, surges.
//!
//! In: an instant. Out: requests per second. The shape is a cosine over the day; the noise is
//! smooth from minute to minute and depends on (seed, time) only. Known limit: no weekly shape,
//! no bursts within a second beyond what the queueing formulas assume (Poisson arrivals).

use crate::kernel::Streams;
use crate::unit::SimTime;

use super::spec::LoadSpec;

/// Requests per second at `now`, before surges.
#[must_use]
pub fn request_rate(load: &LoadSpec, noise: Streams, now: SimTime) -> f64 {
    let angle = (now.hour_of_day() - load.peak_hour) / 24.0 * std::f64::consts::TAU;
    let shape = 1.0 + load.daily_amplitude.get() * angle.cos();
    let wobble = 1.0 + load.noise_cv * smooth_noise(noise, now);
    load.rate * shape * wobble.max(0.0)
}

/// Normal numbers at whole minutes, joined by lines.
fn smooth_noise(noise: Streams, now: SimTime) -> f64 {
    const MINUTE: i64 = 60_000_000_000;
    let minute = now.nanos().div_euclid(MINUTE);
    let part = now.nanos().rem_euclid(MINUTE) as f64 / MINUTE as f64;
    let at = |m: i64| noise.normal(0, m.unsigned_abs());
    at(minute) * (1.0 - part) + at(minute + 1) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_a_peak_and_a_trough() {
        let load: LoadSpec =
            serde_json::from_str(r#"{"rate":100,"daily_amplitude":0.5,"noise_cv":0}"#).unwrap();
        let at = |text: &str| request_rate(&load, Streams::new(1), text.parse().unwrap());
        assert!((at("2026-01-06T14:00:00Z") - 150.0).abs() < 1e-9);
        assert!((at("2026-01-06T02:00:00Z") - 50.0).abs() < 1e-9);
    }
}
