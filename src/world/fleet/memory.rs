//! What memory pressure costs: garbage collection.
//!
//! In: memory in use / limit, runtime. Out: share of time lost and the length of a pause, seconds.
//! A tracing collector's work per allocated byte grows as live / (limit - live) (Jones, Hosking,
//! Moss, "The Garbage Collection Handbook", 2011, ch. 10.2), so the share of time is hyperbolic
//! near the limit. Known limit: two constants per runtime, of the right order, not measured.

use super::spec::Runtime;

/// What collecting costs at some memory pressure.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Collection {
    /// Share of time in which no request makes progress, 0..1.
    pub share: f64,
    /// Length of one pause, seconds.
    pub pause: f64,
}

/// Cost of collecting per allocated byte at half-full memory; pause per MiB of live memory.
fn constants(runtime: Runtime) -> (f64, f64) {
    match runtime {
        Runtime::Java => (0.02, 0.001),
        Runtime::Go => (0.01, 0.000_02),
        Runtime::Python | Runtime::Nginx => (0.0, 0.0),
    }
}

/// The cost when `used_mib` of `limit_mib` are in use.
#[must_use]
pub(super) fn collection(runtime: Runtime, used_mib: f64, limit_mib: f64) -> Collection {
    let (cost, pause_per_mib) = constants(runtime);
    let pressure = (used_mib / limit_mib).clamp(0.0, 0.995);
    let work = cost * pressure / (1.0 - pressure);
    let full = ((pressure - 0.7) / 0.3).max(0.0);
    Collection { share: work / (1.0 + work), pause: 0.005 + used_mib * pause_per_mib * full }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_costs_little_until_the_end() {
        let share = |used: f64| collection(Runtime::Java, used, 1000.0).share;
        assert!(share(400.0) < 0.02, "{}", share(400.0));
        assert!(share(900.0) > 0.1 && share(980.0) > 0.4);
        assert!((1..100).all(|i| share(f64::from(i) * 10.0) >= share(f64::from(i - 1) * 10.0)));
        assert_eq!(collection(Runtime::Python, 990.0, 1000.0).share, 0.0);
    }
}
