//! How many requests users send: daily and weekly shape, growth, noise, flash crowds.
//!
//! In: an instant. Out: requests per second. The day is a cosine, a weekend a factor; the noise is
//! smooth from minute to minute and depends on (seed, time) only; a flash crowd swells in a line,
//! stays, and halves again and again. A closed workload slows down with the answers. Known limit:
//! no bursts within a second beyond what the queueing formulas assume (Poisson arrivals).

use crate::kernel::Streams;
use crate::unit::{SimDuration, SimTime};

use super::spec::{FlashCrowdSpec, LoadSpec};

const DAY: i64 = 86_400_000_000_000;
const WEEK_S: f64 = 7.0 * 86_400.0;

/// Requests per second at `now`, before surges; the scenario began at `start`.
#[must_use]
pub fn request_rate(load: &LoadSpec, noise: Streams, start: SimTime, now: SimTime) -> f64 {
    let angle = (now.hour_of_day() - load.peak_hour) / 24.0 * std::f64::consts::TAU;
    let shape = 1.0 + load.daily_amplitude.get() * angle.cos();
    let wobble = 1.0 + load.noise_cv * smooth_noise(noise, now);
    let weeks = now.since(start).secs_f64() / WEEK_S;
    let mut rate = load.rate * shape * wobble.max(0.0);
    if is_weekend(now) {
        rate *= load.weekend_factor;
    }
    if load.growth_per_week != 0.0 {
        rate *= (1.0 + load.growth_per_week).powf(weeks);
    }
    load.flash_crowds.iter().fold(rate, |rate, crowd| rate * swell(crowd, now.since(start)))
}

/// Requests per second of users who think, ask and wait `wait` seconds; `rate` if they never wait.
#[must_use]
pub fn closed_rate(rate: f64, think: SimDuration, wait: f64) -> f64 {
    let think = think.secs_f64().max(1e-3);
    rate * think / (think + wait)
}

/// 1970-01-01 was a Thursday.
fn is_weekend(now: SimTime) -> bool {
    matches!((now.nanos().div_euclid(DAY) + 4).rem_euclid(7), 0 | 6)
}

/// The rate with the crowd / without it.
fn swell(crowd: &FlashCrowdSpec, since_start: SimDuration) -> f64 {
    let since = (since_start - crowd.at).secs_f64();
    let (ramp, lasts) = (crowd.ramp.secs_f64(), crowd.lasts.secs_f64());
    let height = if since < 0.0 {
        0.0
    } else if since < ramp {
        since / ramp
    } else if since < ramp + lasts {
        1.0
    } else {
        (0.5_f64).powf((since - ramp - lasts) / crowd.half_life.secs_f64())
    };
    1.0 + (crowd.factor - 1.0) * height
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
        let at = |text: &str| {
            request_rate(&load, Streams::new(1), SimTime::default(), text.parse().unwrap())
        };
        assert!((at("2026-01-06T14:00:00Z") - 150.0).abs() < 1e-9);
        assert!((at("2026-01-06T02:00:00Z") - 50.0).abs() < 1e-9);
    }

    #[test]
    fn weekends_growth_and_crowds_change_the_rate() {
        let load: LoadSpec = serde_json::from_str(
            r#"{"rate":100,"daily_amplitude":0,"noise_cv":0,"weekend_factor":0.5,
                "growth_per_week":1,
                "flash_crowds":[{"at":"1h","factor":3,"ramp":"10m","half_life":"5m"}]}"#,
        )
        .unwrap();
        let start: SimTime = "2026-01-06T00:00:00Z".parse().unwrap();
        let at = |text: &str| {
            let rate = request_rate(&load, Streams::new(1), start, text.parse().unwrap());
            let weeks = text.parse::<SimTime>().unwrap().since(start).secs_f64() / WEEK_S;
            rate / 2f64.powf(weeks)
        };
        for (text, rate) in [
            ("2026-01-06T00:59:00Z", 100.0),
            ("2026-01-06T01:05:00Z", 200.0),
            ("2026-01-06T01:15:00Z", 300.0),
            ("2026-01-06T01:25:00Z", 200.0),
            ("2026-01-10T12:00:00Z", 50.0),
            ("2026-01-11T12:00:00Z", 50.0),
            ("2026-01-12T12:00:00Z", 100.0),
        ] {
            assert!((at(text) / rate - 1.0).abs() < 1e-6, "{text}: {}", at(text));
        }
        assert_eq!(closed_rate(100.0, SimDuration::from_secs(5), 5.0), 50.0);
    }
}
