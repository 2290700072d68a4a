//! How large a deviation must be before anybody should care, by what the metric tells.
//!
//! In: a series' role and unit and its normal level. Out: the smallest effect worth an alarm, in
//! the series' unit, which ways are bad, and whether it is tracked statistically at all.
//! Statistical significance alone alarms on nothing-at-all in steady series; these floors are
//! engineering judgement, stated in one place. Known limit: unknown units fall back to shares of
//! the level.

use super::baseline::Bracket;
use crate::model::{Direction, Role, SeriesMeta};

/// What matters of one series, worked out once: nothing of its text is read per sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    smallest: Smallest,
    /// Bars are this much higher for signals that are context rather than trouble, and for tail
    /// statistics, which few requests decide.
    pub bar: f64,
    /// Which way is bad; replicas that come are no trouble, replicas that go may be.
    pub direction: Direction,
    /// Whether a deviation from the past means anything, see `has_baseline`.
    pub has_baseline: bool,
}

/// The larger of `least` and `share` of the level and `plus`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Smallest {
    share: f64,
    plus: f64,
    least: f64,
    /// A share of an undeclared whole: 1, or 100 from levels that are no share of 1 on.
    undeclared: bool,
}

impl Effect {
    /// What matters of a series.
    #[must_use]
    pub fn of(meta: &SeriesMeta) -> Self {
        let direction =
            if meta.role == Role::Replicas { Direction::Down } else { meta.direction() };
        let smallest = Smallest::of(meta);
        Self { smallest, bar: bar(meta), direction, has_baseline: has_baseline(meta.role) }
    }

    /// Smallest deviation from `level` worth an alarm, in the series' unit; 0 if nothing is known.
    #[inline]
    #[must_use]
    pub fn smallest(&self, level: f64) -> f64 {
        let (level, Smallest { share, plus, least, undeclared }) = (level.abs(), self.smallest);
        if undeclared && level > 1.5 {
            return 100.0 * least;
        }
        (share * level + plus).max(least)
    }

    /// The least that `smallest` says of any level in a bracket.
    #[inline]
    #[must_use]
    pub fn smallest_within(&self, Bracket { low, high }: Bracket) -> f64 {
        let nearest = if low <= 0.0 && high >= 0.0 { 0.0 } else { low.abs().min(high.abs()) };
        self.smallest(f64::from(nearest))
    }

    /// Whether a move that way is bad.
    #[inline]
    #[must_use]
    pub fn is_bad(&self, direction: Direction) -> bool {
        self.direction == Direction::Both || self.direction == direction
    }
}

impl Smallest {
    fn of(meta: &SeriesMeta) -> Self {
        let whole = match meta.unit.as_str() {
            "1" => Some(1.0),
            "%" => Some(100.0),
            _ => None,
        };
        let line = |share, plus, least| Self { share, plus, least, undeclared: false };
        match (meta.role, whole) {
            (Role::Errors, Some(whole)) => line(0.0, 0.0, 0.01 * whole),
            (Role::Errors, None) => line(0.5, 0.0, 0.01),
            (Role::Availability, whole) => Self {
                undeclared: meta.unit.is_empty(),
                ..line(0.0, 0.0, 0.01 * whole.unwrap_or(1.0))
            },
            (Role::Latency, _) => line(0.3, latency_floor(&meta.unit), 0.0),
            (Role::Cpu, Some(whole)) => line(0.3, 0.0, 0.12 * whole),
            (Role::Memory, Some(whole)) => line(0.2, 0.0, 0.08 * whole),
            (Role::Saturation, Some(whole)) => line(0.5, 0.0, 0.1 * whole),
            (Role::Memory, None) => line(0.25, 0.0, 0.0),
            (Role::Saturation, None) => line(1.0, 0.0, 4.0),
            (Role::Cpu, None) => line(0.6, 0.0, processor_floor(&meta.unit)),
            (Role::Traffic, None) => line(0.6, 0.0, 0.0),
            (Role::Replicas, _) => line(0.25, 0.0, 0.9),
            (Role::Disk | Role::Network, _) => line(1.0, 0.0, 0.0),
            (Role::Traffic | Role::Other, _) => line(0.4, 0.0, 0.0),
            (Role::Restarts | Role::Expiry | Role::Drift, _) => line(0.0, 0.0, f64::INFINITY),
        }
    }
}

fn bar(meta: &SeriesMeta) -> f64 {
    match (meta.role, meta.stat()) {
        (Role::Traffic, _) => 1.5,
        (Role::Disk | Role::Network, _) => 2.0,
        (Role::Other, _) => 1.3,
        (Role::Latency, Some("p99" | "p999" | "max" | "Maximum")) => 1.5,
        (Role::Latency, Some("p95")) => 1.25,
        _ => 1.0,
    }
}

/// Whether a deviation from the past means anything; totals and deadlines are matched as events.
#[must_use]
pub const fn has_baseline(role: Role) -> bool {
    !matches!(role, Role::Restarts | Role::Expiry | Role::Drift)
}

/// A twentieth of a processor is nobody's trouble, however idle the process was before.
fn processor_floor(unit: &str) -> f64 {
    match unit {
        "{cpu}" | "cores" => 0.05,
        "m" | "m{cpu}" => 50.0,
        _ => 0.0,
    }
}

fn latency_floor(unit: &str) -> f64 {
    match unit {
        "s" => 0.002,
        "ms" => 2.0,
        "us" => 2e3,
        "ns" => 2e6,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::names;
    use crate::unit::EntityId;

    #[test]
    fn effects_follow_role_and_unit() {
        for (metric, unit, level, expected) in [
            (names::ERROR_RATIO, "1", 0.0, 0.01),
            (names::DURATION, "s", 0.1, 0.032),
            (names::DURATION, "ms", 100.0, 32.0),
            ("availability", "%", 100.0, 1.0),
            ("availability", "", 100.0, 1.0),
            (names::CPU_UTILIZATION, "1", 0.2, 0.12),
            ("container.cpu.usage", "{cpu}", 0.002, 0.05),
            ("container.cpu.usage", "{cpu}", 0.5, 0.3),
            (names::MEMORY_WORKING_SET, "By", 1e9, 2.5e8),
            (names::QUEUE_LENGTH, "{request}", 0.0, 4.0),
        ] {
            let meta = SeriesMeta::gauge(EntityId(0), metric, unit);
            assert!((Effect::of(&meta).smallest(level) - expected).abs() < 1e-9, "{metric} {unit}");
        }
    }
}
